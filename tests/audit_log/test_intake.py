"""A batch goes in once, whatever order its lines come in, and one odd record holds nobody up."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from audit_log.db import reading
from audit_log.intake_batch import BATCH, read_piece
from audit_log.recorder import Recorder
from audit_log.segments import segments
from audit_log.tables import filtering_log, journal_aside
from tests.audit_log.records import Record, a_close, a_segment, a_whole, add_to, an_open, event_id


def moved(engine: Engine, folder: Path, *records: Record) -> int:
    """The new rows after one more segment with these records."""
    a_segment(folder, records, ns=len(segments(folder)) + 1, how="continued")
    return Recorder(engine, folder).run_once()


def outcomes(engine: Engine) -> dict[int, tuple[Any, ...]]:
    """(status, outcome) by number."""
    table = filtering_log.c
    with reading(engine) as conn:
        rows = conn.execute(select(table.event_id, table.status, table.outcome)).all()
    return {int(row.event_id): (row.status, row.outcome) for row in rows}


def aside(engine: Engine) -> dict[str, str]:
    with reading(engine) as conn:
        return {row.key: row.why for row in conn.execute(select(journal_aside))}


def test_an_open_and_its_close_are_one_row(engine: Engine, tmp_path: Path) -> None:
    assert moved(engine, tmp_path, an_open(1), a_close(1), an_open(2), a_whole(3)) == 3

    assert outcomes(engine) == {1: (200, "done"), 2: (None, "interrupted"), 3: (403, "done")}


def test_a_close_may_come_first(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, a_close(1, status=204), an_open(1))

    assert outcomes(engine) == {1: (204, "done")}


def test_a_close_may_come_first_and_long_before(engine: Engine, tmp_path: Path) -> None:
    assert moved(engine, tmp_path, a_close(1, status=204), an_open(2), a_close(2)) == 1
    assert aside(engine) == {f"{event_id(1)}:close": "closed before it was opened"}

    assert moved(engine, tmp_path, an_open(1)) == 1
    assert outcomes(engine) == {1: (204, "done"), 2: (200, "done")}
    assert aside(engine) == {}


def test_what_comes_twice_is_one_row(engine: Engine, tmp_path: Path) -> None:
    assert moved(engine, tmp_path, an_open(1), an_open(1), a_close(1), a_close(1)) == 1
    assert moved(engine, tmp_path, an_open(1), a_close(1)) == 0

    assert outcomes(engine) == {1: (200, "done")}


def test_a_close_that_comes_again_with_its_open_still_closes(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [an_open(1)], how="continued")
    Recorder(engine, tmp_path).run_once()
    assert outcomes(engine) == {1: (None, "interrupted")}

    add_to(path, an_open(1), a_close(1))
    Recorder(engine, tmp_path).run_once()
    assert outcomes(engine) == {1: (200, "done")}


@pytest.mark.parametrize(
    "odd",
    [
        an_open(5, at=None, verdict=None),
        an_open(5) | {"at": "yesterday"},
        an_open(5) | {"groups": 9},
        an_open(5, verdict={"a": "dict"}),
        an_open(5, category="c" * 999 + "\0"),
        an_open(5, reason="nul\0"),
        an_open(5, rule="\ud800"),
        {"t": "no-such-thing", "id": "x\0y\ud800"},
        {"t": "no-such-thing"},
        {"t": "open"},
        {},
    ],
)
def test_an_odd_record_is_kept_aside_and_holds_nobody_up(engine: Engine, tmp_path: Path, odd: Record) -> None:
    moved(engine, tmp_path, an_open(1), odd, a_close(1), an_open(2), a_close(2))

    rows = outcomes(engine)
    assert (rows[1], rows[2]) == ((200, "done"), (200, "done"))
    assert (5 in rows) or len(aside(engine)) == 1, "SQLite takes some things that PostgreSQL does not"


@pytest.mark.parametrize(
    "odd", [{"status": {"a": 1}}, {"down": 2**70}, {"outcome": ["done"]}, {"status": "2OO"}]
)
def test_an_odd_close_is_kept_aside_and_its_row_stays(engine: Engine, tmp_path: Path, odd: Record) -> None:
    path = a_segment(tmp_path, [an_open(1), an_open(2)], how="continued")
    Recorder(engine, tmp_path).run_once()
    add_to(path, a_close(1, **odd), a_close(2))
    Recorder(engine, tmp_path).run_once()

    rows = outcomes(engine)
    assert rows[2] == (200, "done")
    assert rows[1][1] != "interrupted" or len(aside(engine)) == 1


def test_what_is_kept_aside_is_whole(engine: Engine, tmp_path: Path) -> None:
    odd = an_open(5, verdict={"a": "dict"}, url="\ud800\0")
    moved(engine, tmp_path, odd, a_close(5))

    with reading(engine) as conn:
        kept = json.loads(conn.scalar(select(journal_aside.c.record)) or "")
    assert kept == {"open": odd, "close": a_close(5)}


def test_a_batch_is_no_longer_than_a_transaction_should_be(tmp_path: Path) -> None:
    path = a_segment(tmp_path, [an_open(number) for number in range(BATCH + 10)])

    first = read_piece(segments(tmp_path)[0], 0)
    second = read_piece(segments(tmp_path)[0], first.end)
    assert (len(first.opens), len(second.opens)) == (BATCH - 1, 11)
    assert second.end == path.stat().st_size
    assert (first.new_process, second.new_process) == (True, False)
