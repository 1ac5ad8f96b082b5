"""Sites that show other sites inside their own: translators, caches, archives, picture proxies, readers.

`carriers.csv` says where each has the address of what it shows. Of each row:

`domains`       with all names below them; `google.*` is google with whatever ending;
                `*-browse.site` is `eu-browse.site` and its like
`at`            the paths at which the parameters count; `*` is any
`parameters`    what each holds must be an address that can be read, or the request is blocked
`perhaps`       counts where it holds an address; words and numbers in it are let be
`inside`        paths that hold the address: `{}` is the address, `{http}` one with its scheme, `*` one part,
                `**` one or more, `#` a time; the first that fits counts
`unreadable`    paths that stand for an address which only the carrier knows
`how`           `dash`: the name below the domain is the host, `-` for a dot and `--` for a dash;
                `perhaps-dash`: where it reads so; `cache`: words that begin with `cache:`;
                `query`: an address without a parameter's name; `lenient`: a path that holds none is its own
"""

import csv
import re
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

ANY = "*"
_PIECES = {
    "{}": r"(.+)",
    "{http}": r"(https?(?::|%3a).+)",
    "**": r"[^/]+(?:/+[^/]+)*?",
    "*": r"[^/]+",
    "?": r"[A-Za-z0-9]",
}
_TIME = r"(?:\d[\d.:-]*(?:[a-z]{2}_)*\*?|\*|%2a)"
_TOKEN = re.compile(r"\{\}|\{http\}|\*\*|[*?#/]")


class Way(NamedTuple):
    """How one carrier has the address of what it carries."""

    domain: str
    at: frozenset[str]
    parameters: frozenset[str]
    perhaps: frozenset[str]
    inside: tuple[re.Pattern[str], ...]
    unreadable: tuple[re.Pattern[str], ...]
    how: frozenset[str]

    def counts_at(self, paths: tuple[str, ...]) -> bool:
        return ANY in self.at or not self.at.isdisjoint(path or "/" for path in paths)


@lru_cache(maxsize=16384)
def known_ways(host: str) -> tuple[Way, ...]:
    """Of a canonical host; nothing where it is no known carrier."""
    known = _ways()
    found: list[Way] = []
    labels = host.split(".")
    for start in range(len(labels)):
        domain = ".".join(labels[start:])
        found += known.get(domain, ())
        found += [way._replace(domain=domain) for way in known.get(_ending(domain), ())]
        for kept in (1, 2):  # an ending has one part, or two as in co.uk
            stem = ".".join(labels[start : len(labels) - kept])
            found += [way._replace(domain=domain) for way in known.get(f"{stem}.*", ())]
    return tuple(found)


def _ending(domain: str) -> str:
    """`eu-browse.site` is one of `*-browse.site`."""
    name, _, rest = domain.partition(".")
    return f"*-{name.rpartition('-')[2]}.{rest}" if "-" in name else ""


@cache
def _ways() -> dict[str, list[Way]]:
    """By domain; read once, when it is first asked for."""
    found: dict[str, list[Way]] = {}
    table = resources.files("filter_lists") / "carriers.csv"
    with table.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for domain in row["domains"].split():
                found.setdefault(domain, []).append(_way(domain, row))
    return found


def _way(domain: str, row: dict[str, str]) -> Way:
    return Way(
        domain,
        frozenset(row["at"].split()),
        frozenset(row["parameters"].split()),
        frozenset(row["perhaps"].split()),
        tuple(pattern(each) for each in row["inside"].split()),
        tuple(pattern(each) for each in row["unreadable"].split()),
        frozenset(row["how"].split()),
    )


def pattern(text: str) -> re.Pattern[str]:
    """What a path is matched with, whatever its case and however many slashes are between its parts."""
    parts, end = [], 0
    for token in _TOKEN.finditer(text):
        parts.append(re.escape(text[end : token.start()]))
        parts.append("/+" if token[0] == "/" else _TIME if token[0] == "#" else _PIECES[token[0]])
        end = token.end()
    return re.compile("".join([*parts, re.escape(text[end:])]) + "/*", re.IGNORECASE | re.DOTALL)
