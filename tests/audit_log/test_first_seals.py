"""Seals of the first format still hold: a row of that time that was changed is found, with its batch."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from audit_log.db import reading, writing
from audit_log.first_seals import FIRST_OPENING, Halves, hash_of
from audit_log.recorder import Recorder
from audit_log.row_verification import verify_rows
from audit_log.rows import CLOSING
from audit_log.verification import Verification
from tests.audit_log.attacks import attack, verified
from tests.audit_log.earlier import store_earlier
from tests.audit_log.records import a_segment, a_whole, event_id
from tests.builders import NOON

BATCH = "The rows stored at 2026-11-24T12:00:00.000000Z (seal 1, 2 requests) are not what was sealed"


@pytest.fixture
def log(engine: Engine, tmp_path: Path, without_guards: Callable[[Engine], None]) -> Engine:
    """Four rows of before, and one of now."""
    with writing(engine) as conn:
        store_earlier(conn)
    a_segment(tmp_path, [a_whole(9)])
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()
    without_guards(engine)
    return engine


def test_rows_of_before_and_of_now_are_whole_together(log: Engine) -> None:
    assert verified(log) == Verification(True, 5, None, "All 5 rows are as they were sealed.")


@pytest.mark.parametrize("column", [*FIRST_OPENING[3:], *CLOSING])
def test_whatever_is_edited_in_a_row_of_before_is_found(log: Engine, column: str) -> None:
    odd = {"decrypted": "NOT decrypted"}
    number = {"status", "bytes_up", "bytes_down", "duration_ms"}
    value = odd.get(column, f"{column} + 1" if column in number else "'changed'")
    found = attack(log, f"UPDATE {{log}} SET {column} = {value} WHERE event_id = :id", id=event_id(1))  # noqa: S608  # our own words

    assert any(BATCH in each for each in found.named), found.named


@pytest.mark.parametrize("change", ["search_terms = 'x'", "page = NOT page", "keep = 'pupils'"])
def test_what_a_row_of_before_had_not_yet_cannot_be_given_to_it(log: Engine, change: str) -> None:
    assert attack(log, f"UPDATE {{log}} SET {change} WHERE event_id = :id", id=event_id(1)).says.startswith(  # noqa: S608  # our own words
        f"Row {event_id(1)} of 24 November 2026 12:00 was edited: it was recorded before"
    )


def test_a_row_of_before_that_was_removed_is_counted(log: Engine) -> None:
    found = attack(log, "DELETE FROM {log} WHERE event_id = :id", id=event_id(1))

    assert f"{BATCH}: 2 were opened, and 1 are there." in found.named


def test_a_seal_of_the_first_format_after_one_of_the_second_is_none(log: Engine) -> None:
    with writing(log) as conn:
        conn.execute(text("UPDATE filtering_seal SET part = NULL WHERE seq = 3"))
    with reading(log) as conn:
        assert verify_rows(conn).says == "Seal 3 of the filtering log was moved to another part."


@given(st.lists(st.tuples(st.text(max_size=4), st.none() | st.integers()), unique_by=lambda each: each[0]))
def test_halves_added_one_by_one_hash_as_all_at_once(halves: list[tuple[str, int | None]]) -> None:
    one_by_one = Halves()
    for values in sorted(halves, key=lambda each: each[0]):
        one_by_one.add(values)

    assert str(one_by_one) == hash_of(halves)
    assert one_by_one.count == len(halves)
