"""How much work an expression can make for each character of a text: a bound that no text exceeds.

RE2 needs time for each place of an expression that it may have reached at once. Those that a character has
just led to all take that character; so the work is bounded by how many places take the same one.
"""

import re
from collections import Counter
from functools import lru_cache

import re2

from filter_lists.entry import expression_options

ASCII = "".join(map(chr, range(0x20, 0x7F)))
BEYOND = "é"  # stands for every other character
SAMPLES = "éжλ中\n\x01"
ALPHABET = ASCII + BEYOND
MOST_OF_ONE = 128  # places that take the same character; those of real lists have 4, a few 104
MOST_OF_LIST = 1000
MOST_OF_ALL = 1500  # of all lists together: with this and TEXT a lookup takes at most some 50 ms
TEXT = 1024  # bytes of an address that expressions are looked for in
QUOTES = re.compile(r"\\[QEC]")  # ways to write that are not followed here
TOKEN = re.compile(
    r"(?P<open>\((?:\?(?:P?<\w+>|[a-zA-Z-]*:|[a-zA-Z-]+\)))?)"
    r"|(?P<close>\))"
    r"|(?P<times>[*+?]\??|\{\d+(?:,\d*)?\}\??)"
    r"|(?P<nothing>\||\^|\$|\\[bBAz])"
    r"|(?P<place>\[\^?\]?(?:\[:\^?\w+:\]|\\[pP](?:\{\^?\w+\}|\w)|\\.|[^\]\\])*\]|\\[pP](?:\{\^?\w+\}|\w)|\\x\{\w+\}|\\x\w\w|\\.|[^\\])",
    re.DOTALL,
)

type Places = Counter[str]  # how many places take each character


def at_once(places: Places) -> int:
    return max(places.values(), default=0)


def places_of(pattern: str) -> Places:
    """For each character: how many places of the expression take it. Raises ValueError for too many."""
    if QUOTES.search(pattern):
        raise ValueError("written in a way that cannot be followed")
    groups: list[Places] = [Counter()]
    last: Places = Counter()
    for token in TOKEN.finditer(pattern):
        text = token[0]
        if token["open"]:
            if text.endswith(")") and text != "(":
                continue
            groups.append(Counter())
        elif token["close"]:
            last = groups.pop()
            groups[-1].update(last)
        elif token["times"]:
            last = _times(last, text)
            groups[-1].update(last)
        elif token["place"]:
            last = _taken(text)
            groups[-1].update(last)
        else:
            last = Counter()
        if at_once(groups[-1]) > MOST_OF_ONE:
            raise ValueError("too much work for one expression")
    return groups[0]


def _times(places: Places, text: str) -> Places:
    """What a repetition adds to one."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    more = max(numbers, default=1) - 1
    return Counter({c: count * more for c, count in places.items() if more > 0})


@lru_cache(1024)
def _taken(place: str) -> Places:
    """Beyond ASCII one character stands for all; what is not sure to take a few only, takes all.

    A class of very many characters is work even by itself.
    """
    try:
        found = re2.compile(place, expression_options())
    except re2.error:  # it means something only beside its neighbours
        return Counter(ALPHABET)
    taken = {c for c in ASCII if found.fullmatch(c)}
    if not place.isascii() or "\\x" in place or any(found.fullmatch(c) for c in SAMPLES):
        taken.add(BEYOND)
    return Counter(dict.fromkeys(taken or ALPHABET, 1 + found.programsize // 16))
