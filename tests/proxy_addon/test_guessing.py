"""Guessing is slowed per account and device; nobody else waits, and what is kept is bounded."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon import guessing
from proxy_addon.addresses import device_of
from proxy_addon.guessing import ACCOUNT, DEVICE, HERE, HOUR, KNOWN, KNOWN_SECONDS, Guessed, Guessing
from tests.builders import NOON
from tests.doors import exchange
from tests.harness import Gate, a_gate, proxy_login

PUPIL, TEACHER = "10.0.0.5", "10.0.0.9"


def fail(
    book: Guessing, times: int, *, username: str = "tess", address: str = PUPIL, now: float = 0.0
) -> float:
    """Wrong passwords, each as soon as one is looked at again; the time after them."""
    for _ in range(times):
        now += book.wait(username, address, now)
        book.begin(username, address, now)
    return now


def test_five_mistakes_cost_nothing_and_then_each_costs_twice_the_one_before() -> None:
    book = Guessing()
    waits = []
    now = 0.0
    for _ in range(18):
        book.begin("tess", PUPIL, now)
        waits.append(book.wait("tess", PUPIL, now))
        now += waits[-1]
    assert waits[:10] == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32]
    assert waits[-1] == HERE.longest == 900


def test_the_owner_at_another_device_does_not_wait() -> None:
    book = Guessing()
    now = fail(book, 15)
    assert book.wait("tess", PUPIL, now) > 0
    assert book.wait("tess", TEACHER, now) == 0
    assert book.wait("anna", PUPIL, now) == 0


def test_guesses_sent_at_once_are_no_cheaper() -> None:
    book = Guessing()
    begun = 0
    while book.wait("tess", PUPIL, 0.0) == 0:
        book.begin("tess", PUPIL, 0.0)
        begun += 1
    assert begun == HERE.free


def test_what_was_right_takes_back_what_was_counted() -> None:
    book = Guessing()
    for _ in range(100):
        book.begin("tess", PUPIL, 0.0)
        book.right("tess", PUPIL, 0.0)
    assert book.wait("tess", PUPIL, 0.0) == 0
    assert book.wait("anna", PUPIL, 0.0) == 0


def test_a_device_that_tries_many_accounts_is_slowed_for_all_of_them() -> None:
    book = Guessing()
    for number in range(DEVICE.free):
        book.begin(f"pupil{number}", PUPIL, 0.0)
    assert all(book.wait(f"pupil{number}", PUPIL, 0.0) == 1 for number in range(DEVICE.free))
    assert book.wait("pupil1", TEACHER, 0.0) == 0


def test_a_device_that_tries_many_accounts_shuts_out_nobody_who_did_not_fail_there() -> None:
    book = Guessing()
    for number in range(10 * DEVICE.free):
        book.begin(f"pupil{number}", PUPIL, 0.0)
    assert book.wait("ben", PUPIL, 0.0) == 0
    book.begin("ben", PUPIL, 0.0)
    assert book.wait("ben", PUPIL, 0.0) == DEVICE.longest
    assert book.wait("ben", TEACHER, 0.0) == 0


def test_somebody_whom_a_guessing_device_knows_is_not_slowed_by_its_guesses_at_others() -> None:
    book = Guessing()
    book.right("anna", PUPIL, 0.0)
    for number in range(DEVICE.free + 5):
        book.begin(f"pupil{number}", PUPIL, 0.0)
    assert book.wait("anna", PUPIL, 0.0) == 0


def test_a_class_that_guesses_at_one_account_slows_it_only_where_it_was_never_right() -> None:
    book = Guessing()
    book.right("tess", TEACHER, 0.0)
    for number in range(ACCOUNT.free):
        book.begin("tess", f"10.1.0.{number}", 1.0)
    for _ in range(ACCOUNT.first):
        assert book.wait("tess", "10.2.0.1", 1.0) == 0
        book.begin("tess", "10.2.0.1", 1.0)
    assert book.wait("tess", "10.2.0.1", 1.0) > 0
    assert book.wait("tess", TEACHER, 1.0) == 0
    assert book.wait("anna", "10.2.0.1", 1.0) == 0


def test_a_network_of_countless_addresses_has_the_first_tries_of_one_device() -> None:
    book = Guessing()
    for number in range(ACCOUNT.free):
        book.begin("tess", f"10.1.0.{number}", 1.0)
    checked = 0
    for number in range(1000):
        if book.wait("tess", f"2001:db8::{number:x}", 1.0) == 0:
            book.begin("tess", f"2001:db8::{number:x}", 1.0)
            checked += 1
    assert checked == ACCOUNT.first
    assert book.wait("tess", "2001:db8:0:1::1", 1.0) == 0


def test_at_a_device_where_the_account_was_right_waits_are_short() -> None:
    """Neither for ever, for a teacher whose place somebody took, nor free for whoever took it."""
    book = Guessing()
    book.right("tess", TEACHER, 0.0)
    now = fail(book, 40, address=TEACHER)
    assert book.wait("tess", TEACHER, now) == KNOWN.longest == 60
    assert book.wait("tess", TEACHER, now + KNOWN_SECONDS + 1) == 0


def test_a_day_of_rest_is_a_new_beginning() -> None:
    book = Guessing()
    now = fail(book, 15)
    book.begin("tess", PUPIL, now + guessing.DAY)
    assert book.wait("tess", PUPIL, now + guessing.DAY) == 0


def test_a_device_with_countless_addresses_is_one_network() -> None:
    book = Guessing()
    for number in range(guessing.NETWORK.free):
        book.begin(f"pupil{number}", f"2001:db8::{number:x}", 0.0)
    assert book.wait("tess", "2001:db8::ffff:1", 0.0) == 0
    book.begin("tess", "2001:db8::ffff:1", 0.0)
    assert book.wait("tess", "2001:db8::ffff:2", 0.0) > 0
    assert book.wait("tess", "2001:db8:0:1::1", 0.0) == 0


def test_it_is_told_at_the_twentieth_try_and_then_once_an_hour() -> None:
    told: list[Guessed] = []
    book = Guessing(told.append)
    for _ in range(5):
        book.begin("tess", PUPIL, 0.0)
    for _ in range(14):
        book.again("tess", PUPIL, 0.5)
    assert not told
    for _ in range(50):
        book.again("tess", PUPIL, 0.6)
    assert told == [Guessed("device and account", "tess", PUPIL, 20)]
    book.again("tess", PUPIL, 0.6 + HOUR)
    assert len(told) == 2


def test_a_guesser_grows_nothing_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "MOST_COUNTS", 50)
    monkeypatch.setattr(guessing, "MOST_KNOWN", 20)
    book = Guessing()
    for number in range(500):
        book.begin(f"name{number}", f"10.0.{number % 250}.1", float(number))
        book.right(f"right{number}", PUPIL, float(number))
        book.again(f"never begun{number}", TEACHER, float(number))
    assert len(book._once) <= 50
    assert len(book._counts) <= 50
    assert len(book._known) <= 20


def test_nobody_makes_us_forget_their_guesses_by_trying_countless_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guessing, "MOST_COUNTS", 50)
    book = Guessing()
    fail(book, 5)
    for number in range(500):
        book.begin(f"name{number}", PUPIL, 0.0)
    assert book.wait("tess", PUPIL, 0.0) > 0


def test_after_a_day_of_guesses_from_changing_addresses_the_owner_is_heard_anywhere() -> None:
    """A try every 0.15 s, each from another address: what the owner's own devices did is all that counts."""
    book = Guessing()
    for number in range(20_000):
        now, address = number * 0.15, f"10.{number % 7}.{number % 250}.7"
        if book.wait("tess", address, now) == 0:
            book.begin("tess", address, now)
        assert number % 100 or book.wait("tess", TEACHER, now) == 0
    assert sum(book.failed("tess", f"10.{n % 7}.{n % 250}.7", now) for n in range(1750)) <= 1750 * 2 + 150


