"""Who has to be told of a case is a task; what nobody did stays, and shows as overdue."""

from datetime import UTC, datetime, timedelta

import pytest

from audit_log.db import reading
from audit_log.incident_model import Incident
from change_control.desk import SYSTEM, Desk
from change_control.incident_followups import DAYS, due_of, task_kinds
from change_control.incident_tasks import done_task, open_task, overdue, refer, tasks_waiting
from change_control.incidents import classify, to_illegal
from filter_policy.model import Incidents
from tests.builders import NOON, a_policy
from tests.change_control.incident_school import a_case, case_of, step
from tests.change_control.school import is_whole, log_of, refused, somebody, the

DAY = timedelta(days=1)


def kinds_of(case: Incident) -> list[str]:
    return [each.kind for each in case.tasks]


def at_action(desk: Desk, *responses: str, kind: str = "pupil-circumvention") -> Incident:
    case = step(desk, a_case(desk, kind), "investigate")
    case = step(desk, case, "substance", substance=True)
    return step(desk, case, "act", responses=list(responses))


def test_a_task_that_nobody_did_is_overdue_from_its_day_on(desk: Desk) -> None:
    case = open_task(desk, the(desk, "cora"), a_case(desk).id, "parents", {}, NOON)
    assert overdue(case, NOON + 3 * DAY - timedelta(seconds=1)) == ()
    assert [each.kind for each in overdue(case, NOON + 3 * DAY)] == ["parents"]
    case = done_task(desk, the(desk, "hedy"), case.id, case.tasks[0].id, "by telephone", NOON + 4 * DAY)
    task = case.tasks[0]
    assert (task.done_by, task.done_at) == (somebody(desk, "hedy").id, NOON + 4 * DAY)
    assert overdue(case, NOON + 9 * DAY) == ()
    refused("wrong-state", lambda: done_task(desk, the(desk, "cora"), case.id, task.id, "again", NOON))


def test_an_undone_task_of_a_closed_case_still_waits(desk: Desk) -> None:
    case = open_task(desk, the(desk, "cora"), a_case(desk).id, "governors", {}, NOON)
    other = open_task(desk, the(desk, "cora"), a_case(desk, "bullying").id, "parents", {}, NOON)
    step(desk, case, "close", outcome="no-concern")
    refused("wrong-state", lambda: open_task(desk, the(desk, "cora"), case.id, "parents", {}, NOON))
    with reading(desk.engine) as conn:
        waiting = tasks_waiting(conn)
    assert [each.incident.id for each in waiting] == [other.id, case.id]  # the earliest first
    done_task(desk, the(desk, "cora"), case.id, case.tasks[0].id, "at their meeting", NOON)
    with reading(desk.engine) as conn:
        assert [each.task.kind for each in tasks_waiting(conn)] == ["parents"]


def test_a_task_has_the_school_s_letter_or_words_and_a_day_of_its_own(desk: Desk) -> None:
    case = a_case(desk)
    with_letter = open_task(desk, the(desk, "cora"), case.id, "parents", {}, NOON).tasks[-1]
    assert case.id in with_letter.text
    raw = {"text": " we spoke at the gate ", "due": "2026-11-27"}
    own = open_task(desk, the(desk, "cora"), case.id, "parents", raw, NOON).tasks[-1]
    assert (own.text, own.due_at) == ("we spoke at the gate", datetime(2026, 11, 28, tzinfo=UTC))
    sealed = str([line.sealed for line in log_of(desk)])
    assert "at the gate" not in sealed
    assert is_whole(desk)


@pytest.mark.parametrize(
    ("kind", "raw", "field"),
    [
        ("newspapers", {}, "kind"),
        ("parents", {"due": "2026-11-23"}, "due"),
        ("parents", {"due": "soon"}, "due"),
        ("parents", {"due": "2028-01-01"}, "due"),
        ("parents", {"text": 7}, "text"),
        ("parents", {"whom": "anna"}, "whom"),
    ],
)
def test_what_is_no_task_is_refused_by_its_field(
    kind: str, raw: dict[str, object], field: str, desk: Desk
) -> None:
    case = a_case(desk)
    told = refused("bad-input", lambda: open_task(desk, the(desk, "cora"), case.id, kind, raw, NOON))
    assert list(told.fields) == [field]


def test_days_and_kinds_are_the_school_s_to_set() -> None:
    policy = a_policy(incidents=Incidents(tasks={"parents": 1, "wellbeing-officer": 5}))
    assert list(task_kinds(policy)) == [*DAYS, "wellbeing-officer"]
    assert due_of(policy, "parents", NOON) == NOON + DAY
    assert due_of(policy, "wellbeing-officer", NOON) == NOON + 5 * DAY


