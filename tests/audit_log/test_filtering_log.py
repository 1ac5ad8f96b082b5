"""The filtering log is found newest first, by page and by what is asked; a governor sees no person in it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from audit_log.db import open_engine, reading, writing
from audit_log.filtering_log import (
    CursorError,
    Filter,
    LogRow,
    Tail,
    by_event_id,
    last_seal,
    newer,
    search,
    without_people,
)
from audit_log.recorder import Recorder
from audit_log.tables import correction
from tests.audit_log.records import Record, a_close, a_segment, a_whole, an_open, event_id
from tests.builders import NOON

MANY = [
    an_open(1, kind="connect", method="CONNECT"),
    a_close(1, decrypted=True),
    an_open(2, kind="connect", method="CONNECT", host="bank.example"),
    a_close(2, decrypted=False),
    an_open(3, person="p_ben", classes=["6A", "choir"], groups=["upper-ks2", "library"]),
    a_close(3),
    a_whole(4, host="bet.example", url="https://bet.example/win"),
    a_whole(5, host="notbet.example", reason="locked", category="pornography"),
    a_whole(6, host="www.bet.example"),
    an_open(7, unblock="u_1", reason="unblock"),
    an_open(8, kind="tunnel", host="bbc.example"),
    a_close(8, outcome="cut"),
]


@pytest.fixture
def log(engine: Engine, tmp_path: Path) -> Engine:
    record(engine, tmp_path, MANY)
    return engine


def record(engine: Engine, folder: Path, records: list[Record]) -> None:
    a_segment(folder, records)
    Recorder(engine, folder).run_once()


def found(engine: Engine, **what: Any) -> list[int]:
    with reading(engine) as conn:
        return [int(row.event_id) for row in search(conn, Filter(**what)).rows]


def one(engine: Engine, number: int) -> LogRow:
    with reading(engine) as conn:
        row = by_event_id(conn, event_id(number))
    assert row is not None
    return row


def test_the_newest_comes_first_and_a_connect_that_was_decrypted_is_no_request(log: Engine) -> None:
    assert found(log) == [8, 7, 6, 5, 4, 3, 2]


def test_a_connect_that_was_decrypted_is_there_for_who_asks_for_its_kind(log: Engine) -> None:
    assert found(log, kind="connect") == [2, 1]


@pytest.mark.parametrize(
    ("what", "numbers"),
    [
        ({"from_at": NOON + timedelta(seconds=6)}, [8, 7, 6]),
        ({"to_at": NOON + timedelta(seconds=4)}, [3, 2]),
        ({"from_at": NOON + timedelta(seconds=4), "to_at": NOON + timedelta(seconds=5)}, [4]),
        ({"person_id": "p_ben"}, [3]),
        ({"filter_group": "library"}, [3]),
        ({"filter_group": "upper"}, []),
        ({"class_name": "6A"}, [3]),
        ({"class_name": "6"}, []),
        ({"host": "bet.example"}, [6, 4]),
        ({"host": "*.BET.example"}, [6, 4]),
        ({"host": "example"}, [8, 7, 6, 5, 4, 3, 2]),
        ({"host": "b_t.example"}, []),
        ({"host": "a_b"}, []),
        ({"category": "pornography"}, [5]),
        ({"verdict": "block"}, [6, 5, 4]),
        ({"verdict": "block", "reason": "locked"}, [5]),
        ({"unblock_id": "u_1"}, [7]),
        ({"kind": "tunnel"}, [8]),
        ({"reference": "000-004"}, [4]),
        ({"reference": " ooo oo4 "}, [4]),
        ({"reference": "000-003"}, []),  # nobody had a block page with it
        ({"reference": "ZZZ-ZZZ"}, []),
    ],
)
def test_rows_are_found_by_what_they_hold(log: Engine, what: dict[str, Any], numbers: list[int]) -> None:
    assert found(log, **what) == numbers


def test_a_row_says_everything(log: Engine) -> None:
    assert one(log, 8) == LogRow(
        event_id=event_id(8),
        reference="000-008",
        at=NOON + timedelta(seconds=8),
        kind="tunnel",
        person_id="p_anna",
        role="pupil",
        filter_groups=("upper-ks2",),
        classes=("6B",),
        client_address="127.0.0.9",
        method="GET",
        url="https://news.bbc.example/world/rivers",
        host="bbc.example",
        category="education",
        list_id="starter-education",
        entry="bbc.example",
        verdict="allow",
        reason="category-allowed",
        rule="access.education.everyone",
        unblock_id=None,
        policy_revision="r" * 64,
        search_terms=None,
        page=True,
        keep="everyone",
        status=200,
        bytes_up=512,
        bytes_down=20_480,
        duration_ms=98,
        outcome="cut",
    )


def test_a_row_that_was_recorded_as_anothers_says_whose_it_is(log: Engine) -> None:
    agreed = {"id": "c1", "person_id": "p_anna", "right_person_id": "p_ben", "agreed_at": NOON}
    within = {"from_at": NOON + timedelta(seconds=4), "to_at": NOON + timedelta(seconds=6)}
    with writing(log) as conn:
        conn.execute(insert(correction), agreed | within | {"client_address": "127.0.0.9"})

    assert found(log, person_id="p_ben") == [5, 4, 3]
    assert found(log, person_id="p_anna") == [8, 7, 6, 2]
    assert (one(log, 4).person_id, one(log, 4).recorded_as) == ("p_ben", "p_anna")
    assert (one(log, 3).person_id, one(log, 3).recorded_as) == ("p_ben", None)


def test_what_came_since_a_seal_is_told_oldest_first_and_once(engine: Engine, tmp_path: Path) -> None:
    record(engine, tmp_path, MANY[:4])
    with reading(engine) as conn:
        before = last_seal(conn)
        assert newer(conn, None, before).rows == ()
    a_segment(tmp_path, MANY[4:], ns=2)
    Recorder(engine, tmp_path).run_once()

    with reading(engine) as conn:
        tail = newer(conn, Filter(verdict="block"), before)
        assert [int(row.event_id) for row in tail.rows] == [4, 5, 6]
        assert tail.seal == last_seal(conn) > before
        assert newer(conn, None, tail.seal).rows == ()
        assert len(newer(conn, None, 0, limit=1).rows) >= 1


def test_a_tail_is_of_the_last_ten_minutes(engine: Engine, tmp_path: Path) -> None:
    late = NOON + timedelta(minutes=10, seconds=2)
    record(engine, tmp_path, [a_whole(1), a_whole(2), a_whole(3, at=an_open(at=late)["at"])])

    with reading(engine) as conn:
        assert [int(row.event_id) for row in newer(conn, None, 0).rows] == [2, 3]


def test_an_empty_log_has_no_tail(engine: Engine) -> None:
    with reading(engine) as conn:
        assert newer(conn, None, 0) == Tail((), 0)


def test_an_unknown_row_is_none(log: Engine) -> None:
    with reading(log) as conn:
        assert by_event_id(conn, "no-such-event") is None


def test_a_governor_sees_no_person_and_no_page(engine: Engine, tmp_path: Path) -> None:
    rule, entry = "sites.block.bet.example/win", "bet.example/win"
    record(engine, tmp_path, [a_whole(1, rule=rule, entry=entry, url="https://bet.example/win?who=anna")])

    seen = without_people(one(engine, 1))
    assert "anna" not in str(seen)
    assert "win" not in str(seen)
    assert "127.0.0.9" not in str(seen)
    assert (seen.host, seen.rule, seen.verdict) == ("news.bbc.example", "sites.block.bet.example", "block")


@pytest.mark.parametrize(
    "cursor", ["", "x", "2026-11-24T12:00:00.000000Z", "2026-11-24T12:00:00~a", "~", "~~"]
)
def test_what_is_no_cursor_is_refused(log: Engine, cursor: str) -> None:
    with reading(log) as conn, pytest.raises(CursorError):
        search(conn, cursor=cursor)


def test_an_empty_log_has_one_empty_page(engine: Engine) -> None:
    with reading(engine) as conn:
        page = search(conn)
    assert (page.rows, page.next) == ((), None)


@settings(max_examples=40, deadline=None)
@given(
    seconds=st.lists(st.integers(0, 5), max_size=25),  # many at the same instant
    limit=st.integers(1, 7),
)
def test_the_pages_together_are_the_log(
    empty_log: Callable[[], Path], seconds: list[int], limit: int
) -> None:
    folder = empty_log()
    engine = open_engine(f"sqlite:///{folder / 'log.sqlite'}")
    record(engine, folder, [a_whole(n, at=an_open(s)["at"]) for n, s in enumerate(seconds)])

    pages, cursor = [], None
    with reading(engine) as conn:
        whole = [row.event_id for row in search(conn, limit=100).rows]
        while True:
            page = search(conn, limit=limit, cursor=cursor)
            pages.append([row.event_id for row in page.rows])
            if (cursor := page.next) is None:
                break
    engine.dispose()

    assert [event for page in pages for event in page] == whole
    assert len(whole) == len(seconds)
    assert all(len(page) == limit for page in pages[:-1])
    assert whole == sorted(whole, key=lambda i: (seconds[int(i)], i), reverse=True)
