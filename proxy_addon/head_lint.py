"""Is this the head of a request that a browser would send? Looked at as bytes, before anything parses it.

What two parsers could read in two ways (folded lines, a bare CR or LF, NUL, an odd version) is how requests
are smuggled past a filter; a head without end is how one is worn out. Both are refused here.
"""

import re
from dataclasses import dataclass

LONGEST_HEAD = 64 * 1024
LONGEST_LINE = 32 * 1024
MOST_FIELDS = 128

_BARE_END = re.compile(rb"\n\r?\n")
_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([^\x00-\x20\x7f#]+) HTTP/1\.[01]")
_METHOD = re.compile(rb"[A-Z][A-Z\-]{1,31}")
_ODD_TARGET = re.compile(rb"[\x00-\x20\x7f#]")
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,8}[ \t]*(?:;[^\x00\r\n]*)?")
_CHUNK_BEGUN = re.compile(rb"[0-9A-Fa-f]{0,8}[ \t]*(?:;[^\x00\r\n]*)?\r?")
_CODING = b"transfer-encoding:"
_REFUSED_METHODS = frozenset({b"TRACE", b"TRACK", b"PRI"})


@dataclass(frozen=True, slots=True)
class HeadFault:
    """What is wrong, and the status that says so."""

    status: int
    says: str


NOT_YET = HeadFault(0, "a chunked request is not begun before the size of its first chunk is here")


def head_fault(data: bytes | bytearray, in_tunnel: bool, seen: int = 0) -> HeadFault | None:
    """None when the head is well formed, or not yet whole. `in_tunnel`: inside TLS, so in origin form.
    `seen`: how much was looked at before; one that comes byte by byte is not read anew each time."""
    end = data.find(b"\r\n\r\n", max(seen - 3, 0), LONGEST_HEAD)
    if end < 0:
        return _endless(data, max(seen - 2, 0))
    head = bytes(data[:end])
    if _odd_bytes(head):
        return HeadFault(400, "control characters or folded lines in the head")
    line, _, fields = head.partition(b"\r\n")
    if len(line) > LONGEST_LINE:
        return HeadFault(414, "the address is too long")
    if fields.count(b"\n") >= MOST_FIELDS:
        return HeadFault(431, "too many header fields")
    return _line_fault(line, in_tunnel) or _chunk_fault(fields.lower(), data, end + 4)


def _odd_bytes(head: bytes) -> bool:
    """NUL, a bare CR or LF, a folded line. Counting is ten times as fast as one pattern for all."""
    ends = head.count(b"\r\n")
    bare = head.count(b"\r") != ends or head.count(b"\n") != ends
    return bare or b"\0" in head or b"\n " in head or b"\n\t" in head


def _endless(data: bytes | bytearray, begin: int) -> HeadFault | None:
    if _BARE_END.search(data, begin, LONGEST_HEAD):
        return HeadFault(400, "lines that do not end as HTTP says")
    if len(data) <= LONGEST_HEAD:
        return None
    if b"\n" not in data[:LONGEST_LINE]:
        return HeadFault(414, "the address is too long")
    return HeadFault(431, "the head is too long")


def _chunk_fault(fields: bytes, data: bytes | bytearray, begin: int) -> HeadFault | None:
    """Bodies are passed on as they come, so what can be seen of one is looked at before its head goes out."""
    codings = (
        [each for each in fields.split(b"\r\n") if each.startswith(_CODING)] if _CODING in fields else []
    )
    if not codings:
        return None
    if [each[len(_CODING) :].strip(b" \t") for each in codings] != [b"chunked"]:
        return HeadFault(400, "a body in another coding than chunked")  # a site may know no other
    if b"\nexpect:" in fields:
        return None
    end = data.find(b"\r\n", begin)
    if end < 0:
        good = len(data) - begin < LONGEST_LINE and _CHUNK_BEGUN.fullmatch(bytes(data[begin:]))
        return NOT_YET if good else HeadFault(400, "a chunk without a size")
    good = _CHUNK.fullmatch(bytes(data[begin:end]))
    return None if good else HeadFault(400, "a chunk without a size")


def odd_request(method: bytes, target: bytes) -> str | None:
    """What is wrong with a method or target, over HTTP/1 or HTTP/2; None for what a browser may send."""
    if not _METHOD.fullmatch(method) or method in _REFUSED_METHODS:
        return "a method that no browser sends"
    if _ODD_TARGET.search(target) or b"\\" in target.partition(b"?")[0]:
        return "a target that no browser sends"
    return None


def _line_fault(line: bytes, in_tunnel: bool) -> HeadFault | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return HeadFault(400, "not a request line")
    method, target = match.groups()
    if says := odd_request(method, target):
        return HeadFault(400, says)
    if in_tunnel:
        good = target.startswith(b"/") or (target == b"*" and method == b"OPTIONS")
    else:
        good = method == b"CONNECT" or target[:8].lower().startswith((b"http://", b"https://"))
    return None if good else HeadFault(400, "not a request to a proxy" if not in_tunnel else "not an origin")
