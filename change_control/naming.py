"""Whether a text names somebody: by user name or by the whole name, surname first or last, as whole words.

Neither case, accents, kinds of quotes nor the way a sign is encoded make a difference; nor does what stands
around a name. A word is letters and digits. Apostrophes, hyphens and dots are no part of it, but tie it to a
neighbour: a user name of one word is not meant in "big-ben" or "ben.example".
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

WORD = re.compile(r"[^\W_]+")
INSIDE = re.compile(r"(?<=[^\W_])(['-])(?=[^\W_])")  # of a word as people see it: O'Neill, Mary-Jane
TIES = frozenset(".'-")
APOSTROPHES, HYPHENS = frozenset("'’‘‛`´ʹʻʼʽʾʿˈ′＇"), frozenset("-‐‑－")
Words = tuple[str, ...]


class Word(NamedTuple):
    said: str  # without case and accents
    start: int  # in the text as it was written
    stop: int
    tied: bool  # to the word before


def words_in(text: str) -> Iterator[list[Word]]:
    """What can be read in it. Signs that nobody sees may stand within a word or between two: that is two."""
    yield _words(text, "")
    if not text.isascii() and any(unicodedata.category(sign) == "Cf" for sign in text):
        yield _words(text, " ")


def words_of(text: str) -> Words:
    return tuple(word.said for word in _words(text, ""))


def names_somebody(text: str, username: str, name: str) -> bool:
    forms = forms_of(username, name)
    return any(_stands_in(words, forms) for words in words_in(text))


@lru_cache(maxsize=64)
def forms_of(username: str, name: str) -> frozenset[Words]:
    """All the ways to write somebody: Jean O'Neill, O'Neill Jean, Jean ONeill, Jean O'Neills, j.oneill."""
    forms = {form for spelt in _spellings(username) if (form := words_of(spelt))}
    for spelt in _spellings(name):
        parts = [part for each in spelt.split() if (part := words_of(each))]
        turns = [sum(parts[at:] + parts[:at], ()) for at in range(len(parts))]
        forms |= {*turns, *((*turn[:-1], turn[-1] + "s") for turn in turns if len(turn) > 1)}
    return frozenset(forms)


def stands_alone(words: Sequence[Word], at: int) -> bool:
    """Whether nothing but the `'s` that says whose something is is tied to it."""
    if words[at].tied:
        return False
    owning = at + 1 < len(words) and words[at + 1].tied and words[at + 1].said == "s"
    after = at + 2 if owning else at + 1
    return after >= len(words) or not words[after].tied


def _spellings(name: str) -> set[str]:
    plain, _ = _plain(name, "")
    joined = INSIDE.sub("", plain)
    return {plain, joined, *(re.sub(INSIDE.pattern.replace("'-", sign), "", plain) for sign in "'-")}


def _stands_in(words: Sequence[Word], forms: frozenset[Words]) -> bool:
    said = tuple(word.said for word in words)
    for form in forms:
        for at in range(len(said) - len(form) + 1):
            if said[at : at + len(form)] == form and (len(form) > 1 or stands_alone(words, at)):
                return True
    return False


def _words(text: str, unseen: str) -> list[Word]:
    plain, origin = _plain(text, unseen)
    words, end = list[Word](), 0
    for found in WORD.finditer(plain):
        tied = bool(words) and found.start() - end == 1 and plain[end] in TIES
        words.append(Word(found[0], origin[found.start()], _past_marks(text, origin[found.end() - 1]), tied))
        end = found.end()
    return words


def _past_marks(text: str, at: int) -> int:
    """Where the sign ends that begins there: accents may follow it one by one."""
    at += 1
    while at < len(text) and unicodedata.category(text[at])[0] == "M":
        at += 1
    return at


def _plain(text: str, unseen: str) -> tuple[str, Sequence[int]]:
    """Without case and accents, and for each sign of it where that stands in the text."""
    if text.isascii():
        return text.casefold().replace("`", "'"), range(len(text))
    signs, origin = list[str](), list[int]()
    for at, sign in enumerate(text):
        for each in unseen if unicodedata.category(sign) == "Cf" else _sign(sign):
            signs.append(each)
            origin.append(at)
    return "".join(signs), origin


@lru_cache(maxsize=4096)
def _sign(sign: str) -> str:
    """NFKC would join what belongs together across signs; NFKD takes each apart where it stands."""
    if sign in APOSTROPHES:
        return "'"
    if sign in HYPHENS:
        return "-"
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", sign).casefold())
    return "".join(each for each in apart if unicodedata.category(each)[0] != "M")
