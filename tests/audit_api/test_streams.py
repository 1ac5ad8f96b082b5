"""A stream ends once, whoever ends it, and one that breaks off never looks whole."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from audit_api.reader import find_reader
from audit_api.streams import BrokenOff, Stream, is_still_here
from audit_api.window import Visit
from audit_log.db import writing
from audit_log.people import change_person
from tests.audit_api.school import School

SCOPE = {"type": "http", "path": "/x", "asgi": {"spec_version": "2.3"}}


async def parts(*given: bytes, fault: Exception | None = None) -> AsyncIterator[bytes]:
    for part in given:
        yield part
    if fault:
        raise fault


def sent(stream: Stream, *, goes: bool = False) -> list[dict[str, Any]]:
    """What a server was given to send; `goes`: to a client that is not there any more."""
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not goes:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)
        await asyncio.sleep(0)

    asyncio.run(stream(SCOPE, receive, send))
    return messages


def test_a_whole_stream_says_that_it_is_whole() -> None:
    ends: list[int] = []
    told = sent(Stream(parts(b"a", b"b"), lambda: ends.append(1), "text/plain"))

    assert b"".join(message.get("body", b"") for message in told) == b"ab"
    assert told[-1]["more_body"] is False
    assert ends == [1]


def test_a_stream_that_breaks_off_has_no_end() -> None:
    ends: list[int] = []
    told = sent(Stream(parts(b"a", fault=BrokenOff()), lambda: ends.append(1), "text/plain"))

    assert [message["more_body"] for message in told[1:]] == [True]
    assert ends == [1]


def test_a_client_that_goes_ends_it() -> None:
    ends: list[int] = []
    told = sent(Stream(parts(*[b"a"] * 1000), lambda: ends.append(1), "text/plain"), goes=True)

    assert len(told) < 1000
    assert ends == [1]


def test_another_fault_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        sent(Stream(parts(b"a", fault=ZeroDivisionError()), lambda: None, "text/plain"))


def test_whoever_is_still_the_same_is_still_here(school: School) -> None:
    token, _ = school.token("cora")
    reader = find_reader(school.desk, token, school.clock.now)
    assert reader
    visit = Visit(school.app.state.window, reader, school.clock.now)
    school.clock.forward(minutes=20)  # a stream is no idling, and keeps no session open

    assert is_still_here(visit)
    with writing(school.desk.engine) as conn:
        change_person(conn, reader.person_id, role="technician")
    assert not is_still_here(visit)
