"""Whether a request is for a page that a person opened, or for a part of one: images, scripts, what a script
fetches, frames. The filtering log shows pages first. And whether a person surely opened
it: that alone is held against anybody.

Browsers say so, but only to https (Sec-Fetch-*); over plain http it is told from what they accept. When in
doubt it is a page: too much shown is better than something hidden. Nothing that is blocked is hidden. So a
part must say that it comes from a page, and nothing that only a page says. Whoever can write every field of a
request can still write one that looks like a part: its row is there, and is found with the parts shown.
"""

from collections.abc import Mapping, Sequence

Noted = Mapping[bytes, Sequence[bytes]]

# What is looked at here, in lower case (asked.py collects them).
LOOKED_AT = frozenset(
    {
        b"sec-fetch-dest",
        b"sec-fetch-mode",
        b"sec-fetch-site",
        b"sec-fetch-user",
        b"sec-purpose",
        b"upgrade-insecure-requests",
        b"accept",
        b"referer",
        b"origin",
        b"x-requested-with",
        b"access-control-request-method",
    }
)
# Destinations of the Fetch standard that are never a page.
PARTS = frozenset(
    {
        b"audio",
        b"audioworklet",
        b"font",
        b"image",
        b"json",
        b"manifest",
        b"paintworklet",
        b"report",
        b"script",
        b"serviceworker",
        b"sharedworker",
        b"speculationrules",
        b"style",
        b"text",
        b"track",
        b"video",
        b"webidentity",
        b"websocket",
        b"worker",
        b"xslt",
    }
)
FRAMES = frozenset({b"iframe", b"frame", b"fencedframe", b"embed", b"object"})
# Accepted by whoever wants a page, and by no script that wants data.
WHOLE_DOCUMENT = b"application/xhtml+xml"
FROM_A_PAGE = frozenset({b"same-origin", b"same-site", b"cross-site"})  # what `none` is not


def is_page(method: bytes, noted: Noted) -> bool:
    destination = _one(noted, b"sec-fetch-dest")
    if destination is None:
        return _without_word(method, noted)
    if not _belongs_to_one(noted):
        return True
    if destination in PARTS:
        return _is_opened(noted)
    if destination in FRAMES:  # somebody clicked inside, or it came with the page around it
        return _one(noted, b"sec-fetch-user") == b"?1"
    if destination == b"empty":  # a script, unless it is a download, or a page fetched before it is shown
        return _one(noted, b"sec-fetch-mode") == b"navigate" or WHOLE_DOCUMENT in _accept(noted)
    return True


def is_surely_opened(method: bytes, noted: Noted) -> bool:
    """Whether somebody wanted to see it: what a program, a frame or a script asks for by itself is never said
    to be anybody's wish, and what was sent or fetched beforehand is not either. When in doubt it is not."""
    if method != b"GET" or b"sec-purpose" in noted or _is_script(method, noted):
        return False
    if any(name in noted for name in (b"sec-fetch-dest", b"sec-fetch-mode")):
        where = _one(noted, b"sec-fetch-mode"), _one(noted, b"sec-fetch-dest")
        return where == (b"navigate", b"document")
    return b"upgrade-insecure-requests" in noted or WHOLE_DOCUMENT in _accept(noted)


def _without_word(method: bytes, noted: Noted) -> bool:
    if b"upgrade-insecure-requests" in noted:  # browsers send it when they open something
        return True
    if _is_script(method, noted):
        return False
    accept = _accept(noted)
    return not accept or b"text/html" in accept or not _belongs_to_one(noted)


def _belongs_to_one(noted: Noted) -> bool:
    """Whether it says that it comes from a page. (Pages may tell their parts not to say from which.)"""
    site = _one(noted, b"sec-fetch-site")
    if site is not None:
        return site in FROM_A_PAGE
    return b"referer" in noted or b"origin" in noted


def _is_opened(noted: Noted) -> bool:
    """Whether it has what browsers send with that which somebody opens, and never with a part."""
    opened = b"sec-fetch-user" in noted or b"upgrade-insecure-requests" in noted
    return opened or _one(noted, b"sec-fetch-mode") == b"navigate" or WHOLE_DOCUMENT in _accept(noted)


def _is_script(method: bytes, noted: Noted) -> bool:
    if b"upgrade" in noted and _one(noted, b"upgrade") == b"websocket":  # it has a row of its own
        return True
    if method == b"OPTIONS" and b"access-control-request-method" in noted:
        return True
    # An app's own name there is something else.
    return _one(noted, b"x-requested-with") == b"xmlhttprequest" and _belongs_to_one(noted)


def _accept(noted: Noted) -> bytes:
    return _one(noted, b"accept") or b""


def _one(noted: Noted, name: bytes) -> bytes | None:
    """In lower case; None where it was not said, or said twice."""
    values = noted.get(name)
    return values[0].strip().lower() if values is not None and len(values) == 1 else None
