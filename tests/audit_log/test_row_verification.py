"""The seal of the filtering log holds: a row changed, added or taken away is found, with its batch."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from audit_log.db import open_engine, reading, writing
from audit_log.recorder import Recorder
from audit_log.row_verification import verify_rows
from audit_log.rows import CLOSING, OPENING
from audit_log.seal import leaf_of
from audit_log.verification import Verification
from tests.audit_log.records import a_close, a_segment, a_whole, add_to, an_open, event_id
from tests.builders import NOON


def verified(engine: Engine) -> Verification:
    with reading(engine) as conn:
        return verify_rows(conn)


def attack(engine: Engine, *statements: str, **values: Any) -> Verification:
    with writing(engine) as conn:
        for statement in statements:
            conn.execute(text(statement), values)
    return verified(engine)


def store(engine: Engine, folder: Path) -> None:
    """Three seals: three requests, then a close and two more, then a close alone; one is never closed."""
    path = a_segment(folder, [an_open(1), an_open(2), a_whole(3, url="https://é.example/\ufffd")])
    recorder = Recorder(engine, folder, clock=lambda: NOON)
    recorder.run_once()
    for records in ([a_close(1), an_open(4), an_open(5), a_close(5)], [a_close(4, decrypted=True)]):
        add_to(path, *records)
        Recorder(engine, folder, clock=lambda: NOON).run_once()


@pytest.fixture
def log(engine: Engine, tmp_path: Path, without_guards: Callable[[Engine], None]) -> Engine:
    store(engine, tmp_path)
    without_guards(engine)
    return engine


def test_an_untouched_log_is_whole(log: Engine) -> None:
    assert verified(log) == Verification(True, 5, None, "All 5 rows are as they were sealed.")


def test_an_empty_log_is_whole(engine: Engine) -> None:
    assert verified(engine).whole


def test_seals_are_of_what_is_stored_and_not_of_empty_turns(log: Engine, tmp_path: Path) -> None:
    Recorder(log, tmp_path).run_once()

    with reading(log) as conn:
        assert conn.scalar(text("SELECT count(*) FROM filtering_seal")) == 3


def test_a_changed_row_is_found(log: Engine) -> None:
    assert attack(
        log, "UPDATE filtering_log SET person_id = 'p_ben' WHERE event_id = :id", id=event_id(5)
    ) == (
        Verification(
            False,
            5,
            2,
            "The rows stored at 2026-11-24T12:00:00.000000Z (seal 2, 2 requests) are not what was sealed.",
        )
    )


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_a_removed_row_is_found(log: Engine, number: int) -> None:
    found = attack(log, "DELETE FROM filtering_log WHERE event_id = :id", id=event_id(number))

    assert found.first_bad == (1 if number < 4 else 2)
    assert "are there" in found.says


@pytest.mark.parametrize("seal", ["NULL", "1", "3", "99"])
def test_an_added_row_is_found(log: Engine, seal: str) -> None:
    columns = ", ".join(OPENING[1:] + CLOSING)
    values = f"SELECT 'new', {columns}, {seal}, NULL FROM filtering_log WHERE event_id = :id"  # noqa: S608  # our own names
    found = attack(
        log,
        f"INSERT INTO filtering_log (event_id, {columns}, opened_in, closed_in) {values}",
        id=event_id(2),
    )

    assert not found.whole


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
    assert not attack(log, f"UPDATE filtering_log SET {change} WHERE event_id = :id", id=event_id(5)).whole  # noqa: S608  # our own words


@pytest.mark.parametrize("change", ["status = 200", "outcome = 'done'", "decrypted = true"])
def test_an_ending_that_was_made_up_is_found(log: Engine, change: str) -> None:
    found = attack(log, f"UPDATE filtering_log SET {change} WHERE event_id = :id", id=event_id(2))  # noqa: S608  # our own words

    assert found.says == f"Row {event_id(2)} of the filtering log is not covered by any seal."


def test_a_removed_seal_is_found(log: Engine) -> None:
    assert (
        attack(log, "DELETE FROM filtering_seal WHERE seq = 2").says
        == "Seal 2 of the filtering log is missing."
    )


def test_a_rewritten_seal_is_found(log: Engine) -> None:
    with writing(log) as conn:
        row = conn.execute(text("SELECT entry, prev FROM filtering_seal WHERE seq = 2")).one()
    changed = row.entry.replace('"opened":2', '"opened":1')

    assert attack(log, "UPDATE filtering_seal SET entry = :entry WHERE seq = 2", entry=changed).first_bad == 2
    leaf = leaf_of(row.prev, changed)
    assert attack(log, "UPDATE filtering_seal SET leaf = :leaf WHERE seq = 2", leaf=leaf).first_bad == 3


@pytest.mark.parametrize("entry", ["[]", "{}", "no json"])
def test_a_seal_that_is_none_is_found_and_stops_nobody(log: Engine, entry: str) -> None:
    with writing(log) as conn:
        prev = conn.scalar(text("SELECT prev FROM filtering_seal WHERE seq = 3"))
    update = "UPDATE filtering_seal SET entry = :entry, leaf = :leaf WHERE seq = 3"

    assert attack(log, update, entry=entry, leaf=leaf_of(prev, entry)).says.endswith("is not a seal.")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE filtering_seal SET entry = '{}' WHERE seq = 1",
        "DELETE FROM filtering_seal",
        "INSERT INTO filtering_seal SELECT 9, entry, prev, leaf FROM filtering_seal WHERE seq = 1",
    ],
)
def test_the_database_itself_keeps_the_seals(engine: Engine, tmp_path: Path, change: str) -> None:
    store(engine, tmp_path)

    with pytest.raises(DBAPIError, match=r"append-only|a chain"):
        attack(engine, change)


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


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(1, 5),
    column=st.sampled_from((*OPENING, *CLOSING, "opened_in", "closed_in")),
    value=st.none() | st.integers(-3, 600) | st.text(max_size=5) | st.binary(max_size=5),
)
def test_any_changed_value_is_found(
    empty_log: Callable[[], Path], number: int, column: str, value: object
) -> None:
    folder = empty_log()
    engine = open_engine(f"sqlite:///{folder / 'log.sqlite'}")
    store(engine, folder)
    sql = f"SELECT {column} FROM filtering_log WHERE event_id = ?"  # noqa: S608  # our own names
    with writing(engine) as conn:
        before = conn.exec_driver_sql(sql, (event_id(number),)).scalar()
        with suppress(DBAPIError), conn.begin_nested():
            update = f"UPDATE filtering_log SET {column} = ? WHERE event_id = ?"  # noqa: S608  # our own names
            conn.exec_driver_sql(update, (value, event_id(number)))
        after = conn.exec_driver_sql(sql, (event_id(number),)).scalar()
    whole = verified(engine).whole
    engine.dispose()

    unsealed = column == "outcome" and {before, after} <= {None, "interrupted"}
    assert whole == (unsealed or (before == after and type(before) is type(after)))
