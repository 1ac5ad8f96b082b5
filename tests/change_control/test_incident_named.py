"""Whom a public report names does not read it, and somebody always does."""

import pytest
from sqlalchemy import text

from audit_log.db import writing
from audit_log.people import change_person
from change_control.desk import Desk
from change_control.incident_named import named_in
from change_control.incident_reports import GROWN_UP, HEAD, OTHER, Said, leaders, report_publicly
from change_control.incident_rights import Looker, View, view_of
from tests.builders import NOON
from tests.change_control.school import somebody

LEADERS = ("cora", "hedy")


def read_by(desk: Desk, happened: str, said: str) -> set[str]:
    with writing(desk.engine) as conn:
        change_person(conn, somebody(desk, "cora").id, name="Cora Müller")
        change_person(conn, somebody(desk, "hedy").id, name="Hedy O'Brien-Li")
    case = report_publicly(desk, Said(happened, said), NOON)
    looks = {name: Looker(somebody(desk, name).id, somebody(desk, name).role) for name in LEADERS}
    return {name for name, looker in looks.items() if view_of(case, looker) is View.ALL}


@pytest.mark.parametrize(
    ("happened", "said", "expected"),
    [
        (OTHER, "I am afraid of Mrs Muller", {"hedy"}),
        (OTHER, "MÜLLER's room, after school", {"hedy"}),
        (OTHER, "she signs as cora", {"hedy"}),
        (OTHER, "the headteacher, mr o'brien-li, was there", {"cora"}),
        (OTHER, "the decoration fell on a mullerian", {"cora", "hedy"}),
        (OTHER, "Cora Müller and Hedy O'Brien-Li", {"cora", "hedy"}),  # somebody has to read it
        (GROWN_UP, "Mrs Müller shouts", {"hedy"}),
        (GROWN_UP, "Hedy shouts", {"cora"}),
        (GROWN_UP, "they all shout", {"hedy"}),
        (HEAD, "and Mrs Müller laughs", {"cora"}),
    ],
)
def test_a_leader_who_is_named_does_not_read_it_where_another_can(
    desk: Desk, happened: str, said: str, expected: set[str]
) -> None:
    assert read_by(desk, happened, said) == expected


def test_where_one_leader_is_left_they_read_what_names_them(desk: Desk) -> None:
    with writing(desk.engine) as conn:
        change_person(conn, somebody(desk, "hedy").id, ends_at=NOON)
    assert read_by(desk, OTHER, "Mrs Müller") >= {"cora"}


def test_somebody_without_a_name_is_named_by_nothing(desk: Desk) -> None:
    with writing(desk.engine) as conn:
        conn.execute(text("UPDATE person SET name = ' ' WHERE username = 'cora'"))
    known = leaders(desk, NOON)
    assert named_in("", known) == named_in("a few words", known) == []
