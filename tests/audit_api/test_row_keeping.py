"""Once an hour and once a night something is done about the filtering log, and at the start."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

from audit_api.row_keeping import AGAIN, RowKeeping
from audit_log.change_log import entries
from audit_log.db import reading, writing
from tests.audit_api.school import School
from tests.audit_api.test_changes import drop_guards, sealed
from tests.builders import NOON

HOUR = timedelta(hours=1)
LONDON = ZoneInfo("Europe/London")


def hours(school: School) -> int:
    with reading(school.desk.engine) as conn:
        return len(entries(conn, event="filtering-log:seal", limit=1000))


def test_each_hour_is_stated_as_it_ends(school: School) -> None:
    sealed(school, 1)
    keeping = RowKeeping(school.desk)
    stated = []
    for minutes in (30, 61, 90, 121, 150):
        keeping.look(NOON + timedelta(minutes=minutes))
        stated.append(hours(school))

    assert stated == [0, 1, 1, 2, 2]


def test_what_is_over_goes_at_night_and_at_the_start(school: School) -> None:
    sealed(school, 1)
    keeping = RowKeeping(school.desk)
    night = datetime(2027, 2, 23, 3, 0, tzinfo=LONDON)
    for hour in range(-50, 1):
        keeping.look(night + hour * HOUR + timedelta(minutes=2))
        assert ("retention:purge" in school.events()) == (hour == 0)
    started_late = RowKeeping(school.desk)
    started_late.look(night + 9 * HOUR)

    assert school.events().count("retention:purge") == 1


def test_a_missed_night_is_made_up_for_at_the_start(school: School) -> None:
    sealed(school, 1)
    noon = datetime(2027, 2, 23, 12, 0, tzinfo=LONDON)
    for at in (noon - timedelta(days=2), noon - HOUR, noon):
        RowKeeping(school.desk).look(at)

    assert "retention:purge" in school.events()


def test_a_clock_that_is_put_back_does_not_stop_it(school: School) -> None:
    sealed(school, 1)
    keeping = RowKeeping(school.desk)
    keeping.look(NOON + 30 * timedelta(days=1))
    before = hours(school)
    keeping.look(NOON + 2.1 * HOUR)

    assert hours(school) == before + 1


def test_what_fails_is_tried_again_soon(school: School) -> None:
    sealed(school, 1)
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        entry = conn.execute(text("SELECT entry FROM filtering_seal")).scalar()
        conn.execute(text("UPDATE filtering_seal SET entry = 'none'"))
    keeping = RowKeeping(school.desk)
    keeping.look(NOON + 1.1 * HOUR)
    with writing(school.desk.engine) as conn:
        conn.execute(text("UPDATE filtering_seal SET entry = :entry"), {"entry": entry})
    keeping.look(NOON + 1.15 * HOUR)
    assert hours(school) == 0, "it has not been ten minutes"
    keeping.look(NOON + 1.1 * HOUR + AGAIN)

    assert hours(school) == 1
    with reading(school.desk.engine) as conn:
        assert conn.scalar(text("SELECT count(*) FROM filtering_log")) == 1


def test_a_night_in_which_what_is_agreed_on_was_edited_is_made_up_for_soon(school: School) -> None:
    sealed(school, 1)
    night = datetime(2027, 2, 23, 3, 0, tzinfo=LONDON)
    with writing(school.desk.engine) as conn:
        said = conn.execute(text("SELECT payload FROM proposal WHERE kind = 'policy'")).scalar()
        edit = text("UPDATE proposal SET payload = :said WHERE kind = 'policy'")
        conn.execute(edit, {"said": str(said).replace("days: 90", "days: 9")})
    keeping = RowKeeping(school.desk)
    for hour in range(-50, 1):
        keeping.look(night + hour * HOUR + timedelta(minutes=2))
    assert "retention:purge" not in school.events()
    with writing(school.desk.engine) as conn:
        conn.execute(edit, {"said": said})
    keeping.look(night + timedelta(minutes=2) + AGAIN)

    assert "retention:purge" in school.events()
