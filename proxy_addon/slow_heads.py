"""The head of a request that comes in crumbs: each is looked at once, and there may not be many."""

from mitmproxy.proxy.layers.http._http1 import Http1Server

from proxy_addon import limits
from proxy_addon.head_lint import HeadFault

IN_CRUMBS = HeadFault(408, "the head came in too many pieces")
BLANK = HeadFault(400, "empty lines and no request")


def fault(server: Http1Server, data: bytearray) -> HeadFault | None:
    """Takes empty lines before the request away, which mean nothing."""
    if data[:1] == b"\r":
        most = 2 * limits.BLANK_LINES
        begin = data[: most + 2]
        blank = len(begin) - len(begin.lstrip(b"\r\n")) & ~1
        if blank > most:
            return BLANK
        if begin[:blank] == b"\r\n" * (blank // 2):
            server.buf.maybe_extract_at_most(blank)
    return IN_CRUMBS if server.__dict__.get("pieces", 0) > limits.HEAD_PIECES else None


def seen(server: Http1Server) -> int:
    """How much of this head was looked at before."""
    return int(server.__dict__.get("looked_at", 0))


def count(server: Http1Server) -> None:
    server.__dict__["pieces"] = server.__dict__.get("pieces", 0) + 1


def note(server: Http1Server) -> None:
    """After a look: a head that is not whole is remembered, and forgotten once it is."""
    if server.state == server.read_headers and server.buf:
        server.__dict__["looked_at"] = len(server.buf)
        count(server)
    elif "pieces" in server.__dict__:
        server.__dict__.pop("looked_at", None)
        del server.__dict__["pieces"]
