"""What lists say of a URL, the slow and obvious way: sets of strings, and loops over labels and segments.

No trie, no keys, no index: this is what `Index.lookup` is compared with. It shares with it the readers, the
canonical names and the words of the answer, and nothing else.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from filter_lists.entry import Entry, Expression
from filter_lists.index import Index
from filter_lists.names import Url, all_spellings, is_ip
from filter_lists.readers import READERS
from filter_lists.readers.lines import lines_of
from filter_lists.report import ReadOptions, ReadReport
from filter_lists.sources import ListSource, parts_of

BLOCK, IMPORTANT, OWN, CATEGORY = "block", "important", "own exception", "category exception"
SHOWN_AS_IT_IS = "".join(map(chr, range(32, 127))).replace("%", "").replace("&", "")

Parameters = frozenset[str]


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


class Part(NamedTuple):
    path: str
    parameters: Parameters | None
    alone: bool


@dataclass
class Said:
    """All that one list says of one category, in one way."""

    hosts: set[str] = field(default_factory=set)
    alone: set[str] = field(default_factory=set)
    parts: dict[str, set[Part]] = field(default_factory=dict)
    expressions: dict[tuple[str, str], re.Pattern[str]] = field(default_factory=dict)


class Oracle:
    """`lookup` gives each hit and how exact it is."""

    def __init__(self, sources: Iterable[ListSource] = ()) -> None:
        self.said: dict[tuple[str, str, str], Said] = {}
        for source in sources:
            self.read(source)

    def read(self, source: ListSource) -> None:
        for part in parts_of(source):
            with part.open() as file:
                for entry in READERS[part.format](lines_of(file), ReadReport(), ReadOptions(source.wide)):
                    self.take(source, entry, entry.category or part.category)

    def take(self, source: ListSource, entry: Entry | Expression, theirs: str) -> None:
        kind = kind_of(source, entry)
        for ours in source.ours(theirs) if kind else ():
            self.add(entry, ours, source.list_id, kind)

    def add(self, entry: Entry | Expression, category: str, list_id: str, kind: str = BLOCK) -> None:
        said = self.said.setdefault((category, list_id, kind), Said())
        if isinstance(entry, Expression):
            found = re.compile(entry.pattern, re.IGNORECASE | re.ASCII)
            said.expressions[entry.pattern, entry.scope] = found
            return
        path = all_spellings(entry.path)[0]
        alone = not entry.below and not is_ip(entry.host)
        if path or entry.query:
            parameters = parameters_of(entry.query) if entry.query else None
            said.parts.setdefault(entry.host, set()).add(Part(path, parameters or None, alone))
        else:
            (said.alone if alone else said.hosts).add(entry.host)

    def lookup(self, url: Url) -> dict[Hit, Exactness]:
        blocks: dict[Hit, Exactness] = {}
        taken: list[tuple[str, str, Exactness]] = []  # category, list_id or "" for all of them, how exact
        sure: set[Hit] = set()
        for (category, list_id, kind), said in self.said.items():
            for entry, exactness in hits_of(said, url):
                if kind in (OWN, CATEGORY):
                    if is_clear(entry, url) and is_read_so_by_all(entry, url):
                        taken.append((category, list_id if kind == OWN else "", exactness))
                else:
                    hit = Hit(category, list_id, entry)
                    blocks[hit] = exactness
                    if kind == IMPORTANT:
                        sure.add(hit)
        return {
            hit: exactness
            for hit, exactness in blocks.items()
            if hit in sure or not is_taken_back(hit, exactness, taken)
        }


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
    names = {each.split("=")[0].lower() for each in own}
    return {each for each in parameters_of(url.query) if each.split("=")[0].lower() in names} == own


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
    return read == meant if question else read[: len(meant)] == meant


def hits_of(said: Said, url: Url) -> Iterator[tuple[str, Exactness]]:
    if url.host in said.alone:
        yield f"={url.host}", Exactness(len(url.host), alone=True)
    for host in hosts_over(url.host):
        if host in said.hosts:
            yield host, Exactness(len(host))
        for part in said.parts.get(host, ()):
            if part.alone and host != url.host:
                continue
            if is_in(part, url):
                path, mark = part.path.replace("\n", "%0a").replace("?", "%3f"), "=" if part.alone else ""
                query = shown_parameters(part.parameters)
                exactness = Exactness(len(host), len(path), len(query), part.alone)
                yield mark + host + (path or "/" * bool(query)) + query, exactness
    for (pattern, scope), compiled in said.expressions.items():
        if any(compiled.search(text) for text in texts(scope, url)):
            yield f"~{pattern}", Exactness()


def hosts_over(host: str) -> Iterator[str]:
    """The host and every host above it; an address has none."""
    yield host
    while not is_ip(host) and "." in host:
        host = host.split(".", 1)[1]
        yield host


def is_in(part: Part, url: Url) -> bool:
    if part.parameters is not None:
        return part.path in all_spellings(url.path) and part.parameters <= parameters_of(url.query)
    return any(
        spelling == part.path or spelling.startswith(part.path + "/") for spelling in all_spellings(url.path)
    )


@lru_cache(maxsize=4096)
def parameters_of(query: str) -> Parameters:
    return frozenset(unquote_plus(each) for each in query.split("&") if each)


def shown_parameters(parameters: Parameters | None) -> str:
    if parameters is None:
        return ""
    return "?" + "&".join(sorted(quote(each, SHOWN_AS_IT_IS) for each in parameters))


def texts(scope: str, url: Url) -> Iterator[str]:
    page = url.path + "?" * bool(url.query) + url.query
    for rest in (page, unquote(page)):
        yield {"host": url.host, "page": url.host + rest, "url": f"{url.scheme}://{url.host}{rest}"}[scope]


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
