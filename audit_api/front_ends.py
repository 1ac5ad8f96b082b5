"""Where a request comes from: the other end of its connection, whatever its headers say.

Only a front end that the school has named (one that ends TLS on this machine, say) may say for whom it asks,
and then only by the last address in X-Forwarded-For, which is the one that it wrote itself.
"""

from collections.abc import Collection
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = b"x-forwarded-for"


class FrontEnds:
    """Puts the client's address where the app reads it."""

    def __init__(self, app: ASGIApp, trusted: Collection[str] = ()) -> None:
        self.app = app
        self.trusted = frozenset(map(_plain, trusted))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("client") and _plain(scope["client"][0]) in self.trusted:
            said = _said(scope)
            if said is not None:
                scope = {**scope, "client": (said, 0)}
        await self.app(scope, receive, send)


def _said(scope: Scope) -> str | None:
    """None where there is no address: then the front end itself stands for whoever asks."""
    given = [value for name, value in scope["headers"] if name == HEADER]
    if not given:
        return None
    last = given[-1].decode("latin-1").rpartition(",")[2].strip()
    try:
        return str(ip_address(last))
    except ValueError:
        return None


def _plain(address: str) -> str:
    """::ffff:127.0.0.1 is 127.0.0.1."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(getattr(found, "ipv4_mapped", None) or found)
