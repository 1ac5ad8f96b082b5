"""What is told of cases to whom they were about: only what is over, and nobody else in it."""

from datetime import timedelta

from audit_api.access_cases import disclosures_about, incidents_about
from audit_log.incident_model import Incident
from change_control.disclosures import Wanted
from change_control.incidents import Told, ask_step, report, sign_step
from change_control.proposals import approve, lapse_due
from change_control.protecting import propose_disclosure
from tests.audit_api.school import School
from tests.builders import NOON

MANY = 10_000


def closed(school: School, kind: str, person: str) -> Incident:
    told = Told("hand", kind, school.person(person).id, text="Ben told me", joins=False)
    case = report(school.desk, told, NOON)
    if case.is_illegal:
        return case
    asked = ask_step(
        school.desk, school.actor("hedy"), case.id, "close", {"reason": "x", "outcome": "no-concern"}, NOON
    )
    second = "cora"
    if case.restricted:
        return case
    return sign_step(school.desk, school.actor(second), case.id, asked.steps[-1].id, NOON)


def test_only_what_is_over_and_not_of_the_staff_is_told(school: School) -> None:
    desk, anna = school.desk, school.person("anna").id
    closed(school, "pupil-circumvention", "anna")
    closed(school, "pupil-illegal-material", "anna")
    report(desk, Told("hand", "bullying", anna), NOON)
    closed(school, "pupil-circumvention", "ben")
    closed(school, "staff-circumvention", "tess")
    (row,) = incidents_about(desk.engine, anna, MANY)
    assert (row["state"], row["closed_at"]) == ("closed", "2026-11-24T12:00:00Z")
    assert "Ben" not in str(row)
    assert list(incidents_about(desk.engine, anna, 1)) == []
    assert list(incidents_about(desk.engine, school.person("tess").id, MANY)) == []


def test_a_disclosure_is_told_when_it_is_over(school: School) -> None:
    tess, wanted = school.person("tess").id, Wanted("tess", NOON - timedelta(days=1), NOON, 2)
    made = propose_disclosure(school.desk, school.actor("sam"), wanted, "a reason", NOON)
    approve(school.desk, school.actor("hedy"), made.id, "", NOON)
    assert list(disclosures_about(school.desk.engine, tess)) == []
    lapse_due(school.desk, NOON + timedelta(days=2))
    (row,) = disclosures_about(school.desk.engine, tess)
    assert (row["state"], "Sam" in str(row)) == ("ended", False)