DEVICES = ["10.0.0.1", "10.0.0.2", "10.0.0.9", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["tess", "ben", "kim", *(f"name{each}" for each in range(40))]),
            st.sampled_from(DEVICES),
            st.sampled_from([0.0, 0.0, 0.1, 60.0]),
            st.integers(1, 60),
        ),
        max_size=40,
    ),
    st.sampled_from(DEVICES),
)
def test_where_an_account_did_not_fail_its_first_try_is_heard_whatever_others_do(
    guesses: list[tuple[str, str, float, int]], device: str
) -> None:
    book, now = Guessing(), 0.0
    for username, address, pause, times in guesses:
        if username == "tess" and device_of(address) == device_of(device):
            continue
        for _ in range(times):
            now += pause
            if book.wait(username, address, now) == 0:
                book.begin(username, address, now)
            else:
                book.again(username, address, now)
    assert book.wait("tess", device, now) == 0


@given(st.lists(st.tuples(st.sampled_from(["tess", "anna"]), st.floats(0, 2000)), max_size=60))
def test_nobody_who_keeps_trying_gets_more_than_the_waits_allow(tries: list[tuple[str, float]]) -> None:
    """However the tries are spread, those of one account and device keep to 5, and 1, 2, 4 ... seconds."""
    book, now = Guessing(), 0.0
    checked: dict[str, list[float]] = {"tess": [], "anna": []}
    for username, pause in tries:
        now += pause
        if book.wait(username, PUPIL, now) == 0:
            book.begin(username, PUPIL, now)
            checked[username].append(now)
        else:
            book.again(username, PUPIL, now)
    for times in checked.values():
        for number, (before, after) in enumerate(pairwise(times[4:])):
            assert after - before >= min(2.0**number, HERE.longest) - 1e-6


