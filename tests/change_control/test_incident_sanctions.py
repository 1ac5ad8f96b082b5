"""What the tables suggest for a case, what speaks for less, and what for more."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audit_log.db import reading
from audit_log.incident_model import Incident
from change_control.desk import Desk
from change_control.in_force import parsed_policy
from change_control.incident_kinds import kinds
from change_control.incident_sanctions import Suggestion, reported_in_time, suggestion
from change_control.incident_steps import step_fault
from change_control.incidents import Told, classify, join, report
from filter_policy.model import Incidents, Policy
from tests.builders import NOON, a_policy
from tests.change_control.incident_school import a_case, case_of, step
from tests.change_control.school import refused, somebody, the

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TABLED = [each.id for each in kinds().values() if each.about in ("pupil", "staff")]


def suggested(desk: Desk, case: Incident, now: datetime = NOON, policy: Policy | None = None) -> Suggestion:
    with reading(desk.engine) as conn:
        return suggestion(conn, policy or parsed_policy(conn), case_of(desk, case), now)


def with_substance(desk: Desk, *args: Any, **more: Any) -> Incident:
    return step(desk, step(desk, a_case(desk, *args, **more), "investigate"), "substance", substance=True)


def test_each_kind_of_the_tables_suggests_its_own_row(desk: Desk) -> None:
    wrong = []
    for kind in TABLED:
        case = a_case(desk, kind, None)
        found = suggested(desk, case)
        if (found.actions, found.basis) != (kinds()[kind].actions, (kinds()[kind].source,)):
            wrong.append(kind)
        assert set(found.says(case.about)) == set(found.actions)
    assert wrong == []


def test_the_school_s_own_actions_for_a_line_are_suggested_instead(desk: Desk) -> None:
    case = a_case(desk)
    own = Incidents(sanctions={"A433": ("Tea with the headteacher", "parents")})
    found = suggested(desk, case, policy=a_policy(incidents=own))
    assert found.actions == ("Tea with the headteacher", "parents")
    assert found.says("pupil")["Tea with the headteacher"] == "Tea with the headteacher"
    row = list(found.actions)
    at = step(desk, with_substance(desk, "pupil-files"), "act", responses=["internal"])
    facts = {"reason": "r", "kind": "pupil-files", "suggested": row, "also": [], "actions": row}
    assert step_fault(at, "sanction", facts, NOON) is None
    assert step_fault(at, "sanction", facts | {"actions": ["Tea"]}, NOON) is not None


@pytest.mark.parametrize(
    ("after", "asked_after", "expected"),
    [
        (1, 5, True),
        (60, 61, True),  # to the minute: that much is allowed
        (61, 90, False),
        (None, 30, None),  # the time is not over
        (None, 61, False),
    ],
)
def test_whether_it_was_reported_in_time_is_known(
    desk: Desk, after: int | None, asked_after: int, expected: bool | None
) -> None:
    anna = somebody(desk, "anna").id
    kind = "pupil-offensive-material"
    case = a_case(desk, kind, happened_at=NOON)
    if after is not None:
        at = NOON + after * MINUTE
        a_report_by(desk, kind, anna, at)
    found = suggested(desk, case, NOON + asked_after * MINUTE)
    assert found.reported_in_time is expected


def a_report_by(desk: Desk, kind: str, person: str, at: datetime) -> None:
    """Of oneself: a case of one's own, since nobody learns of the one there is."""
    report(desk, Told("block-page", kind, person, person, happened_at=NOON, self_reported=True), at)


def test_of_what_nobody_knows_when_it_was_nobody_can_say(desk: Desk) -> None:
    assert reported_in_time(a_case(desk), 60, NOON + HOUR) is None


def test_whoever_says_so_at_once_is_suggested_support_alone(desk: Desk) -> None:
    anna = somebody(desk, "anna").id
    case = a_case(desk, "pupil-offensive-material", happened_at=NOON, by=anna, self_reported=True)
    found = suggested(desk, case)
    assert (found.is_no_blame, found.actions, found.also) == (True, (), ())
    assert "Nobody is in trouble" in found.support
    classify(desk, the(desk, "cora"), case.id, {"intent": "deliberate"}, NOON)
    assert not suggested(desk, case).is_no_blame


