"""What people wrote, without web addresses: of what may be illegal none leaves the school in a referral, nor
anything that leads to it (S169). Rather one word too many is left out than one address too few.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

LEFT_OUT = "[address left out]"
DOT = r"(?:[.\u3002\uff0e\uff61]|\[\.\]|\(\.\)|\[dot\]|\(dot\))"  # as browsers read it, or people hide it
WORD = r"[^\W_](?:[\w-]*\w)?"
SCHEME = re.compile(r"(?:\w[\w+.-]*:/|magnet:|data:|mailto:|urn:|hxxp)", re.IGNORECASE)
HOST = re.compile(rf"{WORD}(?:{DOT}{WORD})*{DOT}(?:[^\W\d_]{{2,}}|xn--[\w-]+)", re.IGNORECASE)
SPELT_OUT = re.compile(r"\S+(?:\s+(?:dot|\.)\s+\S+)+", re.IGNORECASE)
EDGES = "()[]<>{}\"',;:!?\u201c\u201d\u2018\u2019"
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
    words = re.split(r"(\s+)", SPELT_OUT.sub(LEFT_OUT, value))
    return "".join(LEFT_OUT if _is_address(each) else each for each in words)


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
