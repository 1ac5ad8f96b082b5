"""How each known search engine is told to answer in its strictest way (D18): `safe_search.csv` says.

Each row: `domains` with all names below them, or with `=` in front that name alone; where `endings_of` names
an engine of `search_engines.csv`, each domain has one of that engine's endings behind it. `parameters` and
`fields` are written into every request, once (`-name`: taken out); a cookie is written (`name=value`), taken
out (`name`), or a part of it is (`name/part`). Several rows may be about one host: all of them count.

Engines that know no such word (Baidu, Sogou, 360, Naver) are not here: a school blocks them, or trusts them.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

ALONE = "="
OUT = "-"


@dataclass(frozen=True, slots=True)
class Strictest:
    """What one row wants of a request. A value of None: it is taken out."""

    engine: str
    parameters: tuple[tuple[str, str | None], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    cookies: tuple[tuple[str, str | None], ...] = ()


@dataclass(slots=True)
class Engines:
    """By host: those about a name and all below it, and those about that name alone."""

    below: dict[str, tuple[Strictest, ...]] = field(default_factory=dict)
    alone: dict[str, tuple[Strictest, ...]] = field(default_factory=dict)

    def find(self, host: str) -> tuple[Strictest, ...]:
        """Of a canonical host; nearly always nothing, and then cheap."""
        found = self.alone.get(host, ())
        while host:
            found += self.below.get(host, ())
            host = host.partition(".")[2]
        return found


@cache
def engines() -> Engines:
    """Read once, when it is first asked for."""
    endings = {row["engine"]: row["endings"].split() for row in reversed(list(_rows("search_engines.csv")))}
    found = Engines()
    for row in _rows("safe_search.csv"):
        strictest = Strictest(
            row["engine"],
            tuple(_pair(text) for text in row["parameters"].split()),
            _fields(row["fields"]),
            tuple(_cookie(text) for text in row["cookies"].split()),
        )
        for host in _hosts(row, endings):
            table = found.alone if host.startswith(ALONE) else found.below
            name = host.removeprefix(ALONE)
            table[name] = (*table.get(name, ()), strictest)
    return found


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (resources.files("filter_lists") / name).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def _hosts(row: Mapping[str, str], endings: Mapping[str, Iterable[str]]) -> Iterator[str]:
    of = row["endings_of"]
    for domain in row["domains"].split():
        yield from (f"{domain}.{ending}" for ending in endings[of]) if of else (domain,)


def _pair(text: str) -> tuple[str, str | None]:
    if text.startswith(OUT):
        return text.removeprefix(OUT), None
    name, _, value = text.partition("=")
    return name, value


def _cookie(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return name, value if equals else None


def _fields(text: str) -> tuple[tuple[str, str], ...]:
    name, _, value = text.partition(": ")
    return ((name, value),) if name else ()
