"""What every answer carries: nothing from outside, no framing, and nothing personal kept by a browser."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# For the one page that has a script, which is ours.
OWN_SCRIPT = {
    "Content-Security-Policy": SECURITY["Content-Security-Policy"].replace(
        "script-src 'none'", "script-src 'self'"
    )
}
# Deny by default here too: only what says otherwise (the stylesheet) may be kept.
PRIVATE: dict[str, str] = {**SECURITY, "Cache-Control": "no-store"}


class SafeHeaders:
    """Adds the headers to every answer that does not carry its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in PRIVATE.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)
