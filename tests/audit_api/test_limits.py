"""No body is larger than the window takes, whether it says how large it is or not."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from audit_api.limits import BodyLimit
from tests.audit_api.school import School, an_ask, problem_of


def test_a_body_that_is_too_large_is_not_read(school: School) -> None:
    answer = school.as_("tess").post("/api/v1/unblocks", json=an_ask(reason="x" * 5_000_000))

    problem_of(answer, 413, "too-large")


def test_a_body_that_does_not_say_how_large_it_is_is_cut_off_as_well(school: School) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 100_000

    client = school.as_("tess")
    answer = client.post("/api/v1/unblocks", content=endless(), headers={"Content-Type": "application/json"})
    problem_of(answer, 413, "too-large")
    cookies = {school.app.state.window.cookie: school.token("tess")[0]}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = school.nobody(cookies=cookies).post("/unblocks/ask", content=endless(), headers=form)
    problem_of(answer, 413, "too-large")


async def _answered_after(pause: float, longest: float) -> list[Message]:
    """What is sent back when the second half of a body comes after a pause."""
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while (await receive()).get("more_body"):
                pass
        except HTTPException as error:
            sent.append({"status": error.status_code})

    halves = iter([b"a", b"b"])

    async def receive() -> Message:
        body = next(halves)
        if body == b"b":
            await asyncio.sleep(pause)
        return {"type": "http.request", "body": body, "more_body": body == b"a"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "path": "/", "headers": []}
    await BodyLimit(app, longest=longest)(scope, receive, send)
    return sent


def test_a_body_that_comes_too_slowly_is_waited_for_no_longer() -> None:
    assert asyncio.run(_answered_after(30, 0.01)) == [{"status": 408}]
    assert asyncio.run(_answered_after(0, 30)) == []


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_of_more_fields_than_any_of_ours_is_not_read(school: School, kind: str) -> None:
    client, _ = school.browser("tess")
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    body = b"a=1&" * 1100 if "url" in kind else part * 1100 + b"--x--\r\n"
    answer = client.post("/unblocks/ask", content=body, headers={"Content-Type": kind})

    assert answer.status_code == 400
