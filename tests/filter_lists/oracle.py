"""What lists say of a URL, the slow and obvious way: sets of strings, and loops over labels and segments.

No trie, no keys, no index: this is what `Index.lookup` is compared with. It shares with it the readers, the
canonical names and the words of the answer, and nothing else.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from filter_lists.entry import Entry, Expression, Scope
from filter_lists.index import Index
from filter_lists.names import Url, all_spellings, is_ip
from filter_lists.readers import READERS
from filter_lists.readers.lines import lines_of
from filter_lists.report import ReadOptions, ReadReport
from filter_lists.sources import ListSource, parts_of

BLOCK, IMPORTANT, OWN, CATEGORY = "block", "important", "own exception", "category exception"
SHOWN_AS_IT_IS = "".join(map(chr, range(32, 127))).replace("%", "").replace("&", "")

SCOPES: tuple[Scope, ...] = ("host", "page", "url")

Parameters = frozenset[str]
spellings = lru_cache(maxsize=4096)(all_spellings)


class Exactness(NamedTuple):
    """The longer host, the longer path, more of a query, this host alone. Expressions name no place."""

    host: int = -1
    path: int = -1
    query: int = -1
    alone: bool = False


class Hit(NamedTuple):
    category: str
    list_id: str
    entry: str


class Fact(NamedTuple):
    """What a list says of a host: of all of it, of it alone, or of a part of it."""

    category: str
    list_id: str
    kind: str
    alone: bool = False
    path: str | None = None
    parameters: Parameters | None = None


class Pattern(NamedTuple):
    category: str
    list_id: str
    entry: Expression
    compiled: re.Pattern[str]


class Oracle:
    """`lookup` gives each hit and how exact it is."""

    def __init__(self, sources: Iterable[ListSource] = ()) -> None:
        self.facts: dict[str, list[Fact]] = {}
        self.patterns: list[Pattern] = []
        self._same: dict[Fact, Fact] = {}  # one object for all that say the same of different hosts
        for source in sources:
            for entry, theirs in entries_of(source):
                self.take(source, entry, theirs)

    def take(self, source: ListSource, entry: Entry | Expression, theirs: str) -> None:
        kind = kind_of(source, entry)
        for ours in source.ours(theirs) if kind else ():
            self.add(entry, ours, source.list_id, kind)

    def add(self, entry: Entry | Expression, category: str, list_id: str, kind: str = BLOCK) -> None:
        if isinstance(entry, Expression):
            found = re.compile(entry.pattern, re.IGNORECASE | re.ASCII)
            self.patterns.append(Pattern(category, list_id, entry, found))
            return
        fact = Fact(category, list_id, kind, not entry.below and not is_ip(entry.host))
        fact = self._same.setdefault(fact, fact)
        path, parameters = spellings(entry.path)[0], parameters_of(entry.query)
        if path or parameters:
            fact = fact._replace(path=path, parameters=parameters or None)
        self.facts.setdefault(entry.host, []).append(fact)

    def lookup(self, url: Url) -> dict[Hit, Exactness]:
        blocks: dict[Hit, Exactness] = {}
        taken: list[tuple[str, str, Exactness]] = []  # category, list_id or "" for all of them, how exact
        sure: set[Hit] = set()
        for fact, entry, exactness in self.hits(url):
            if fact.kind in (OWN, CATEGORY):
                if is_clear(entry, url) and is_read_so_by_all(entry, url):
                    taken.append((fact.category, fact.list_id if fact.kind == OWN else "", exactness))
            else:
                hit = Hit(fact.category, fact.list_id, entry)
                blocks[hit] = exactness
                if fact.kind == IMPORTANT:
                    sure.add(hit)
        blocks |= {Hit(*each[:2], f"~{each.entry.pattern}"): Exactness() for each in self.matching(url)}
        return {
            hit: exactness
            for hit, exactness in blocks.items()
            if hit in sure or not is_taken_back(hit, exactness, taken)
        }

    def hits(self, url: Url) -> Iterator[tuple[Fact, str, Exactness]]:
        for host in hosts_over(url.host):
            for fact in self.facts.get(host, ()):
                if (not fact.alone or host == url.host) and is_in(fact, url):
                    yield fact, *shown(fact, host)

    def matching(self, url: Url) -> Iterator[Pattern]:
        said = {scope: texts(scope, url) for scope in SCOPES}
        for each in self.patterns:
            for text in said[each.entry.scope]:
                if each.compiled.search(text):
                    yield each
                    break


def entries_of(source: ListSource) -> Iterator[tuple[Entry | Expression, str]]:
    """All that is understood of a list, with the list's own word for it."""
    for part in parts_of(source):
        with part.open() as file:
            for entry in READERS[part.format](lines_of(file), ReadReport(), ReadOptions(source.wide)):
                yield entry, entry.category or part.category


