"""Handshakes that lead to nobody are few at each address; those of people count for nothing."""

import socket
import ssl
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon import handshakes
from proxy_addon.handshakes import A_SECOND, MOST, Handshakes
from tests.doors import read_some
from tests.harness import Gate, a_gate, proxy_login

A, B = "10.0.0.1", "10.0.0.2"


def test_an_address_that_says_nothing_has_a_number_and_then_some_a_second() -> None:
    now = [0.0]
    book = Handshakes(lambda: now[0])
    assert sum(book.may_begin(A) for _ in range(1000)) == MOST
    assert book.refused == {A: 1000 - MOST}
    assert book.may_begin(B)
    now[0] = 1.0
    assert sum(book.may_begin(A) for _ in range(1000)) == A_SECOND


def test_whoever_says_who_they_are_waits_for_nothing() -> None:
    book = Handshakes(lambda: 0.0)
    for _ in range(5 * MOST):
        assert book.may_begin(A)
        book.was_of_somebody(A)
    book.was_of_somebody(B)


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 100)), max_size=40))
def test_the_number_holds_however_they_are_spread(comings: list[tuple[float, int]]) -> None:
    now, done = [0.0], 0
    book = Handshakes(lambda: now[0])
    for pause, times in comings:
        now[0] += pause
        done += sum(book.may_begin(A) for _ in range(times))
    assert done <= MOST + now[0] * A_SECOND + 1e-6


def test_countless_addresses_take_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshakes, "MOST_ADDRESSES", 20)
    book = Handshakes(lambda: 0.0)
    assert all(book.may_begin(f"10.0.{each}.1") for each in range(250))
    assert len(book._counts) == 20


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate() as running:
        yield running


def shake(gate: Gate, source: str, login: bytes = b"") -> bool:
    """Whether there was a handshake, and with a login a page."""
    context = ssl.create_default_context(cafile=str(gate.ca))
    context.check_hostname = False
    with socket.create_connection(("127.0.0.1", gate.port), 5, (source, 0)) as bare:
        try:
            with context.wrap_socket(bare, server_hostname="localhost") as outer:
                if login:
                    outer.sendall(
                        b"GET http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n" + login + b"\r\n"
                    )
                    assert b" 200 " in read_some(outer, 0.2)
                return True
        except OSError:
            return False


def test_a_flood_of_handshakes_is_held_to_a_number_and_has_rows(gate: Gate) -> None:
    shaken = sum(shake(gate, "127.0.8.1") for _ in range(MOST + 150))
    assert MOST <= shaken < MOST + 150
    assert shake(gate, "127.0.8.2", proxy_login("anna"))
    rows = gate.wait_rows(lambda rows: any("handshakes" in str(row["rule"]) for row in rows))
    with gate.tls("allowed.test") as tunnel:  # nobody else waits for it, and tunnels are counted nowhere
        assert tunnel.version()
    told = [row for row in rows if str(row["rule"]).startswith("TLS handshakes: ")]
    assert {(row["kind"], row["reason"], row["verdict"]) for row in told} == {
        ("unparsed", "too-many", "block")
    }
    assert {row["address"] for row in told} == {"127.0.8.1"}
