"""What is made of a case for whoever may see it: which steps are offered, what is late, what is hidden."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.incident_act_shapes import SuggestionOut
from audit_api.incident_shapes import CaseOut, WholeCaseOut
from audit_api.incident_views import Seer, is_mode_in_force, is_overdue, people_of, possible
from audit_api.names import Names
from audit_log.incident_model import (
    File,
    Incident,
    IncidentState,
    Lane,
    Note,
    Referral,
    Report,
    Step,
    Task,
)
from audit_log.seal import stamp
from change_control.incident_rights import Looker
from tests.builders import NOON

HOUR = timedelta(hours=1)
CASE = Incident("c1", "bullying", "safeguarding", Lane.INAPPROPRIATE, IncidentState.REPORTED, NOON, NOON)
LEADER = Looker("p_cora", "coordinator")
MODE = {"starts_at": stamp(NOON), "ends_at": stamp(NOON + HOUR), "sites": ["a.test"]}


def seen(case: Incident, looker: Looker = LEADER) -> WholeCaseOut:
    return Seer(looker, NOON, Names({}, pupils=True)).whole(case)


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        ("reported", ["investigate", "close"]),
        ("investigation", ["substance", "mode"]),
        ("action", ["sanction", "close"]),
        ("sanction", ["close"]),
        ("closed", ["reopen"]),
    ],
)
def test_the_steps_that_are_offered_are_those_of_its_state(state: str, steps: list[str]) -> None:
    assert list(possible(replace(CASE, state=IncidentState(state)), NOON)) == steps


def test_a_step_that_waits_is_not_offered_again() -> None:
    waiting = Step("s1", "investigate", {"reason": "x"}, "p_hedy", NOON)
    case = replace(CASE, steps=(waiting,))

    assert list(possible(case, NOON)) == ["close"]
    assert seen(case).waits == ["investigate"]
    assert seen(case, Looker("p_hedy", "headteacher")).steps[0].waits == "another"


def test_of_what_may_be_illegal_nobody_is_offered_to_look_into_it() -> None:
    case = replace(CASE, lane=Lane.ILLEGAL, state=IncidentState.INVESTIGATION)

    assert list(possible(case, NOON)) == ["substance", "lower"]


@pytest.mark.parametrize(("minutes", "on"), [(-1, False), (0, True), (59, True), (60, False)])
def test_investigation_mode_is_over_by_the_clock(minutes: int, on: bool) -> None:
    signed = Step("s1", "mode", MODE, "p_hedy", NOON, signed_by="p_cora", signed_at=NOON)

    assert is_mode_in_force(CASE, signed, NOON + timedelta(minutes=minutes)) is on
    assert not is_mode_in_force(CASE, replace(signed, ended_at=NOON), NOON)
    assert not is_mode_in_force(replace(CASE, lane=Lane.ILLEGAL), signed, NOON)


def test_a_task_is_overdue_from_its_time_on_until_it_is_done() -> None:
    task = Task("t1", "parents", NOON - HOUR, "p_cora", NOON)

    assert is_overdue(task, NOON)
    assert not is_overdue(task, NOON - HOUR)
    assert not is_overdue(replace(task, done_at=NOON), NOON)


@given(st.from_regex(r"https?://[a-z]{3,9}\.(test|example)/[a-z]{0,9}", fullmatch=True))
def test_in_no_text_of_the_illegal_lane_is_an_address(url: str) -> None:
    host = url.split("/")[2]
    case = replace(
        CASE,
        lane=Lane.ILLEGAL,
        reports=(Report(1, NOON, "staff", "p_tess", f"see {url}", "e1"),),
        notes=(Note(2, NOON, "p_cora", f"it was {host}"),),
        files=(File("f1", NOON, "p_cora", f"{host}.png", 1, "0" * 64, url),),
        tasks=(Task("t1", "police", NOON, "p_cora", NOON, url, NOON, "p_cora", f"told of {url}"),),
        steps=(Step("s1", "mode", {**MODE, "sites": [host], "reason": url}, "p_cora", NOON),),
        referrals=(Referral(NOON, "p_cora", "grooming", url, host, f"{url}."),),
    )

    assert host not in seen(case).model_dump_json()
    assert host in seen(replace(case, lane=Lane.INAPPROPRIATE)).model_dump_json()


def test_everybody_in_a_case_is_asked_for_by_id() -> None:
    case = replace(
        CASE, person_id="p_anna", members=frozenset({"p_tess"}), notes=(Note(1, NOON, "p_cora", "x"),)
    )

    assert {each for each in people_of([case]) if each} == {"p_anna", "p_tess", "p_cora"}


def test_a_line_of_the_list_is_a_part_of_the_whole_case() -> None:
    assert set(CaseOut.model_fields) < set(WholeCaseOut.model_fields)
    assert "text" not in CaseOut.model_fields
    assert "support" in SuggestionOut.model_fields
