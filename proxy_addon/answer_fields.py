"""What an origin's answer may not say to a browser: other ways to reach it, or what is between neighbours.

`Alt-Svc` and its kin lead past us (HTTP/3, another port); a challenge for a proxy's password is for a proxy
to make; and a field about one connection means another one here. An origin that changes the protocol where
nobody asked for it would have a tunnel that is not looked into.
"""

from collections.abc import Sequence

from mitmproxy.http import Headers, Request, Response

Fields = Sequence[tuple[bytes, bytes]]

NEVER = frozenset(
    {
        b"alt-svc",
        b"alternate-protocol",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-connection",
        b"proxy-support",
        b"keep-alive",
        b"te",
        b"trailer",
        b"http2-settings",
    }
)
FRAMING = frozenset({b"content-length", b"transfer-encoding", b"connection", b"upgrade"})
USUAL = frozenset({b"close", b"keep-alive", b"upgrade"})


class UnaskedUpgrade(Exception):
    """It goes over to a protocol that nobody asked for."""


def clean(response: Response, request: Request) -> None:
    """Raises UnaskedUpgrade."""
    if response.data.status_code == 101:
        _must_be_asked_for(response, request)
        return
    fields = response.data.headers.fields
    unwanted, named = NEVER, False
    for name, _ in fields:
        lower = name.lower()
        if lower == b"connection":
            named = True
        elif lower == b"upgrade":
            unwanted = unwanted | {lower}
    if named:
        unwanted = unwanted | _named(fields)
    kept = [field for field in fields if field[0].lower() not in unwanted]
    if len(kept) != len(fields):
        response.data.headers = Headers(kept)


def _must_be_asked_for(response: Response, request: Request) -> None:
    """A request that was let by keeps its Upgrade field only for a websocket (asked.py)."""
    asked = request.headers.get("upgrade", "").strip().lower()
    given = response.headers.get("upgrade", "").strip().lower()
    if (asked, given) != ("websocket", "websocket"):
        raise UnaskedUpgrade


def _named(fields: Fields) -> frozenset[bytes]:
    """What the origin says is about its connection to us."""
    values = [value for name, value in fields if name.lower() == b"connection"]
    tokens = {token.strip().lower() for value in values for token in value.split(b",")}
    return frozenset(tokens - USUAL - FRAMING)