def shown(fact: Fact, host: str) -> tuple[str, Exactness]:
    """The entry as evidence names it, and its place among others."""
    name = "=" * fact.alone + host
    if fact.path is None:
        return name, Exactness(len(host), alone=fact.alone)
    path = fact.path.replace("\n", "%0a").replace("?", "%3f")
    query = shown_parameters(fact.parameters)
    return name + (path or "/" * bool(query)) + query, Exactness(len(host), len(path), len(query), fact.alone)


def kind_of(source: ListSource, entry: Entry | Expression) -> str:
    """ "" for what this list may not say."""
    exception = isinstance(entry, Entry) and entry.exception
    if source.as_exceptions:
        return CATEGORY if isinstance(entry, Entry) and not exception else ""
    if exception:
        return {"own": OWN, "category": CATEGORY, "none": ""}[source.exceptions]
    return IMPORTANT if isinstance(entry, Entry) and entry.important else BLOCK


def is_taken_back(hit: Hit, exactness: Exactness, taken: list[tuple[str, str, Exactness]]) -> bool:
    return any(
        hit.category == category and list_id in ("", hit.list_id) and exactness <= at
        for category, list_id, at in taken
    )


def is_clear(entry: str, url: Url) -> bool:
    """An exception for `v=good` holds where the request says nothing else of `v`."""
    own = parameters_of(entry.partition("?")[2])
    names = {loose_name(each) for each in own}
    return {each for each in parameters_of(url.query) if loose_name(each) in names} == own


def loose_name(parameter: str) -> str:
    """`v[]`, ` v` and `v\0x` are `v` to some server; `a.b`, `a b` and `a+b` are `a_b`."""
    name = re.split(r"[=\0\[]", parameter, maxsplit=1)[0].strip(" +").lower()
    return name.replace(".", "_").replace(" ", "_").replace("+", "_")


def is_read_so_by_all(entry: str, url: Url) -> bool:
    """An exception for `/help` holds where a server that drops `;parameters` is in `/help` too."""
    path, question, _ = entry.removeprefix("=").partition("/")[2].partition("?")
    meant = [each.partition(";")[0] for each in path.split("/") if each.partition(";")[0]]
    decoded = unquote(unquote(unquote(url.path))).lower().replace("\\", "/")
    read: list[str] = []
    for part in (each.partition(";")[0].partition("\0")[0] for each in decoded.split("/")):
        if part == "..":
            read = read[:-1]
        elif part not in ("", "."):
            read.append(part)
    sent = [unquote(part).lower() for part in url.path.split("/") if part]
    whole = [part for part in path.split("/") if part]
    if not (sent == whole if question else sent[: len(whole)] == whole):
        return False
    return read == meant if question else read[: len(meant)] == meant


def hosts_over(host: str) -> Iterator[str]:
    """The host and every host above it; an address has none."""
    yield host
    while not is_ip(host) and "." in host:
        host = host.split(".", 1)[1]
        yield host


def is_in(fact: Fact, url: Url) -> bool:
    if fact.path is None:
        return True
    if fact.parameters is not None:
        return fact.path in spellings(url.path) and fact.parameters <= parameters_of(url.query)
    return any(each == fact.path or each.startswith(fact.path + "/") for each in spellings(url.path))


@lru_cache(maxsize=4096)
def parameters_of(query: str) -> Parameters:
    return frozenset(unquote_plus(each) for each in query.split("&") if each)


def shown_parameters(parameters: Parameters | None) -> str:
    if parameters is None:
        return ""
    return "?" + "&".join(sorted(quote(each, SHOWN_AS_IT_IS) for each in parameters))


def texts(scope: Scope, url: Url) -> set[str]:
    page = url.host + url.path + "?" * bool(url.query) + url.query
    whole = {"host": url.host, "page": page, "url": f"{url.scheme}://{page}"}[scope]
    return {whole, unquote(whole)}


def difference(index: Index, oracle: Oracle, url: Url) -> str:
    """In what they differ, without naming an entry; "" where they agree."""
    found = index.lookup(url)
    hits = [Hit(each.category, each.list_id, each.entry) for each in found]
    truth = oracle.lookup(url)
    if len(set(hits)) < len(hits):
        return "a hit twice"
    if missing := truth.keys() - set(hits):
        return f"missing: {sorted({(hit.category, hit.list_id) for hit in missing})}"
    if extra := set(hits) - truth.keys():
        return f"too much: {sorted({(hit.category, hit.list_id) for hit in extra})}"
    exactness = [truth[hit] for hit in hits]
    return "" if exactness == sorted(exactness, reverse=True) else "not the most exact first"