@pytest.mark.parametrize("kind", ["pupil-circumvention", "pupil-illegal-material"])
def test_of_what_is_grave_a_report_alone_clears_nobody(desk: Desk, kind: str) -> None:
    """Somebody else can have read the code on the page."""
    case = a_case(desk, kind, source="block-page", happened_at=NOON, self_reported=True)
    found = suggested(desk, case)
    assert (found.reported_in_time, found.is_no_blame) == (True, False)
    assert found.actions == kinds()[kind].actions
    sorted_by_a_senior = classify(desk, the(desk, "cora"), case.id, {"intent": "accidental"}, NOON)
    assert suggested(desk, sorted_by_a_senior).is_no_blame


def test_an_accident_that_nobody_was_told_of_is_another_row(desk: Desk) -> None:
    case = a_case(desk, "pupil-offensive-material", happened_at=NOON, intent="accidental")
    assert suggested(desk, case, NOON + MINUTE).is_no_blame
    late = suggested(desk, case, NOON + 2 * HOUR)
    assert (late.is_no_blame, late.actions) == (False, ())
    assert [(each.kind, each.source) for each in late.also] == [("pupil-accidental-not-reported", "A434")]
    assert late.also[0].actions == kinds()["pupil-accidental-not-reported"].actions


def test_what_is_called_not_reported_is_an_accident_with_a_row_of_its_own(desk: Desk) -> None:
    case = a_case(desk, "staff-accidental-not-reported", "tess", intent="accidental")
    assert suggested(desk, case).actions == kinds()["staff-accidental-not-reported"].actions


def test_from_the_second_on_continued_infringements_are_suggested_too(desk: Desk) -> None:
    first = with_substance(desk, "pupil-files")
    assert suggested(desk, first).also == ()
    second = a_case(desk, "pupil-circumvention")
    found = suggested(desk, second)
    assert (found.earlier, found.of_kind) == (1, 0)
    assert [(each.kind, each.source) for each in found.also] == [("pupil-continued", "A431")]
    assert suggested(desk, a_case(desk, "pupil-files", "ben")).earlier == 0


def test_only_what_had_substance_and_was_blamed_on_them_counts(desk: Desk) -> None:
    nothing_in_it = step(desk, a_case(desk, "pupil-files"), "investigate")
    step(desk, nothing_in_it, "substance", substance=False)
    forgiven = step(desk, with_substance(desk, "pupil-messaging"), "act", responses=["internal"])
    step(desk, forgiven, "close", outcome="no-blame")
    case = a_case(desk)
    assert suggested(desk, case).earlier == 0


def test_a_case_that_somebody_was_left_out_of_is_not_told_by_its_number(desk: Desk) -> None:
    cora = somebody(desk, "cora").id
    kept = a_case(desk, "pupil-files", exclude=frozenset({cora}))
    join(desk, the(desk, "hedy"), kept.id, somebody(desk, "tess").id, NOON)
    step(desk, kept, "investigate", ("tess", "hedy"))
    step(desk, kept, "substance", ("tess", "hedy"), substance=True)
    assert suggested(desk, a_case(desk)).earlier == 0


def test_out_of_school_the_law_behind_it_is_named(desk: Desk) -> None:
    assert suggested(desk, a_case(desk, place="off-site")).basis == ("A433", "A40")


def test_another_choice_than_the_table_s_needs_its_reason(desk: Desk) -> None:
    case = step(desk, with_substance(desk, "pupil-files"), "act", responses=["internal"])
    says = refused("bad-input", lambda: step(desk, case, "sanction", actions=["warning"])).says
    assert "deviation" in says
    # What somebody says was suggested is not what was.
    refused("bad-input", lambda: step(desk, case, "sanction", actions=["warning"], suggested=["warning"]))
    after = step(desk, case, "sanction", actions=["warning"], deviation="the first time, and very sorry")
    assert after.steps[-1].facts["suggested"] == list(kinds()["pupil-files"].actions)


def test_a_second_time_the_row_of_continued_infringements_is_no_deviation(desk: Desk) -> None:
    with_substance(desk, "pupil-files")
    case = step(desk, with_substance(desk, "pupil-messaging"), "act", responses=["internal"])
    row = list(kinds()["pupil-continued"].actions)
    assert step(desk, case, "sanction", actions=row).state == "sanction"
