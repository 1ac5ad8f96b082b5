"""The seal of the filtering log holds: a row edited, removed or added is found, and named."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from audit_log.db import reading, writing
from audit_log.parts import table_for
from audit_log.recorder import Recorder
from audit_log.row_seal import half, seal_of
from audit_log.row_verification import _follow, verify_rows, verify_seals
from audit_log.rows import CLOSING, OPENING
from audit_log.seal import leaf_of
from audit_log.verification import Verification
from tests.audit_log.attacks import attack, copy_row, store, verified
from tests.audit_log.records import a_close, a_segment, a_whole, add_to, an_open, event_id
from tests.builders import NOON

ROW_5 = f"Row {event_id(5)} of 24 November 2026 12:00"
EDITED = f"{ROW_5} was edited: what was asked and decided is not as it was sealed."
TODAY = NOON.date()


@pytest.fixture
def log(engine: Engine, tmp_path: Path, without_guards: Callable[[Engine], None]) -> Engine:
    store(engine, tmp_path)
    without_guards(engine)
    return engine


def update(change: str, number: int = 5) -> str:
    return f"UPDATE {{log}} SET {change} WHERE event_id = '{event_id(number)}'"  # noqa: S608  # our own words


def test_an_untouched_log_is_whole(log: Engine) -> None:
    assert verified(log) == Verification(True, 5, None, "All 5 rows are as they were sealed.")


def test_an_empty_log_is_whole(engine: Engine) -> None:
    assert verified(engine).whole


def test_seals_are_of_what_is_stored_and_not_of_empty_turns(log: Engine, tmp_path: Path) -> None:
    Recorder(log, tmp_path).run_once()

    with reading(log) as conn:
        assert conn.scalar(text("SELECT count(*) FROM filtering_seal")) == 3


def test_an_edited_row_is_named(log: Engine) -> None:
    assert attack(log, update("person_id = 'p_ben'")) == Verification(False, 5, 2, EDITED, (EDITED,))


@pytest.mark.parametrize("column", [*OPENING, *CLOSING, "host_key", "who", "opened_in", "closed_in"])
def test_whatever_is_edited_in_a_row_is_found(log: Engine, column: str) -> None:
    odd = {"at": "'2026-11-24 12:00:05.000001'", "page": "NOT page", "decrypted": "NOT decrypted"}
    number = {"status", "bytes_up", "bytes_down", "duration_ms", "who", "opened_in", "closed_in"}
    value = odd.get(column, f"{column} + 1" if column in number else "'changed'")
    found = attack(log, update(f"{column} = {value}"))

    assert not found.whole
    if column != "event_id":
        assert found.says.startswith(f"{ROW_5} was edited"), found.named
        assert len(found.named) == 1


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_a_removed_row_is_named(log: Engine, number: int) -> None:
    found = attack(log, "DELETE FROM {log} WHERE event_id = :id", id=event_id(number))

    assert found.first_bad == (1 if number < 4 else 2)
    assert found.named == (f"Row {event_id(number)} of 24 November 2026 was removed.",)


@pytest.mark.parametrize(
    ("seal", "how"),
    [
        ("NULL", "no seal covers it"),
        ("1", "the seal that it names does not hold it"),
        ("99", "the seal that it names does not hold it"),
    ],
)
def test_an_added_row_is_named(log: Engine, seal: str, how: str) -> None:
    new = event_id(77)
    found = attack(log, copy_row(2, event_id=f"'{new}'", reference="'000-077'", opened_in=seal))

    assert found.named == (f"Row {new} of 24 November 2026 12:00 was added: {how}.",)


def test_many_faults_are_counted_and_the_first_twenty_named(engine: Engine, tmp_path: Path) -> None:
    a_segment(tmp_path, [a_whole(n) for n in range(1, 41)])
    Recorder(engine, tmp_path).run_once()
    found = attack(engine, "UPDATE {log} SET url = 'x' WHERE event_id > :id", id=event_id(10))

    assert found.says.endswith("In all: 30 rows edited.")
    assert len(found.named) == 20


@pytest.mark.parametrize(
    "change",
    [
        "status = 404",
        "outcome = 'failed'",
        "bytes_down = bytes_down + 1",
        "decrypted = true",
        "closed_in = 1",
        "closed_in = NULL",
        "closed_in = NULL, status = NULL, bytes_up = NULL, bytes_down = NULL, duration_ms = NULL,"
        " outcome = NULL",
    ],
)
def test_an_ending_that_was_changed_is_found(log: Engine, change: str) -> None:
    assert attack(log, update(change)).says.startswith(f"Row {event_id(5)} of 24 November 2026")


@pytest.mark.parametrize("change", ["status = 200", "outcome = 'done'", "decrypted = true"])
def test_an_ending_that_was_made_up_is_found(log: Engine, change: str) -> None:
    assert attack(log, update(change, 2)).says == (
        f"Row {event_id(2)} of 24 November 2026 12:00 was edited: no seal covers how it ended."
    )


def test_a_row_moved_to_another_time_to_keep_is_found(log: Engine) -> None:
    assert attack(log, update("keep = 'adults'")).says == EDITED


def test_a_row_moved_to_another_day_is_found_once(log: Engine) -> None:
    with writing(log) as conn:
        from audit_log.parts import ensure

        ensure(conn, [TODAY - timedelta(days=30)])
    moved = copy_row(5, at="'2026-10-25 12:00:05.000000'").replace("{log}", table_of(log, date(2026, 10, 25)))
    found = attack(log, moved, "DELETE FROM {log} WHERE event_id = :id", id=event_id(5))

    assert len(found.named) == 1
    assert "was edited: the seal, day or time to keep that it names is not its own." in found.says


def table_of(engine: Engine, day: date) -> str:
    with reading(engine) as conn:
        return table_for(conn, day)


def test_a_row_of_no_day_at_all_is_found(sqlite_engine: Engine, tmp_path: Path) -> None:
    store(sqlite_engine, tmp_path)
    found = attack(
        sqlite_engine, copy_row(2, event_id=f"'{event_id(9)}'", at="'one fine day'", opened_in="NULL")
    )

    assert found.named == (f"Row {event_id(9)} of one fine day was added: it is in none of the log's days.",)


# Leaves and seals


@pytest.mark.parametrize("which", ["opened", "closed"])
def test_edited_leaves_are_named_as_such(log: Engine, which: str) -> None:
    found = attack(log, f"UPDATE filtering_leaf SET {which} = :leaves WHERE seq = 2", leaves=b"x" * 116)  # noqa: S608  # our own words

    assert found.named == ("The leaves of seal 2, which tell its rows apart, were changed.",)


def test_a_row_edited_with_its_leaf_is_found(log: Engine) -> None:
    opening = a_row_of(log, 5)
    changed = tuple("p_ben" if value == "p_anna" else value for value in opening)
    with reading(log) as conn:
        leaves = conn.scalar(text("SELECT opened FROM filtering_leaf WHERE seq = 2"))
    forged = bytes(leaves).replace(half(event_id(5), opening), half(event_id(5), changed))
    assert forged != leaves
    found = attack(
        log, update("person_id = 'p_ben'"), "UPDATE filtering_leaf SET opened = :it WHERE seq = 2", it=forged
    )

    assert found.named[0] == "The leaves of seal 2, which tell its rows apart, were changed."
    assert "which of them cannot be told without its leaves" in found.named[1]


def a_row_of(engine: Engine, number: int) -> tuple[Any, ...]:
    """Its opening, as it was sealed."""
    from audit_log.day_rows import rows_of_day

    with reading(engine) as conn:
        return next(row.opening for row in rows_of_day(conn, TODAY) if row.event_id == event_id(number))


def test_a_row_its_leaf_and_its_seal_edited_break_the_chain(log: Engine) -> None:
    with reading(log) as conn:
        leaves = [
            bytes(each)
            for each in conn.execute(text("SELECT opened, closed FROM filtering_leaf WHERE seq = 2")).one()
        ]
        prev = conn.scalar(text("SELECT prev FROM filtering_seal WHERE seq = 2"))
    opening = a_row_of(log, 5)
    changed = tuple("p_ben" if value == "p_anna" else value for value in opening)
    opened = leaves[0].replace(half(event_id(5), opening), half(event_id(5), changed))
    sealed = seal_of(2, NOON, "everyone/2026-11-24", halves(opened), halves(leaves[1]))
    found = attack(
        log,
        update("person_id = 'p_ben'"),
        "UPDATE filtering_leaf SET opened = :opened WHERE seq = 2",
        "UPDATE filtering_seal SET entry = :entry, leaf = :leaf WHERE seq = 2",
        opened=opened,
        entry=sealed.entry,
        leaf=leaf_of(prev, sealed.entry),
    )

    assert found.says == "Seal 3 of the filtering log was changed."


def halves(leaves: bytes) -> list[bytes]:
    return [leaves[start : start + 58] for start in range(0, len(leaves), 58)]


def test_removed_leaves_are_named_and_the_rows_still_held_to_the_roots(log: Engine) -> None:
    found = attack(log, "DELETE FROM filtering_leaf WHERE seq = 1")

    assert found.named == ("The leaves of seal 1, which tell its rows apart, were removed.",)


def test_leaves_of_no_seal_are_found(log: Engine) -> None:
    assert attack(
        log,
        "INSERT INTO filtering_leaf SELECT 9, opened, closed FROM filtering_leaf WHERE seq = 1",
    ).says == ("There are leaves of seal 9 of the filtering log, and no such seal.")


def test_a_removed_seal_is_found(log: Engine) -> None:
    assert (
        attack(log, "DELETE FROM filtering_seal WHERE seq = 2").says
        == "Seal 2 of the filtering log is missing."
    )


def test_a_seal_moved_to_another_part_is_found(log: Engine) -> None:
    for part in ("NULL", "'pupils/2026-11-24'"):
        assert attack(log, f"UPDATE filtering_seal SET part = {part} WHERE seq = 2").says == (  # noqa: S608  # our own words
            "Seal 2 of the filtering log was moved to another part."
        )


def test_a_rewritten_seal_is_found(log: Engine) -> None:
    with writing(log) as conn:
        row = conn.execute(text("SELECT entry, prev FROM filtering_seal WHERE seq = 2")).one()
    changed = row.entry.replace('"opened":2', '"opened":1')

    assert attack(log, "UPDATE filtering_seal SET entry = :entry WHERE seq = 2", entry=changed).first_bad == 2
    leaf = leaf_of(row.prev, changed)
    assert attack(log, "UPDATE filtering_seal SET leaf = :leaf WHERE seq = 2", leaf=leaf).first_bad == 3


@pytest.mark.parametrize("entry", ["[]", "{}", "no json", '{"part": 3}'])
def test_a_seal_that_is_none_is_found_and_stops_nobody(log: Engine, entry: str) -> None:
    with writing(log) as conn:
        prev = conn.scalar(text("SELECT prev FROM filtering_seal WHERE seq = 3"))
    change = "UPDATE filtering_seal SET entry = :entry, leaf = :leaf WHERE seq = 3"

    assert attack(log, change, entry=entry, leaf=leaf_of(prev, entry)).says.endswith("is not a seal.")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE filtering_seal SET entry = '{{}}' WHERE seq = 1",
        "DELETE FROM filtering_seal",
        "INSERT INTO filtering_seal SELECT 9, entry, prev, leaf, part FROM filtering_seal WHERE seq = 1",
    ],
)
def test_the_database_itself_keeps_the_seals(engine: Engine, tmp_path: Path, change: str) -> None:
    store(engine, tmp_path)

    with pytest.raises(DBAPIError, match=r"append-only|a chain"):
        attack(engine, change)


def test_the_days_that_were_asked_for_are_read_alone(log: Engine) -> None:
    attack(log, update("person_id = 'p_ben'"))
    with reading(log) as conn:
        yesterday = verify_rows(conn, days=[TODAY - timedelta(days=1)])
        today = verify_rows(conn, days=[TODAY])

    assert yesterday.says == "All 0 rows of 23 November 2026 are as they were sealed."
    assert today.says == EDITED


def test_progress_is_told_day_by_day(log: Engine) -> None:
    told: list[tuple[str, int, int]] = []
    with reading(log) as conn:
        verify_rows(conn, progress=lambda *step: told.append(step))

    assert told[-1] == ("Reading the rows", len(told), len(told))


@pytest.mark.parametrize(
    ("number", "says"),
    [(0, "There is no seal yet"), (1, "The one seal is the first,"), (2, "All 2 seals follow each other,")],
)
def test_how_many_seals_follow_each_other_is_told_of_none_one_and_many(number: int, says: str) -> None:
    assert _follow(number).startswith(says)


def test_the_chain_alone_is_followed_without_reading_a_row(log: Engine) -> None:
    attack(log, update("person_id = 'p_ben'"))
    with reading(log) as conn:
        assert verify_seals(conn).says.startswith("All 3 seals follow each other")
    attack(log, "DELETE FROM filtering_seal WHERE seq = 2")
    with reading(log) as conn:
        assert not verify_seals(conn).whole


def test_what_was_read_twice_is_sealed_once(engine: Engine, tmp_path: Path) -> None:
    store(engine, tmp_path)
    attack(engine, "DELETE FROM journal_position")

    Recorder(engine, tmp_path).run_once()
    assert verified(engine).whole


def test_a_close_long_after_an_interruption_is_sealed(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [an_open(1), an_open(2)])
    Recorder(engine, tmp_path).run_once()
    add_to(path, a_close(1), a_close(1), {"t": "close", "id": event_id(2), "status": "odd"})
    Recorder(engine, tmp_path).run_once()

    assert verified(engine).whole
