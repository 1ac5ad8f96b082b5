"""The expressions of all lists, run together in linear time: one pass over a URL for each scope.

RE2 asks them all at once. A set of its that is too large for its memory would answer "none of them", for good
and without a word; so each set holds one expression more, and is used only if it finds that one.

Of a longer address only the first TEXT bytes are looked at: the time for one lookup has a bound.
"""

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

import re2

from filter_lists.entry import expression_options
from filter_lists.expression_size import TEXT
from filter_lists.listing import Listing
from filter_lists.manifest import Pairs, Pattern
from filter_lists.names import Url

PROBE = "\x01schoolgate\x02"  # in no URL


class Expressions:
    """Falsy when there are none. What is found in a host is asked for apart: it can be remembered."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._scopes = {
            scope: _Scope([each for each in patterns if each[1] == scope])
            for scope in sorted({scope for _, scope, _ in patterns})
        }
        self._host = self._scopes.get("host")
        self._page = self._scopes.get("page")
        self._url = self._scopes.get("url")
        self.about_pages = self._page is not None or self._url is not None
        self.categories = frozenset(category for _, _, pairs in patterns for category, _, _ in pairs)

    def __bool__(self) -> bool:
        return bool(self._scopes)

    def find(self, url: Url) -> list[Listing]:
        """Each expression that is found in the URL as it is, or with its escapes read."""
        return [*self.find_in_host(url.host), *self.find_in_page(url)]

    def find_in_host(self, host: str) -> list[Listing]:
        return [] if self._host is None else self._host.find([host.encode()])

    def find_in_page(self, url: Url) -> list[Listing]:
        page = f"{url.host}{url.path}?{url.query}" if url.query else url.host + url.path
        texts = [page.encode()[:TEXT]]
        if "%" in page:
            texts.append(unquote(page).encode()[:TEXT])
        found = [] if self._page is None else self._page.find(texts)
        if self._url is not None:
            begin = f"{url.scheme}://".encode()
            found += self._url.find([begin + text for text in texts])
        return found


class _Scope:
    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._said: list[tuple[str, Pairs]] = [(pattern, pairs) for pattern, _, pairs in patterns]
        sets = _sets([pattern for pattern, _ in self._said])
        self._sets = [(start, size, found.Match) for start, size, found in sets]

    def find(self, texts: Sequence[bytes]) -> list[Listing]:
        hits: set[int] = set()
        for text in texts:
            for start, size, match in self._sets:
                if numbers := match(text):
                    hits.update(start + number for number in numbers if number < size)
        if not hits:
            return []
        return [listing for number in sorted(hits) for listing in self._listings(number)]

    def _listings(self, number: int) -> Iterator[Listing]:
        pattern, pairs = self._said[number]
        return (Listing(category, list_id, f"~{pattern}") for category, list_id, _ in pairs)


def _sets(patterns: Sequence[str], start: int = 0) -> Iterator[tuple[int, int, re2.Set]]:
    """As few as RE2 has memory for; each with the number of its first expression and how many it has.

    Raises ValueError for one that is too large by itself.
    """
    found = _set(patterns)
    if found is not None:
        yield start, len(patterns), found
    elif len(patterns) == 1:
        raise ValueError("an expression that is too large to run")
    else:
        half = len(patterns) // 2
        yield from _sets(patterns[:half], start)
        yield from _sets(patterns[half:], start + half)


def _set(patterns: Sequence[str]) -> re2.Set | None:
    """None where RE2 would not answer."""
    made = re2.Set.SearchSet(expression_options())
    for pattern in patterns:
        made.Add(pattern)
    probe = made.Add(re2.escape(PROBE))
    try:
        made.Compile()
    except re2.error:
        return None
    return made if probe in (made.Match(PROBE) or ()) else None
