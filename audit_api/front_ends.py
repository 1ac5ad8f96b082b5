"""Where a request comes from: the other end of its connection, whatever its headers say.

Only a front end that the school has named (one that ends TLS on this machine, say) may say for whom it asks,
and then only by the last address in X-Forwarded-For, which is the one that it wrote itself.

The gate asks for everybody who reports something on the way through it, and says for whom. Where one
supervisor runs both, whoever asks from this very machine is believed, but of a report alone: nobody guesses
at passwords from there under other addresses.
"""

from collections.abc import Collection
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = b"x-forwarded-for"
REPORT = "/report"


class FrontEnds:
    """Puts the client's address where the app reads it."""

    def __init__(self, app: ASGIApp, trusted: Collection[str] = (), *, gate_beside: bool = False) -> None:
        self.app = app
        self.trusted = frozenset(map(_plain, trusted))
        self.gate_beside = gate_beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("client") and self._is_believed(scope):
            said = _said(scope)
            if said is not None:
                scope = {**scope, "client": (said, 0)}
        await self.app(scope, receive, send)

    def _is_believed(self, scope: Scope) -> bool:
        client = _plain(scope["client"][0])
        return client in self.trusted or (
            self.gate_beside
            and (scope["path"] == REPORT or scope["path"].startswith(f"{REPORT}/"))
            and (client == _plain((scope.get("server") or ("",))[0]) or _is_loopback(client))
        )


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


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _plain(address: str) -> str:
    """::ffff:127.0.0.1 is 127.0.0.1."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(getattr(found, "ipv4_mapped", None) or found)
