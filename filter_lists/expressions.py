"""The expressions of all lists, run together in linear time: one pass over a URL for each scope.

RE2 asks them all at once. A set of its that is too large for its memory would answer "none of them", for good
and without a word; so each set holds one expression more, and is used only if it finds that one.
"""

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

import re2

from filter_lists.entry import expression_options
from filter_lists.listing import Listing
from filter_lists.manifest import Pairs, Pattern
from filter_lists.names import Url

PROBE = "\x01schoolgate\x02"  # in no URL


class Expressions:
    """Falsy when there are none."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        scopes = sorted({scope for _, scope, _ in patterns})
        self._scopes = [_Scope(scope, [each for each in patterns if each[1] == scope]) for scope in scopes]
        self.categories = frozenset(category for _, _, pairs in patterns for category, _, _ in pairs)

    def __bool__(self) -> bool:
        return bool(self._scopes)

    def find(self, url: Url) -> Iterator[Listing]:
        """Each expression that is found in the URL as it is, or with its escapes read."""
        for scope in self._scopes:
            for pattern, pairs in scope.find(url):
                for category, list_id, _ in pairs:
                    yield Listing(category, list_id, f"~{pattern}")


class _Scope:
    def __init__(self, scope: str, patterns: Sequence[Pattern]) -> None:
        self._scope = scope
        self._options = expression_options()
        self._said: list[tuple[str, Pairs]] = [(pattern, pairs) for pattern, _, pairs in patterns]
        self._sets = list(_sets([pattern for pattern, _ in self._said]))

    def find(self, url: Url) -> list[tuple[str, Pairs]]:
        hits: set[int] = set()
        for text in self._texts(url):
            for start, size, found in self._sets:
                numbers = found.Match(text)
                if numbers:
                    hits.update(start + number for number in numbers if number < size)
        return [self._said[number] for number in sorted(hits)]

    def _texts(self, url: Url) -> Iterator[str]:
        if self._scope == "host":
            yield url.host
            return
        rest = f"{url.path}?{url.query}" if url.query else url.path
        begin = f"{url.scheme}://{url.host}" if self._scope == "url" else url.host
        yield begin + rest
        if "%" in rest:
            yield begin + unquote(rest)


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
