"""Answers that come bit by bit: for whom still, and an end that is always reached."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime

import structlog
from anyio import CancelScope
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from audit_api.problems import Problem
from audit_api.window import Visit
from audit_log.api_tokens import kept_token
from audit_log.db import reading
from audit_log.people import person_by_id
from audit_log.sessions import find_session
from change_control.roles import is_active

log = structlog.get_logger()


class BrokenOff(Exception):
    """What was begun is not finished, and what came of it must not look whole."""


def with_an_end(request: Request) -> None:
    """Raises Problem: by HTTP/1.0 an answer ends where the connection does, so half of it looks whole."""
    if request.scope["http_version"] == "1.0":
        raise Problem("old-http")


def is_still_here(visit: Visit) -> bool:
    """Whether whoever began this visit is still signed in and who they were then.

    A stream is no use of the session: it does not keep one open that nobody sits at.
    """
    engine: Engine = visit.desk.engine
    now = visit.window.clock()
    with reading(engine) as conn:
        person = person_by_id(conn, visit.reader.person_id) if _is_signed_in(conn, visit, now) else None
    return person is not None and person.role == visit.reader.role and is_active(person, now)


def _is_signed_in(conn: Connection, visit: Visit, now: datetime) -> bool:
    if not visit.reader.token_id:
        return find_session(conn, visit.desk.session_key, visit.reader.token, visit.now) is not None
    one = kept_token(conn, visit.reader.token_id)
    return one is not None and one.ended_at is None and now < one.ends_at


class Stream(StreamingResponse):
    """`end` is called once it is over, whoever ended it: the last part, the client, or a fault."""

    def __init__(
        self,
        parts: AsyncIterator[bytes],
        end: Callable[[], None],
        media_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(parts, media_type=media_type, headers=headers)
        self._parts = parts
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except (BrokenOff, SQLAlchemyError) as error:
            # Nothing more is sent, not even the end: so nobody takes it for the whole.
            log.warning("stream.broken_off", path=scope["path"], why=type(error).__name__)
        finally:
            with CancelScope(shield=True):
                await run_in_threadpool(self._end)
