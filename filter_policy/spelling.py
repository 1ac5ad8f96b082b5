"""Whether a text says some words, however they are spelt.

Both are folded: case, accents, letters that look alike, marks without a width. Digits and signs for letters,
marks between letters and letters that are repeated are looked through. But words begin and end where words
do, or a town would be taken for what its name has in it. Linear in the text, since anybody may write it.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

# Letters of other scripts that look like ours, each before the one that it is read as.
_PAIRS = "аa еe оo рp сc уy хx іi јj ѕs ԁd һh ӏl кk мm тt вb нh αa οo εe ρp νv τt ιi κk ıi łl øo đd"
_ALIKE = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()})
# Written for letters. Once they are read so, `l` is `i`: a `1` may be either.
_SIGNS = {"@": "a", "€": "e", "!": "i", "|": "i", "$": "s"}
_DIGITS = {"4": "a", "3": "e", "1": "i", "0": "o", "5": "s", "7": "t", "8": "b", "9": "g", "l": "i"}
_NONE: dict[str, str] = {}
_TO_LETTERS = (
    None,
    str.maketrans(_DIGITS),
    str.maketrans(_DIGITS | _SIGNS),
)
_BETWEEN = re.compile(r"[\W_]+")
_AGAIN = re.compile(r"(.)\1+")
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")  # letters by name, that nobody sees


class Run(NamedTuple):
    """One letter, perhaps several times over, and where it stands in the text."""

    letter: str
    times: int
    start: int
    end: int


class Read(NamedTuple):
    """A text, read in one way; `letters` has one letter for each run."""

    text: str
    letters: str
    runs: tuple[Run, ...]
    loose: bool = False  # digits are read as letters


class Spelt(NamedTuple):
    """Words that are looked for; each as it stands, and as if nothing were between the same letters."""

    exact: tuple[Read, ...]
    loose: tuple[Read, ...]
    has_digits: bool


def fold(text: str) -> str:
    """In lower case, without accents, and with our letters for those that look like them."""
    if not text.isascii():
        text = _seen(unicodedata.normalize("NFKC", _seen(text)).casefold())
        text = _seen(unicodedata.normalize("NFKD", text).translate(_ALIKE))
    elif not text.isprintable():
        text = _seen(text)
    return " ".join(text.lower().split())


def _seen(text: str) -> str:
    """Without marks, and without what has no width; first, since a long run of marks is slow to sort."""
    return "".join(c for c in text if c.isspace() or not _is_unseen(c))


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc") or character in _BLANK_LETTERS


def letters_of(folded: str) -> tuple[str, ...]:
    """In each way to read it, its letters once each, with nothing between them: what has a word has its
    letters."""
    forms = (folded if table is None else folded.translate(table) for table in _TO_LETTERS)
    return tuple(dict.fromkeys(_AGAIN.sub(r"\1", _BETWEEN.sub("", form)) for form in forms))


def spelt(words: str) -> Spelt:
    folded = fold(words)
    has_digits = any(each.isdigit() for each in folded)
    return Spelt(tuple(_reads(folded, _NONE)), tuple(_reads(folded, _DIGITS)), has_digits)


def readings_of(folded: str) -> Iterator[Read]:
    """As it stands; and where it has digits or signs, with letters for them, or for the digits alone."""
    yield from _reads(folded, _NONE)
    signs = any(each in folded for each in _SIGNS)
    if signs or any(each.isdigit() for each in folded):
        yield from _reads(folded, _DIGITS, loose=True)
    if signs:
        yield from _reads(folded, _DIGITS | _SIGNS, loose=True)


def is_said(words: Spelt, read: Read) -> bool:
    if read.loose and words.has_digits:
        return False  # a digit of theirs is meant as one
    return any(_stands_in(each, read) for each in (words.loose if read.loose else words.exact))


def _stands_in(looked_for: Read, read: Read) -> bool:
    if not looked_for.letters:
        return looked_for.text in read.text  # nothing but marks
    at = read.letters.find(looked_for.letters)
    while at >= 0:
        if _is_whole(looked_for, read, read.runs[at : at + len(looked_for.runs)]):
            return True
        at = read.letters.find(looked_for.letters, at + 1)
    return False


def _reads(text: str, letters: dict[str, str], *, loose: bool = False) -> Iterator[Read]:
    """`b oo` has two runs; where somebody writes letter by letter, `b o o` has two as well."""
    first = _read(text, letters, loose=loose, over_gaps=False)
    yield first
    second = _read(text, letters, loose=loose, over_gaps=True)
    if len(second.runs) != len(first.runs):
        yield second


def _read(text: str, letters: dict[str, str], *, loose: bool, over_gaps: bool) -> Read:
    runs: list[Run] = []
    for place, each in enumerate(text):
        letter = letters.get(each, each)
        if not letter.isalnum():
            continue
        if runs and runs[-1].letter == letter and (over_gaps or runs[-1].end == place):
            runs[-1] = runs[-1]._replace(times=runs[-1].times + 1, end=place + 1)
        else:
            runs.append(Run(letter, 1, place, place + 1))
    return Read(text, "".join(run.letter for run in runs), tuple(runs), loose)


def _is_whole(looked_for: Read, read: Read, found: tuple[Run, ...]) -> bool:
    """Words begin and end here, with each letter as often as is looked for; and blanks are between words, or
    between all letters of one."""
    before, after = read.text[: found[0].start][-1:], read.text[found[-1].end :][:1]
    if before.isalnum() or after.isalnum():
        return False
    if any(there.times < wanted.times for there, wanted in zip(found, looked_for.runs, strict=True)):
        return False
    gaps = [read.text[one.end : other.start] for one, other in pairwise(found)]
    own = [looked_for.text[one.end : other.start] for one, other in pairwise(looked_for.runs)]
    return all(_is_one_word(each) for each in _within_words(gaps, own))


def _within_words(gaps: list[str], own: list[str]) -> Iterator[list[str]]:
    """What stands between the letters of each word; `own`: between those of what is looked for."""
    word: list[str] = []
    for gap, mine in zip(gaps, own, strict=True):
        if mine:
            yield word
            word = []
        else:
            word.append(gap)
    yield word


def _is_one_word(gaps: list[str]) -> bool:
    return all(gaps) or not any(" " in gap for gap in gaps)
