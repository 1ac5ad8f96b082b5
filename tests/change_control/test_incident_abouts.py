"""Whom a kind may be about, and what is said to whoever picked the wrong one."""

from functools import partial

import pytest

from audit_log.incident_model import Place
from change_control.desk import Desk
from change_control.incident_abouts import NOT_SENIOR, NOT_TO_BE_NAMED, OF_PUPILS, OF_STAFF, kind_fault
from change_control.incident_kinds import kinds
from change_control.incident_reports import StaffReport, report_by_staff
from change_control.incidents import classify, join
from filter_policy.model import Role
from tests.builders import NOON
from tests.change_control.incident_school import a_case
from tests.change_control.school import refused, somebody, the

WRONG = [("staff-circumvention", "anna", OF_STAFF), ("pupil-circumvention", "tess", OF_PUPILS)]


def test_a_kind_of_one_table_is_never_about_somebody_of_the_other() -> None:
    for kind in kinds().values():
        wrong = {role for role in Role if kind_fault(kind, role)}
        adults = {Role.STAFF, Role.TECHNICIAN, Role.COORDINATOR, Role.HEADTEACHER, Role.GOVERNOR}
        assert wrong == {"pupil": adults, "staff": set(Role) - adults}.get(kind.about, set())
        assert kind_fault(kind, None) is None


@pytest.mark.parametrize(("kind", "person", "why"), WRONG)
def test_a_wrong_pick_is_refused_where_a_case_is_opened_reported_and_sorted(
    desk: Desk, kind: str, person: str, why: str
) -> None:
    cora, case = the(desk, "cora"), a_case(desk, "unsorted", None)
    said = {"kind": kind, "person": somebody(desk, person).id}
    told = StaffReport(kind, "what I saw", person)
    for ask in (
        partial(a_case, desk, kind, person, source="hand"),
        partial(report_by_staff, desk, the(desk, "tess"), told, NOON),
        partial(classify, desk, cora, case.id, said, NOON),
    ):
        assert refused("bad-input", ask).fields == {"kind": why}


def test_the_coordinator_keeps_a_case_about_a_pupil_after_a_wrong_pick(desk: Desk) -> None:
    cora, case = the(desk, "cora"), a_case(desk)
    refused("bad-input", partial(classify, desk, cora, case.id, {"kind": "staff-circumvention"}, NOON))
    assert classify(desk, cora, case.id, {"place": "on-site"}, NOON).place is Place.ON_SITE


def test_what_the_filter_noticed_is_kept_though_the_role_is_another_since(desk: Desk) -> None:
    case = a_case(desk, "pupil-circumvention", "tess")
    assert case.restricted
    assert classify(desk, the(desk, "hedy"), case.id, {"intent": "careless"}, NOON).kind == case.kind


def test_who_cannot_be_named_to_a_case_is_told_in_true_words(desk: Desk) -> None:
    case, hedy = a_case(desk, "staff-circumvention", "tess", source="hand"), the(desk, "hedy")
    for person, why in (("gail", NOT_SENIOR), ("terry", NOT_SENIOR), ("tess", NOT_TO_BE_NAMED)):
        ask = partial(join, desk, hedy, case.id, somebody(desk, person).id, NOON)
        assert refused("bad-input", ask).fields == {"person": why}
