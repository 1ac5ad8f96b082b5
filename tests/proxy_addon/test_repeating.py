"""Who asks again and again for what is not open has one row, and nothing else happens to them."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_policy.model import Reason, RepeatedBlocks
from proxy_addon import repeating
from proxy_addon.repeating import OF_ANOTHER_KIND, Repeating
from tests.builders import NOON, POLICY, a_person
from tests.harness import Gate, a_gate, an_account, everybody

THREE = RepeatedBlocks(times=3, minutes=10)
SAYS = "blocks: 3 in 10 minutes"


def told(
    *tries: float, book: Repeating | None = None, person: str = "p_anna", reason: Reason = Reason.LOCKED
) -> list[float]:
    book = book or Repeating()
    return [now for now in tries if book.blocked(person, reason, now, THREE)]


def test_as_many_as_the_policy_says_within_its_time_are_told_once() -> None:
    assert told(0, 1, 2, 3, 4, 5, 599) == [2]
    assert told(0, 300, 599.9) == [599.9]
    assert told(0, 1, 600) == []
    assert told(0, 1, 600, 600.5) == [600.5]


def test_the_row_says_how_many_and_counting_begins_anew_after_its_time() -> None:
    book = Repeating()
    assert [book.blocked("p_anna", Reason.LOCKED, now, THREE) for now in (0, 1, 2)] == ["", "", SAYS]
    assert told(3, 4, 5, 602, 603, 604, 605, book=book) == [604]


def test_each_person_is_counted_alone_and_nobody_not_at_all() -> None:
    book = Repeating()
    assert told(0, 1, book=book) == told(0, 1, book=book, person="p_ben") == []
    assert told(2, book=book) == [2]
    assert told(0, 1, 2, 3, person="") == []


@pytest.mark.parametrize("reason", sorted(OF_ANOTHER_KIND))
def test_what_is_no_wish_for_a_site_is_not_counted(reason: Reason) -> None:
    assert told(0, 1, 2, 3, reason=reason) == []


def test_a_new_policy_counts_from_then_on() -> None:
    book = Repeating()
    assert told(0, 1, book=book) == []
    assert book.blocked("p_anna", Reason.LOCKED, 2, RepeatedBlocks(times=5, minutes=10)) == ""
    assert book.blocked("p_anna", Reason.LOCKED, 3, THREE) == SAYS


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating, "MOST_PEOPLE", 2)
    book = Repeating()
    for person in ("a", "b", "a", "c"):
        told(0, book=book, person=person)
    assert set(book._tries) == {"a", "c"}


@given(st.lists(st.floats(0, 3000), max_size=60).map(sorted), st.integers(1, 5), st.integers(1, 10))
def test_one_row_for_each_time_and_never_for_fewer(tries: list[float], times: int, minutes: int) -> None:
    book, limit = Repeating(), RepeatedBlocks(times, minutes)
    rows = [now for now in tries if book.blocked("p_anna", Reason.LOCKED, now, limit)]

    assert all(later - earlier >= minutes * 60 for earlier, later in pairwise(rows))
    for now in rows:
        assert sum(now - minutes * 60 < each <= now for each in tries) >= times


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    policy = POLICY + "incidents: {repeated_blocks: {times: 3, minutes: 10}}\n"
    sue = an_account(a_person("sue", suspended_from=NOON - timedelta(days=1)))
    sites = {"bet.test": "gambling", "abuse.test": "child-sexual-abuse"}
    with a_gate(policy, sites=sites, accounts=[*everybody(), sue]) as found:
        yield found


def test_what_is_opened_is_counted_and_not_what_a_page_or_a_program_loads(gate: Gate) -> None:
    def ask(url: str, part: str = "document", user: str = "anna") -> None:
        said = ("-H", f"Sec-Fetch-Dest: {part}", "-H", "Sec-Fetch-Mode: navigate")
        assert gate.curl(url, *said, user=user).status == 403

    for number in range(4):
        assert gate.curl(f"http://bet.test/{number}", user="anna").status == 403
        assert gate.curl(f"http://bet.test/{number}", "-d", "a=b", user="anna").status == 403
        ask("http://bet.test/advertisement", "iframe")
        ask("http://bet.test/1", user="sue")  # she is suspended

    for page in "12":
        ask(f"http://bet.test/{page}")
        ask(f"http://bet.test/{page}", user="ben")
        ask("http://bet.test/tracker", "image")
        ask("http://abuse.test/")
    assert not noticed(gate)

    gate.set_clock(NOON + timedelta(minutes=9))
    ask("http://bet.test/3")
    ask("http://bet.test/4")
    gate.wait_rows(lambda rows: any(each["kind"] == "event" for each in rows))
    assert noticed(gate) == [("repeated-blocks", SAYS, "p_anna", False, None, None)]


def noticed(gate: Gate) -> list[tuple[object, ...]]:
    names = ("reason", "rule", "person", "page", "url", "host")
    return [tuple(row[name] for name in names) for row in gate.rows() if row["kind"] == "event"]
