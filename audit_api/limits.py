"""No body is larger than this window takes; what is too large is answered like any other problem."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audit_api.problems import Problem

LARGEST_BODY = 4_000_000  # bytes: a policy of a million characters, in the longest spelling of UTF-8


class BodyLimit:
    """By what is announced, before anything is read; and by what comes, where nothing was announced."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY) -> None:
        self.app = app
        self.largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self.largest:
            await Problem("too-large").response(scope["path"])(scope, receive, send)
            return
        come = 0

        async def receive_some() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > self.largest:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_some, send)
