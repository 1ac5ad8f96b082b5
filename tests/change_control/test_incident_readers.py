"""There is always a leader who sees a case, whatever is done to it and whoever becomes what."""

from audit_log.db import reading, writing
from audit_log.incident_model import Incident
from audit_log.incidents import open_cases
from audit_log.people import change_person
from change_control.desk import Desk
from change_control.incident_readers import readers, unread
from change_control.incidents import classify, join, leave, note
from tests.builders import NOON
from tests.change_control.incident_school import a_case, case_of
from tests.change_control.school import refused, somebody, the


def seen_by(desk: Desk, case: Incident) -> list[str]:
    with reading(desk.engine) as conn:
        return [each.username for each in readers(conn, case_of(desk, case), NOON)]


def becomes(desk: Desk, username: str, role: str) -> None:
    with writing(desk.engine) as conn:
        change_person(conn, somebody(desk, username).id, role=role)


def test_a_report_that_leaves_out_the_headteacher_never_becomes_a_case_about_staff(desk: Desk) -> None:
    left_out = frozenset({somebody(desk, "hedy").id})
    case = a_case(desk, "unsorted", None, source="staff", text="see me", exclude=left_out)
    about = {"kind": "staff-personal-channels", "person": somebody(desk, "tess").id}
    says = refused("refused", lambda: classify(desk, the(desk, "cora"), case.id, about, NOON)).says
    assert "chair of governors" in says
    assert seen_by(desk, case) == ["cora"]
    pupil = {"kind": "bullying", "person": somebody(desk, "ben").id}
    assert classify(desk, the(desk, "cora"), case.id, pupil, NOON).kind == "bullying"


def test_the_last_leader_who_sees_a_case_is_not_taken_off_it(desk: Desk) -> None:
    case = a_case(desk, "staff-personal-channels", "tess")
    join(desk, the(desk, "hedy"), case.id, somebody(desk, "cora").id, NOON)
    with writing(desk.engine) as conn:
        change_person(conn, somebody(desk, "hedy").id, suspended_from=NOON)
    refused("refused", lambda: leave(desk, the(desk, "cora"), case.id, somebody(desk, "cora").id, NOON))
    assert seen_by(desk, case) == ["cora"]


def test_an_accused_who_becomes_headteacher_takes_the_case_to_the_coordinator(desk: Desk) -> None:
    case = a_case(desk, "staff-personal-channels", "tess")
    assert seen_by(desk, case) == ["hedy"]
    becomes(desk, "hedy", "staff")
    becomes(desk, "tess", "headteacher")
    assert seen_by(desk, case) == ["cora"]
    note(desk, the(desk, "cora"), case.id, "the headteacher's own case", NOON)
    refused("not-found", lambda: note(desk, the(desk, "tess"), case.id, "mine", NOON))


def test_how_many_cases_nobody_can_read_is_known_as_a_number(desk: Desk) -> None:
    """But not to whom they are about."""
    a_case(desk, "staff-personal-channels", "hedy")
    a_case(desk)
    assert numbers(desk, "gail", "hedy") == [0, 0]
    becomes(desk, "cora", "staff")
    assert numbers(desk, "gail", "hedy") == [1, 0]


def numbers(desk: Desk, *usernames: str) -> list[int]:
    askers = [somebody(desk, each).id for each in usernames]
    with reading(desk.engine) as conn:
        return [unread(conn, open_cases(conn), NOON, each) for each in askers]
