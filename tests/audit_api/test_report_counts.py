"""What people did in a month is counted in that month alone, whatever stood in the log before and after."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import event

from audit_api.months import Month
from audit_api.report_counts import Readings, readings_of
from audit_api.unblock_figures import Figures, figures_of
from audit_log.db import reading
from change_control.access import record_access
from change_control.looks import Reading, record_export, record_look, record_tail
from change_control.proposals import approve, decline, propose_unblock
from tests.audit_api.school import School, an_ask
from tests.builders import NOON

NOVEMBER = Month.read("2026-11", ZoneInfo("Europe/London"))
LAST, FIRST = NOVEMBER.ends_at - timedelta(microseconds=1), NOVEMBER.ends_at
BY_NAME = Reading("everything", "a worry", by_name=True)


def readings(school: School, month: Month) -> Readings:
    with reading(school.desk.engine) as conn:
        return readings_of(conn, month)


def unblocks(school: School, month: Month) -> Figures:
    with reading(school.desk.engine) as conn:
        return figures_of(conn, month, school.clock())


def look(school: School, who: str, *times: datetime) -> None:
    for at in times:
        record_look(school.desk, school.actor(who), None, "everything", "a worry", at)


def test_a_line_is_in_the_month_of_its_instant(school: School) -> None:
    look(school, "cora", NOON, LAST, FIRST, FIRST + timedelta(days=40))

    assert [readings(school, month).by_name for month in (NOVEMBER.before, NOVEMBER, NOVEMBER.next)] == [
        0,
        2,
        1,
    ]


def test_the_lines_of_a_month_are_read_once_and_without_their_texts(school: School) -> None:
    look(school, "cora", NOON, LAST)
    asked: list[str] = []
    with reading(school.desk.engine) as conn:
        event.listen(conn, "before_cursor_execute", lambda *given: asked.append(given[2]))
        readings_of(conn, NOVEMBER)

    assert len([each for each in asked if "FROM change_log" in each]) == 1
    assert [each for each in asked if "change_text" in each] == []


def test_only_what_was_read_by_name_counts_as_that(school: School) -> None:
    gail, terry = school.actor("gail"), school.actor("terry")
    record_export(school.desk, gail, Reading("everything"), 5, NOON, form="csv")
    record_export(school.desk, terry, BY_NAME, 5, NOON, form="csv")
    record_tail(school.desk, gail, Reading("everything"), NOON)
    record_tail(school.desk, terry, BY_NAME, NOON)
    look(school, "cora", NOON, NOON, NOON)

    found = readings(school, NOVEMBER)

    assert found == Readings((("coordinator", 3), ("technician", 2)), exports=2)
    assert found.by_name == 5


def test_what_was_taken_out_about_one_person_was_read_by_name(school: School) -> None:
    anna = school.person("anna").id
    record_access(school.desk, school.actor("hedy"), anna, {}, "asked in writing", NOON)

    assert readings(school, NOVEMBER) == Readings((("headteacher", 1),), exports=0, accesses=1)


def test_an_answer_is_in_the_month_in_which_it_was_given(school: School) -> None:
    starts, ends = FIRST + timedelta(days=10), FIRST + timedelta(days=10, hours=1)
    times = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
    asked_at = FIRST - timedelta(hours=1)
    ids = [propose_unblock(school.desk, school.actor("tess"), an_ask(**times), asked_at).id for _ in range(2)]

    approve(school.desk, school.actor("terry"), ids[0], "yes", FIRST + timedelta(minutes=59))
    decline(school.desk, school.actor("cora"), ids[1], "no", FIRST + timedelta(minutes=61))

    assert unblocks(school, NOVEMBER) == Figures(2, 0, 0, None)
    assert unblocks(school, NOVEMBER.next) == Figures(0, 1, 1, 120)
