"""What was searched for, read from the address of a search (D17, M2): `search_engines.csv` says where it is.

Each row of that table: `domains` of an engine, with all names below them; where `endings` are given, each
domain has one of them behind it (`google` + `co.uk`). `paths` are those of a search: `*` is any, and one that
ends in `{}` has the words in the path itself. `parameters`: the first that is not empty counts.

Where nobody may know what was searched for, `without_terms` takes it out of the address.
"""

import csv
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from urllib.parse import unquote_to_bytes

from filter_lists.names import Url

LONGEST = 200  # characters
LONGEST_RAW = LONGEST * 12  # each character may be four bytes, and each byte three characters
ANY = "*"
WORDS = "{}"


@dataclass(slots=True)
class Engine:
    """Where one domain has what is searched for: parameters by path, and paths that hold it themselves."""

    parameters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stems: list[str] = field(default_factory=list)  # what stands before the words; the longest first
    names: set[str] = field(default_factory=set)  # of all parameters, whatever the path


def search_terms(url: Url) -> str | None:
    """In lower case, with single blanks; None where nothing was searched for."""
    engine = _engine(url.host)
    if engine is None:
        return None
    raw = _in_query(url, engine) or _in_path(url.path, engine)
    return tidy(_decoded(raw)) or None


def without_terms(url: Url) -> Url:
    """The address of a search as far as it says nothing of what was searched for. Suggestions are asked for
    with the same words under other paths: there, too, a query that has them goes."""
    engine = _engine(url.host)
    if engine is None:
        return url
    stem = _stem(url.path, engine)
    if stem is not None:
        return url._replace(path=stem, query="")
    named = (unquote_to_bytes(pair.partition("=")[0]) for pair in url.query.split("&"))
    if _parameters(url.path, engine) or any(name.decode("latin-1") in engine.names for name in named):
        return url._replace(query="")
    return url


def parameters_at(url: Url) -> frozenset[str]:
    """The names of those that hold what is searched for here, where this is a known engine."""
    engine = _engine(url.host)
    return frozenset(engine.names) if engine is not None else frozenset()


def is_search(url: Url) -> bool:
    """Whether a known engine searches here."""
    engine = _engine(url.host)
    return engine is not None and _parameters(url.path, engine) is not None


def words_in_path(url: Url) -> str:
    """As they stand, of an engine that has them there."""
    engine = _engine(url.host)
    return _in_path(url.path, engine) if engine is not None else ""


@lru_cache(maxsize=16384)
def _engine(host: str) -> Engine | None:
    known = engines()
    while host not in known:
        _, dot, host = host.partition(".")
        if not dot:
            return None
    return known[host]


def _in_query(url: Url, engine: Engine) -> str:
    names = _parameters(url.path, engine)
    if not names or not url.query:
        return ""
    found: dict[str, str] = {}
    for pair in url.query.split("&"):
        name, _, value = pair.partition("=")
        if name in names and value:
            found.setdefault(name, value)
    return next((found[name] for name in names if name in found), "")


def _parameters(path: str, engine: Engine) -> tuple[str, ...] | None:
    return engine.parameters.get(path.rstrip("/") or "/", engine.parameters.get(ANY))


def _stem(path: str, engine: Engine) -> str | None:
    return next((each for each in engine.stems if path.startswith(each)), None)


def _in_path(path: str, engine: Engine) -> str:
    stem = _stem(path, engine)
    return path[len(stem) :].partition("/")[0] if stem else ""


def _decoded(raw: str) -> str:
    data = unquote_to_bytes(raw[:LONGEST_RAW].replace("+", " "))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:  # an old page, or a character that was cut in two
        return data.decode("latin-1")


def tidy(text: str) -> str:
    """As words are kept, and so as they are looked for."""
    text = unicodedata.normalize("NFKC", text).lower()
    shown = "".join(c if c.isprintable() else _unprintable(c) for c in text)
    return " ".join(shown.split())[:LONGEST].rstrip()


def _unprintable(character: str) -> str:
    """Marks without a width are inside words, everything else is between them."""
    return "" if unicodedata.category(character) == "Cf" else " "


@cache
def engines() -> dict[str, Engine]:
    """By domain; read once, when it is first asked for."""
    table = resources.files("filter_lists") / "search_engines.csv"
    found: dict[str, Engine] = {}
    with table.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for domain in _domains(row):
                _add(found.setdefault(domain, Engine()), row)
    return found


def _domains(row: dict[str, str]) -> Iterator[str]:
    endings = row["endings"].split()
    for domain in row["domains"].split():
        yield from (f"{domain}.{ending}" for ending in endings) if endings else (domain,)


def _add(engine: Engine, row: dict[str, str]) -> None:
    parameters = tuple(row["parameters"].split())
    engine.names.update(parameters)
    for path in row["paths"].split():
        if path.endswith(WORDS):
            engine.stems.append(path.removesuffix(WORDS))
            engine.stems.sort(key=len, reverse=True)
        else:
            engine.parameters[path.rstrip("/") or "/"] = parameters
