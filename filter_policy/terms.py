"""Words that may not be searched for: found in what an address searches for, however they are spelt.

`searched` reads the address, at the known engines and at any other site whose parameters name a search;
`forbidden` holds it against the policy's words (spelling.py).
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from filter_lists.names import Url
from filter_lists.search_terms import parameters_at, words_in_path
from filter_policy.model import Policy
from filter_policy.spelling import Spelt, fold, is_said, letters_of, readings_of, spelt

LONGEST = 16_384  # characters of all texts that must be read closely
MOST_DECODED = 3
# Of any site, what is searched for is in one of these.
NAMES = frozenset(
    {"q", "query", "qs", "search", "search_query", "searchquery", "searchterm", "search_term", "searchtext"}
    | {"searchword", "search_text", "keyword", "keywords", "kw", "wd", "word", "words", "term", "terms", "p"}
    | {"text", "s", "k", "as_q", "as_epq", "as_oq", "eingabe", "suche", "recherche", "find", "phrase", "oq"}
)
JOINED = ("q", "as_q", "as_epq", "as_oq")  # one search, in parts; as the engine puts them together
STEMS = ("/search/", "/results/", "/find/", "/suche/", "/s/")
_NAME_ENDS = re.compile(r"[\0\[]")
_UNICODE = re.compile(r"%u([0-9a-f]{4})", re.IGNORECASE)  # as old scripts escape


def searched(url: Url) -> tuple[str, ...]:
    """All that this address searches for, folded; as it stands and with escapes taken out again."""
    found: dict[str, None] = {}
    for raw in _values(url):
        for text in _decoded(raw):
            if folded := fold(text):
                found[folded] = None
    return tuple(found)


def forbidden(texts: Iterable[str], policy: Policy, names: frozenset[str]) -> int | None:
    """The first of the policy's words (counted from 1) that is searched for and holds for these names.

    However much is searched for, its letters are looked through at once. Where they may have a word, and
    there is too much to read it closely, the word is taken to be there.
    """
    rules = [(number, each) for number, each in _letters(policy) if policy.terms[number - 1].for_ & names]
    near = [(text, forms) for text in texts if _perhaps(forms := letters_of(text), rules)]
    if sum(len(text) for text, _ in near) > LONGEST:
        return min(number for _, forms in near for number in _perhaps(forms, rules))
    words = _words(policy)
    said = (
        number
        for text, forms in near
        for number in _perhaps(forms, rules)
        if any(is_said(words[number - 1], reading) for reading in readings_of(text))
    )
    return min(said, default=None)


def _perhaps(forms: tuple[str, ...], rules: list[tuple[int, str]]) -> set[int]:
    return {number for number, needed in rules if any(needed in form for form in forms)}


def _values(url: Url) -> Iterator[str]:
    if url.query:
        yield from _in_query(url)
    if words := words_in_path(url):
        yield words.replace("+", " ")
    low = url.path.lower()
    for stem in STEMS:
        if (start := low.find(stem)) >= 0:
            yield url.path[start + len(stem) :].replace("+", " ").replace("/", " ")


def _in_query(url: Url) -> Iterator[str]:
    """Each by itself; and together what engines take for one search."""
    own = parameters_at(url)
    given: dict[str, list[str]] = {}
    for pair in url.query.replace(";", "&").split("&") if ";" in url.query else url.query.split("&"):
        raw, _, value = pair.partition("=")
        if not value:
            continue
        name = raw if raw in NAMES else _name(raw)
        if name in NAMES or name in own or raw in own:
            given.setdefault(name, []).append(value.replace("+", " "))
    for values in given.values():
        yield from values
        if len(values) > 1:
            yield " ".join(values)
    if any(name.startswith("as_") for name in given):
        yield " ".join(" ".join(given.get(name, ())) for name in JOINED)
        yield " ".join(" ".join(values) for name, values in given.items() if name in JOINED)


def _name(raw: str) -> str:
    if "%" in raw or "+" in raw:
        raw = _text(unquote_to_bytes(unquote_to_bytes(raw.replace("+", " "))))
    return _NAME_ENDS.split(raw, maxsplit=1)[0].strip().lower()


def _decoded(raw: str) -> Iterator[str]:
    text = raw
    for _ in range(MOST_DECODED):
        plain = _text(unquote_to_bytes(_UNICODE.sub(_as_others, text)))
        if plain == text:
            break
        yield plain
        text = plain
    yield raw


def _as_others(escape: re.Match[str]) -> str:
    return quote(chr(int(escape[1], 16)), safe="", errors="replace")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


@lru_cache(maxsize=8)
def _words(policy: Policy) -> tuple[Spelt, ...]:
    return tuple(spelt(rule.term) for rule in policy.terms)


@lru_cache(maxsize=8)
def _letters(policy: Policy) -> tuple[tuple[int, str], ...]:
    """By number, what must be in a text before it is worth looking closer."""
    found = {
        (number, each.letters): None
        for number, word in enumerate(_words(policy), start=1)
        for each in (*word.exact, *word.loose)
    }
    return tuple(found)
