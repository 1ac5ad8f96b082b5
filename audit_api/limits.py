"""No body is larger than this window takes, or comes so slowly that it holds a place for long."""

import asyncio
import re

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audit_api.faults import answer
from audit_api.problems import Problem

LONGEST_BODY = 60.0  # seconds, from its first byte to its last
LARGEST_BODY = 4_000_000  # bytes: a policy of a million characters, in the longest spelling of UTF-8
LARGEST_FILE = 10_100_000  # what is attached to an incident, with the form around it
FILE_TOO_LARGE = "A file that is attached has 10 MB at most. This one was not kept."
FILES = re.compile(r"(?:/api/v1)?/incidents/[A-Za-z0-9_-]{1,64}/files")


def too_large(path: str) -> Problem:
    return Problem("too-large", FILE_TOO_LARGE if FILES.fullmatch(path) else None)


class BodyLimit:
    """By what is announced, before anything is read; and by what comes, where nothing was announced."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY, longest: float = LONGEST_BODY) -> None:
        self.app = app
        self.largest = largest
        self.longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        largest = max(self.largest, LARGEST_FILE) if FILES.fullmatch(scope["path"]) else self.largest
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > largest:
            told = await run_in_threadpool(answer, Request(scope), too_large(scope["path"]))
            await told(scope, receive, send)
            return
        come, whole, ends = 0, False, asyncio.get_running_loop().time() + self.longest

        async def receive_some() -> Message:
            """After the body only word comes that the client has gone, and that may take long."""
            nonlocal come, whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(ends):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, headers={"Connection": "close"}) from None
            whole = not message.get("more_body", False)
            come += len(message.get("body", b""))
            if come > largest:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_some, send)
