"""What was removed is not found in SQLite's files afterwards, neither after a night nor after an erasure."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from audit_api.row_keeping import RowKeeping
from audit_log.db import overwrite_removed, reading, sqlite_library
from change_control.desk import Desk
from change_control.proposals import approve
from tests.builders import NOON
from tests.change_control.aging import ONE_DAY, OVER, School
from tests.change_control.protected import erases, leaves
from tests.change_control.school import somebody, the

SECRET = "secret-clinic.example"
in_wal_mode = pytest.mark.skipif(sqlite_library().journal_mode != "WAL", reason="an older SQLite has no WAL")


@pytest.fixture
def school_of_old(desk: Desk, tmp_path: Path) -> School:
    return School(desk, tmp_path / "journal")


def found(desk: Desk, what: str) -> int:
    """How often, in the database file and all beside it."""
    path = Path(str(desk.engine.url.database))
    return sum(each.read_bytes().count(what.encode()) for each in path.parent.glob(f"{path.name}*"))


def test_a_purge_leaves_nothing_in_the_file_nor_in_the_wal(school_of_old: School) -> None:
    for number in range(60):
        school_of_old.record(url=f"https://{SECRET}/page{number}", host=SECRET)
    stays = school_of_old.record(keep="adults", at=NOON + 5 * ONE_DAY, host="stays.example")
    school_of_old.steady(OVER)
    assert found(school_of_old.desk, f"{SECRET}/page") >= 60

    RowKeeping(school_of_old.desk).look(OVER)
    assert school_of_old.ids() == [stays]
    assert found(school_of_old.desk, f"{SECRET}/page") == 0
    assert found(school_of_old.desk, "stays.example") > 0


def test_an_erasure_leaves_no_name_in_the_file_nor_in_the_wal(desk: Desk) -> None:
    name = somebody(desk, "anna").name
    leaves(desk, "anna")
    asked = erases(desk, "terry", "anna", NOON + timedelta(hours=1))
    assert found(desk, name) > 0

    approve(desk, the(desk, "hedy"), asked.id, "nothing speaks against it", NOON + timedelta(hours=1))
    assert found(desk, name) == 0


@in_wal_mode
def test_whoever_reads_holds_it_up_and_is_not_cut_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit_log.db.OVERWRITE_SECONDS", 0)
    leaves(desk, "anna")
    with reading(desk.engine) as conn:
        conn.execute(text("SELECT count(*) FROM person"))
        leaves(desk, "ben")
        assert not overwrite_removed(desk.engine)

    assert overwrite_removed(desk.engine)
