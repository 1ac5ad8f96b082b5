"""Whether a text names somebody: by user name or by the whole name, in whatever case, as whole words."""

import re
from functools import lru_cache

WORD = re.compile(r"[\w'’-]+(?:\.[\w'’-]+)*")
OWNING = re.compile(r"['’]s$", re.IGNORECASE)
Words = tuple[str, ...]


def words_of(text: str) -> Words:
    """In lower case, and without the `'s` that says whose something is."""
    return tuple(OWNING.sub("", found[0]).casefold() for found in WORD.finditer(text))


def names_somebody(text: str, username: str, name: str) -> bool:
    words = words_of(text)
    return any(_stands_in(words, said) for said in _said(username, name))


@lru_cache(maxsize=64)
def _said(username: str, name: str) -> tuple[Words, ...]:
    """A user name as it is, and as it is cut into words where it has signs that are none."""
    return tuple(found for found in (words_of(username), words_of(name)) if found)


def _stands_in(words: Words, said: Words) -> bool:
    length = len(said)
    return any(words[at : at + length] == said for at in range(len(words) - length + 1))
