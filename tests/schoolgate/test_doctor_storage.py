"""What the doctor says of room and records, before everybody notices a full disk."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit_log.db import migrate, open_engine, writing
from audit_log.heartbeat import HEARTBEAT, JOURNAL
from audit_log.segments import segment_path
from audit_log.tables import journal_aside
from schoolgate import doctor_storage as doctor
from schoolgate.finding import Finding
from schoolgate.settings import Settings, load_settings
from tests.running import ROOT

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PLACE = {"segment": "gate-1-00000000000000000001.journal", "offset": 10, "resume": 25}


def settings_in(folder: Path) -> Settings:
    return load_settings(ROOT / "config", {"SCHOOLGATE_STATE": str(folder)})


def beat(folder: Path, **said: object) -> Settings:
    (folder / JOURNAL).mkdir()
    told = {"at": NOON.isoformat(), "sql": "ok", "behind_bytes": 0, "damaged_bytes": 0} | said
    (folder / JOURNAL / HEARTBEAT).write_text(json.dumps(told))
    return settings_in(folder)


def test_each_damaged_place_that_the_recorder_waits_at_is_a_finding(tmp_path: Path) -> None:
    (finding,) = doctor.damage(beat(tmp_path, stopped=[PLACE]))

    assert not finding.fit
    assert "is damaged from byte 10 to 25" in finding.says
    assert "schoolgate log damage" in finding.says


def test_a_recorder_that_goes_on_is_well_and_one_never_seen_is_not_spoken_of(tmp_path: Path) -> None:
    assert list(doctor.damage(settings_in(tmp_path))) == []
    assert [each.fit for each in doctor.damage(beat(tmp_path))] == [True]


def test_a_backlog_of_hours_is_a_finding(tmp_path: Path) -> None:
    (none,) = doctor.backlog(settings_in(tmp_path))
    (long,) = doctor.backlog(beat(tmp_path, behind_bytes=doctor.MOST_BEHIND + 1))

    assert none.fit
    assert (long.fit, long.says[:22]) == (False, "100 MB wait to be stor")


def test_room_for_less_than_a_weekend_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = beat(tmp_path)
    assert list(doctor.room(settings)) == []  # nothing was written

    segment_path(tmp_path / JOURNAL, "gate-1", 1).write_bytes(bytes(5000))
    (well,) = doctor.room(settings)
    assert isinstance(well, Finding)
    monkeypatch.setattr(doctor, "LEAST_DAYS", 1e15)
    (full,) = doctor.room(settings)

    assert (well.fit, full.fit) == (True, False)
    assert well.says == "5 kB in the last day; there is room for more than a year of it"


def test_only_what_was_written_since_counts_as_growth(tmp_path: Path) -> None:
    for number, at in enumerate((NOON.timestamp() - 1, NOON.timestamp(), NOON.timestamp() + 9)):
        path = segment_path(tmp_path, "gate-1", number)
        path.write_bytes(bytes(100))
        os.utime(path, (at, at))

    assert doctor.written_since(tmp_path, NOON) == 200


def test_records_that_could_not_become_rows_are_a_finding(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert list(doctor.stored(settings)) == []  # no database yet
    engine = open_engine(settings.database)
    migrate(engine)
    with writing(engine) as conn:
        rows = [("a", "not a time: 7"), ("b", "not a time: 8"), ("c", "closed before it was opened")]
        conn.execute(journal_aside.insert(), [{"key": k, "why": w, "record": "{}"} for k, w in rows])
    engine.dispose()

    size, aside = doctor.stored(settings)

    assert (size.fit, size.says[:34]) == (True, "about 0 rows of the filtering log,")
    assert (aside.fit, aside.says[:38]) == (False, "2 could not become rows (not a time); ")


def test_a_database_that_has_outgrown_sqlite_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path)
    engine = open_engine(settings.database)
    migrate(engine)
    engine.dispose()
    monkeypatch.setattr("audit_log.sizes.SQLITE_BYTES", 10)

    (size,) = doctor.stored(settings)

    assert not size.fit
    assert "move to PostgreSQL" in size.says


def test_sizes_are_told_as_people_say_them() -> None:
    assert [doctor._size(size) for size in (999, 1e4, 2.5e7, 1.5e10)] == [
        "999 bytes",
        "10 kB",
        "25 MB",
        "15.0 GB",
    ]
