"""Words that may not be searched for: found in what an address searches for, however they are spelt.

`searched` reads the address, at the known engines and at any other site whose parameters name a search;
`forbidden` holds it against the policy's words (spelling.py).
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from filter_lists.names import Url
from filter_lists.search_terms import parameters_at, words_in_path
from filter_policy.model import Policy
from filter_policy.spelling import Spelt, fold, is_said, readings_of, spelt

LONGEST = 2048 * 3  # characters of one value, escaped
MOST_VALUES = 16  # the first and the last of them, since engines take the one or the other
MOST_DECODED = 3
# Of any site, what is searched for is in one of these.
NAMES = frozenset(
    {"q", "query", "qs", "search", "search_query", "searchquery", "searchterm", "search_term", "searchtext"}
    | {"searchword", "search_text", "keyword", "keywords", "kw", "wd", "word", "words", "term", "terms", "p"}
    | {"text", "s", "k", "as_q", "as_epq", "as_oq", "eingabe", "suche", "recherche", "find", "phrase", "oq"}
)
STEMS = ("/search/", "/results/", "/find/", "/suche/", "/s/")


def searched(url: Url) -> tuple[str, ...]:
    """All that this address searches for, folded; as it stands and with escapes taken out again."""
    found: dict[str, None] = {}
    for raw in _values(url):
        for text in _decoded(raw[:LONGEST]):
            if folded := fold(text):
                found[folded] = None
    texts = tuple(found)
    return texts if len(texts) <= MOST_VALUES else texts[: MOST_VALUES // 2] + texts[-MOST_VALUES // 2 :]


def forbidden(texts: Iterable[str], policy: Policy, names: frozenset[str]) -> int | None:
    """The first of the policy's words (counted from 1) that is searched for and holds for these names."""
    readings = [reading for text in texts for reading in readings_of(text)]
    words, letters = _words(policy), _letters(policy)
    perhaps = {number for each in readings for number, needed in letters if needed in each.letters}
    for number in sorted(perhaps):
        said = any(is_said(words[number - 1], reading) for reading in readings)
        if said and policy.terms[number - 1].for_ & names:
            return number
    return None


def _values(url: Url) -> Iterator[str]:
    if url.query:
        own = parameters_at(url)
        for pair in url.query.split("&"):
            name, _, value = pair.partition("=")
            if value and (name in NAMES or name in own or _name(name) in NAMES):
                yield value.replace("+", " ")
    if words := words_in_path(url):
        yield words.replace("+", " ")
    low = url.path.lower()
    for stem in STEMS:
        if (start := low.find(stem)) >= 0:
            yield url.path[start + len(stem) :].replace("+", " ").replace("/", " ")


def _name(raw: str) -> str:
    return _text(unquote_to_bytes(raw)).partition("[")[0].strip().lower()


def _decoded(raw: str) -> Iterator[str]:
    text = raw
    for _ in range(MOST_DECODED):
        plain = _text(unquote_to_bytes(text))
        if plain == text:
            break
        yield plain
        text = plain
    yield raw


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
