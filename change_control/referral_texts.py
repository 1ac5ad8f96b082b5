"""What people wrote, without web addresses: of what may be illegal none leaves the school in a referral, nor
anything that leads to it (S169). Rather one word too many is left out than one address too few.

It is looked at as whoever wants to get there would read it: without what cannot be seen, with letters and
dots that only look otherwise as what they stand for, and with codes undone. Where nothing is found, what was
written stays as it was.
"""

import html
import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

LEFT_OUT = "[address left out]"
# As browsers take them, or people.
DOTS = ".\u3002\uff0e\uff61\u00b7\u2022\u2219\u22c5\u2027\u2024\u30fb\u06d4\u0701\u0702"
DOT = f"[{DOTS}]"
AROUND = r"[\s()\[\]{}<>\u00ab\u00bb\"'\u2018\u2019\u201c\u201d*_|\\/]"  # what somebody hides a dot in
OPENS = r"[\s(\[{<]"
WORD = r"[^\W_](?:[\w-]*\w)?"
SCHEME = re.compile(r"(?:\w[\w+.-]*:/|magnet:|data:|mailto:|urn:|hxxp)", re.IGNORECASE)
HOST = re.compile(rf"{WORD}(?:{DOT}{WORD})*{DOT}(?:[^\W\d_]{{2,}}|xn--[\w-]+)", re.IGNORECASE)
SPELT_OUT = re.compile(r"\S+(?:\s+(?:dot|\.)\s+\S+)+", re.IGNORECASE)
# A dot after which there is a blank ends a sentence, unless what follows ends the name of a site.
ENDINGS = (
    "com|net|org|co|uk|info|biz|xyz|onion|io|ru|site|online|app|dev|tv|cc|eu|de|nl|fr|test|xn--[a-z0-9-]+"
)
SOME = "{0,9}"
JOINED = (
    rf"(?:{AROUND}{SOME}{DOT}(?!\s){AROUND}{SOME}|{AROUND}{SOME}{OPENS}{DOT}{AROUND}{SOME}"
    rf"|{DOT}\s{{1,9}}(?=(?:{ENDINGS})\b)|[\W_]{{1,9}}dot[\W_]{{1,9}})"
)
LABEL = r"[^\W_][\w-]*"
HIDDEN = re.compile(
    rf"(?<![\w-]){LABEL}(?:{JOINED}{LABEL})*{JOINED}(?:[^\W\d_]{{2,}}|xn--[\w-]+)(?:[/:?]\S*)?", re.IGNORECASE
)
HIDDEN_IP = re.compile(
    rf"(?<![\d.])\d{{1,3}}(?:{AROUND}{SOME}(?:{DOT}|dot){AROUND}{SOME}\d{{1,3}}){{3}}(?![\d.]*\d)(?:[/:?]\S*)?",
    re.IGNORECASE,
)
ESCAPED = re.compile(r"\\(?:x|u00|u\{)([0-9a-f]{2})\}?", re.IGNORECASE)
EDGES = "()[]<>{}\"',;:!?\u201c\u201d\u2018\u2019"
CODES = 4  # one within the other
PLAIN = frozenset(  # what the program wrote itself: times, ids and hashes
    {"from", "to", "at", "starts_at", "ends_at", "due", "happened_at", "sha256", "id", "event"}
)
ADDRESSES = frozenset({"sites", "url", "host", "name"})  # of a file the name


def without_addresses(value: Any, field: str = "") -> Any:
    """The same, with each address replaced. `field`: the name under which it stands."""
    if isinstance(value, Mapping):
        return {name: without_addresses(each, name) for name, each in value.items()}
    if field in ADDRESSES and value:
        return LEFT_OUT
    if isinstance(value, list | tuple):
        return [without_addresses(each, field) for each in value]
    if not isinstance(value, str) or field in PLAIN or (field == "device" and _is_ip(value)):
        return value
    bare = _bare(value)
    return bare if LEFT_OUT in bare else value


def _bare(text: str) -> str:
    found = as_read(text)
    for pattern in (SPELT_OUT, HIDDEN_IP, HIDDEN):
        found = pattern.sub(LEFT_OUT, found)
    words = re.split(r"(\s+)", found)
    return "".join(LEFT_OUT if _is_address(each) else each for each in words)


def as_read(text: str) -> str:
    """Codes undone, letters and dots as what they stand for, and nothing that cannot be seen."""
    for _ in range(CODES):
        before = text
        text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), html.unescape(unquote(text)))
        text = unicodedata.normalize("NFKC", text)
        text = "".join(each for each in text if unicodedata.category(each) not in UNSEEN)
        if text == before:
            break
    return text


UNSEEN = frozenset({"Cf", "Mn", "Me"})  # nor what stands upon a letter


def _is_address(word: str) -> bool:
    return bool(SCHEME.search(word) or HOST.search(word)) or _is_ip(word.strip(EDGES + "."))


def _is_ip(word: str) -> bool:
    bare = word.partition("/")[0].partition("%")[0]
    for each in (bare, bare.rpartition(":")[0], bare.partition("]")[0].strip("[")):
        try:
            ipaddress.ip_address(each)
        except ValueError:
            continue
        return True
    return False
