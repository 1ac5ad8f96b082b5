"""One account on several devices at once is noticed, once an hour, and never blocked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon import sharing
from proxy_addon.sharing import Sharing
from tests.builders import NOON
from tests.harness import Gate, a_gate
from tests.proxy_addon.test_guessing import ask

A, B, C = "10.0.0.5", "10.0.0.9", "10.0.0.12"


def told(uses: list[tuple[str, float]], book: Sharing | None = None) -> list[str]:
    book = book or Sharing()
    return [said for address, now in uses if (said := book.seen("id-anna", address, now))]


def test_one_device_is_nothing_to_tell() -> None:
    assert told([(A, float(now)) for now in range(0, 7200, 10)]) == []


def test_two_addresses_within_a_minute_are_told_as_one_change() -> None:
    assert told([(A, 0), (B, 59)]) == ["devices: 2, one change"]
    assert told([(A, 0), (B, 60)]) == []


def test_there_and_back_is_two_devices_at_once() -> None:
    assert told([(A, 0), (B, 10), (A, 20), (B, 30), (A, 40)]) == ["devices: 2, one change", "devices: 2"]


def test_a_person_who_moves_on_and_back_later_is_not_at_once() -> None:
    assert told([(A, 0), (B, 300), (A, 900), (B, 1500)]) == []


def test_three_are_told_as_three() -> None:
    assert told([(A, 0), (B, 10), (C, 20)]) == ["devices: 2, one change", "devices: 3"]


def test_it_is_told_again_after_an_hour_and_not_before() -> None:
    uses = [(A if now % 20 else B, float(now)) for now in range(0, 7150, 10)]
    assert told(uses) == ["devices: 2, one change", "devices: 2", "devices: 2"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10.0.0.5", "::ffff:10.0.0.5"),
        ("2001:db8::1", "2001:db8::ffff"),
        ("10.0.0.5", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth1"),
    ],
)
def test_the_addresses_that_one_device_has_by_itself_are_one_device(one: str, other: str) -> None:
    assert told([(one, 0), (other, 1), (one, 2), (other, 3)]) == []


def test_two_networks_of_ipv6_are_two_devices() -> None:
    assert told([("2001:db8::1", 0), ("2001:db8:0:1::1", 1), ("2001:db8::1", 2)])[-1] == "devices: 2"


def test_two_people_on_one_device_share_nothing() -> None:
    book = Sharing()
    assert not book.seen("id-anna", A, 0)
    assert not book.seen("p_ben", A, 1)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST_PEOPLE", 10)
    book = Sharing()
    for number in range(100):
        book.seen(f"id-{number}", A, float(number))
        book.seen("id-anna", f"10.1.0.{number}", float(number))
    assert len(book._uses) <= 10
    assert all(len(use.others) <= sharing.MOST_DEVICES for use in book._uses.values())


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.floats(0, 500)), max_size=50))
def test_no_more_than_two_rows_an_hour_and_none_for_one_device(uses: list[tuple[str, float]]) -> None:
    now, book, rows = 0.0, Sharing(), []
    for address, pause in uses:
        now += pause
        if book.seen("id-anna", address, now):
            rows.append(now)
    for start in rows:
        assert sum(start <= row < start + sharing.TOLD_AGAIN for row in rows) <= 2
    if len({address for address, _ in uses}) < 2:
        assert not rows


# -- through a real gate


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"allowed.test": "education"}) as running:
        yield running


def test_the_same_account_from_two_devices_is_let_by_and_has_a_row(gate: Gate) -> None:
    """ID-011."""
    gate.set_clock(NOON)
    for second, source in enumerate(["127.0.0.5", "127.0.0.9", "127.0.0.5", "127.0.0.9"]):
        gate.set_clock(NOON + timedelta(seconds=second * 5))
        assert ask(gate, "anna", "pass:word", source)[9:12] == b"200"
    rows = gate.wait_rows(lambda rows: sum(row["kind"] == "event" for row in rows) == 2)
    events = [row for row in rows if row["kind"] == "event"]
    assert [row["rule"] for row in events] == ["devices: 2, one change", "devices: 2"]
    for row in events:
        assert (row["reason"], row["verdict"], row["person"]) == ("account-shared", "allow", "p_anna")
        assert (row["host"], row["status"], row["page"]) == (None, None, False)


def test_what_goes_on_in_an_open_tunnel_counts_too(gate: Gate) -> None:
    """Nobody signs in again inside it."""
    gate.set_clock(NOON + timedelta(hours=1))
    with gate.tls("allowed.test", user="ben") as tunnel:
        gate.set_clock(NOON + timedelta(hours=1, seconds=100))
        assert ask(gate, "ben", "pass:word", "127.0.0.7")[9:12] == b"200"
        tunnel.sendall(b"GET / HTTP/1.1\r\nHost: allowed.test\r\n\r\n")
        assert tunnel.recv(100)
    rows = gate.wait_rows(
        lambda rows: any(row["kind"] == "event" and row["person"] == "p_ben" for row in rows)
    )
    assert [row["rule"] for row in rows if row["kind"] == "event" and row["person"] == "p_ben"] == [
        "devices: 2, one change"
    ]