def test_what_two_decide_opens_the_tasks_that_follow(desk: Desk) -> None:
    case = at_action(desk, "internal", "local-authority", "police")
    assert kinds_of(case) == ["local-authority", "police"]
    row = ["head-of-year", "technical-support", "parents", "removal-of-access", "further-sanction"]
    case = step(desk, case, "sanction", actions=row)
    assert kinds_of(case) == ["local-authority", "police", "parents", "technical-support"]
    assert case_of(desk, case) == case
    assert kinds_of(at_action(desk, "internal", kind="pupil-files")) == []


def test_whom_a_task_waits_for_is_not_told_twice(desk: Desk) -> None:
    case = at_action(desk, "police", kind="pupil-offensive-message")
    case = step(desk, case, "sanction", actions=["head-of-year", "police", "further-sanction"])
    assert kinds_of(case) == ["police"]


def test_what_may_be_illegal_is_a_task_for_the_police_however_it_came_there(desk: Desk) -> None:
    by_rule = a_case(desk, "pupil-illegal-material")
    assert [(each.kind, each.by, each.due_at) for each in by_rule.tasks] == [
        ("police", SYSTEM.person_id, NOON + DAY)
    ]
    assert kinds_of(a_case(desk, "pupil-illegal-material")) == ["police"]  # joins, and once is enough
    by_hand = to_illegal(desk, the(desk, "cora"), a_case(desk).id, "seen", NOON)
    assert (kinds_of(by_hand), by_hand.tasks[0].by) == (["police"], somebody(desk, "cora").id)
    raw = {"kind": "grooming"}
    sorted_ = classify(desk, the(desk, "cora"), a_case(desk, "adult-contact", "ben").id, raw, NOON)
    assert kinds_of(sorted_) == ["police", "ceop", "safeguarding-partners"]
    again = classify(desk, the(desk, "cora"), sorted_.id, {"intent": "unknown"}, NOON)
    assert kinds_of(again) == kinds_of(sorted_)


def test_a_referral_to_the_police_does_its_task(desk: Desk) -> None:
    case = a_case(desk, "pupil-illegal-material")
    args = ("child-sexual-abuse-images", "the police", "ref 7", "found by the filter")
    case = refer(desk, the(desk, "cora"), case.id, *args, NOON)
    assert (case.tasks[0].how, case.tasks[0].done_at) == ("referred to the police ref 7", NOON)
    (referral,) = case.referrals
    assert (referral.code, referral.to, referral.reference, referral.reason) == args


def test_nobody_who_does_not_see_a_case_does_its_tasks(desk: Desk) -> None:
    case = a_case(desk, "staff-files", "tess")
    for who, code in (("cora", "not-found"), ("tess", "not-found"), ("terry", "wrong-role")):
        refused(code, lambda who=who: open_task(desk, the(desk, who), case.id, "police", {}, NOON))  # type: ignore[misc]  # bound at once


def lines(desk: Desk, case: Incident) -> list[str]:
    return [line.event for line in log_of(desk) if line.detail.get("incident") == case.id]


def test_how_many_lines_a_report_has_tells_nobody_of_which_kind_it_is(desk: Desk) -> None:
    told = {
        kind: lines(desk, a_case(desk, kind)) for kind in ("bullying", "grooming", "pupil-illegal-material")
    }
    assert set(map(tuple, told.values())) == {("incident:report",)}
    shut = a_case(desk, "bullying", "ben")
    shut = to_illegal(desk, the(desk, "cora"), shut.id, "it may be", NOON)
    assert (kinds_of(shut), lines(desk, shut)) == (["police"], ["incident:report", "incident:illegal"])


def test_what_two_decide_is_one_line_however_many_have_to_be_told(desk: Desk) -> None:
    case = step(desk, step(desk, a_case(desk), "investigate"), "substance", substance=True)
    case = step(desk, case, "act", responses=["local-authority", "police"])

    assert kinds_of(case) == ["local-authority", "police"]
    assert lines(desk, case)[-2:] == ["incident:sign", "incident:task"]


def test_a_task_of_a_report_waits_until_it_is_done(desk: Desk) -> None:
    case = a_case(desk, "grooming")
    for left in (2, 1, 0):
        case = done_task(desk, the(desk, "cora"), case.id, case.tasks[2 - left].id, "by telephone", NOON)
        with reading(desk.engine) as conn:
            assert len(tasks_waiting(conn)) == left
