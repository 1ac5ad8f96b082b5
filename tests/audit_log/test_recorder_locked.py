"""What others do to the recorder's tables: lock them, or take one away. Neither frightens anybody."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from audit_log import db, parts, recorder
from audit_log.db import migrate, open_engine, writing
from audit_log.recorder import Recorder
from tests.audit_log.recording import outcomes
from tests.audit_log.records import a_live_gate, a_segment, a_whole
from tests.builders import NOON


def impatient(url: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.05)
    engine = open_engine(url)
    migrate(engine)
    return engine


def turned(recorder: Recorder, times: int) -> list[tuple[str, str]]:
    with capture_logs() as said:
        for _ in range(times):
            recorder._turn()
    return [(line["event"], line["log_level"]) for line in said]


def test_a_lock_that_does_not_last_is_no_alarm(
    fresh_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = impatient(fresh_sqlite_url, monkeypatch)
    journal = tmp_path / "journal"
    moves = Recorder(engine, journal)
    a_segment(journal, [a_whole(1)])
    with writing(engine):
        assert turned(moves, 3) == [("sql.busy", "info")]

    assert turned(moves, 1) == []
    assert outcomes(engine) == {1: "done"}
    engine.dispose()


def test_a_lock_that_lasts_is_an_alarm(
    fresh_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "LASTS", 0.0)
    engine = impatient(fresh_sqlite_url, monkeypatch)
    journal = tmp_path / "journal"
    moves = Recorder(engine, journal)
    a_segment(journal, [a_whole(1)])
    with writing(engine):
        assert turned(moves, 2) == [("sql.busy", "info"), ("sql.lost", "error")]

    assert turned(moves, 1) == [("sql.found_again", "warning")]
    engine.dispose()


def test_a_table_that_retention_took_is_made_again_at_once(engine: Engine, tmp_path: Path) -> None:
    moves = Recorder(engine, tmp_path)
    with a_live_gate(tmp_path) as write:
        write(a_whole(1))
        moves._turn()
        with writing(engine) as conn:
            parts.drop(conn, parts.table_for(conn, NOON.date()))
        write(a_whole(2))

        assert "error" not in {level for _, level in turned(moves, 1)}
        assert outcomes(engine) == {2: "done"}