# -- through a real gate


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"allowed.test": "education"}) as running:
        yield running


def ask(gate: Gate, user: str, password: str, source: str) -> bytes:
    """The status line, from a device of this address."""
    with socket.create_connection(("127.0.0.1", gate.port), 5, (source, 0)) as client:
        login = proxy_login(user, password)
        head = b"GET http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\nConnection: close\r\n"
        return exchange(client, head + login + b"\r\n").partition(b"\r\n")[0]


def test_twenty_wrong_passwords_from_one_device_are_slowed_and_told(gate: Gate) -> None:
    """ID-012. The clock stands still: after five, none of them is looked at, the right one neither."""
    gate.set_clock(NOON)
    answers = [ask(gate, "ben", f"wrong{number}", "127.0.1.5")[9:12] for number in range(20)]
    assert answers == [b"407"] * 5 + [b"429"] * 15
    assert ask(gate, "ben", "pass:word", "127.0.1.5")[9:12] == b"429"
    assert ask(gate, "ben", "pass:word", "127.0.1.6")[9:12] == b"200"
    assert ask(gate, "kim", "pass:word", "127.0.1.5")[9:12] == b"200"
    rows = gate.wait_rows(lambda rows: any(r["kind"] == "event" for r in rows))
    (event,) = [row for row in rows if row["kind"] == "event"]
    assert (event["reason"], event["verdict"], event["person"]) == ("guessing", "block", "p_ben")
    assert event["rule"] == "device and account: 20 tries"
    assert (event["status"], event["url"], event["method"], event["page"]) == (None, None, "", False)
    tries = [row["reason"] for row in rows if row["kind"] == "request" and row["verdict"] == "block"]
    assert tries == ["wrong-credentials"] * 5 + ["too-many"] * 16


def test_a_whole_class_that_guesses_does_not_lock_a_teacher_out(gate: Gate) -> None:
    """Sixty wrong passwords from twelve addresses, and thirty wrong names behind one that is shared."""
    gate.set_clock(NOON + timedelta(seconds=5))
    for number in range(60):
        ask(gate, "kim", f"guessed{number}", f"127.0.5.{number % 12}")
    assert ask(gate, "kim", "pass:word", "127.0.6.1")[9:12] == b"200"
    for number in range(30):
        ask(gate, f"name{number}", "guessed", "127.0.7.1")
    assert ask(gate, "ben", "pass:word", "127.0.7.1")[9:12] == b"200"


def test_after_the_wait_the_right_password_counts_again(gate: Gate) -> None:
    gate.set_clock(NOON + timedelta(seconds=10))
    for number in range(5):
        ask(gate, "tess", f"wrong{number}", "127.0.2.5")
    assert ask(gate, "tess", "pass:word", "127.0.2.5")[9:12] == b"429"
    gate.set_clock(NOON + timedelta(seconds=12))
    assert ask(gate, "tess", "pass:word", "127.0.2.5")[9:12] == b"200"


def test_a_device_that_keeps_an_old_password_locks_nobody_out(gate: Gate) -> None:
    for _ in range(30):
        assert ask(gate, "anna", "last year's", "127.0.3.5")[9:12] == b"407"
    assert ask(gate, "anna", "pass:word", "127.0.3.5")[9:12] == b"200"


def test_the_page_says_what_to_do(gate: Gate) -> None:
    for number in range(6):
        reply = gate.curl("http://allowed.test/", user="nobody-here", password=f"wrong{number}")
    assert reply.status == 429
    assert "Too many wrong passwords" in reply.text
    assert "Retry-After: 60" in reply.head
    assert "Proxy-Authenticate" not in reply.head
