"""Where a request comes from is what its connection says, unless the school named a front end."""

from typing import Any

import pytest

from audit_api.front_ends import FrontEnds
from tests.audit_api.school import School


async def _seen(peer: str, said: list[str], trusted: tuple[str, ...], path: str, *, gate_beside: bool) -> str:
    found: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        found.append(scope["client"][0])

    headers = [(b"x-forwarded-for", each.encode()) for each in said]
    scope = {
        "type": "http",
        "client": (peer, 1),
        "server": ("10.0.0.2", 8000),
        "headers": headers,
        "path": path,
    }
    await FrontEnds(app, trusted, gate_beside=gate_beside)(scope, None, None)  # type: ignore[arg-type]  # it uses neither
    return found[0]


def seen(
    peer: str,
    *said: str,
    trusted: tuple[str, ...] = ("127.0.0.1",),
    path: str = "/report",
    gate_beside: bool = False,
) -> str:
    coroutine = _seen(peer, list(said), trusted, path, gate_beside=gate_beside)
    try:
        coroutine.send(None)
    except StopIteration as done:
        return str(done.value)
    raise AssertionError("it waits for nothing")


@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",)])
def test_nobody_but_a_named_front_end_says_for_whom_it_asks(trusted: tuple[str, ...]) -> None:
    assert seen("10.0.0.9", "192.0.2.1", trusted=trusted) == "10.0.0.9"


def test_unless_one_is_named_not_even_this_machine_does() -> None:
    assert seen("127.0.0.1", "192.0.2.1", trusted=()) == "127.0.0.1"


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.2"])
def test_a_gate_on_this_machine_says_who_reports_and_nothing_else(peer: str) -> None:
    for path, who in (
        ("/report", "192.0.2.1"),
        ("/report/thanks", "192.0.2.1"),
        ("/login", peer),
        ("/reports", peer),
    ):
        assert seen(peer, "192.0.2.1", trusted=(), path=path, gate_beside=True) == who
    assert seen("10.0.0.9", "192.0.2.1", trusted=(), gate_beside=True) == "10.0.0.9"


@pytest.mark.parametrize(
    ("said", "who"),
    [
        (["192.0.2.1"], "192.0.2.1"),
        (["1.2.3.4, 192.0.2.1"], "192.0.2.1"),  # the first was made up by whoever asks
        (["1.2.3.4", "192.0.2.1"], "192.0.2.1"),
        (["2001:db8::1"], "2001:db8::1"),
        ([], "127.0.0.1"),
        (["unknown"], "127.0.0.1"),
        (["192.0.2.1, "], "127.0.0.1"),
    ],
)
def test_of_a_front_end_the_last_address_counts_which_is_its_own_word(said: list[str], who: str) -> None:
    assert seen("127.0.0.1", *said) == who
    assert seen("::ffff:127.0.0.1", *said) in (who, "::ffff:127.0.0.1")


def test_a_header_that_anybody_can_write_gives_no_fresh_start_at_guessing(school: School) -> None:
    statuses = []
    for number in range(7):
        client = school.nobody(headers={"X-Forwarded-For": f"192.0.2.{number}"})
        wrong = {"username": "terry", "password": "wrong"}
        statuses.append(client.post("/api/v1/session", json=wrong).status_code)

    assert statuses == [401] * 5 + [429] * 2
