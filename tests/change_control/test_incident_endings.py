"""An investigation is open for nobody who is off the case, and least of all for whom it is about."""

from collections.abc import Callable

import pytest

from audit_log.incident_model import Incident
from change_control.desk import Desk
from change_control.incident_endings import is_running
from change_control.incidents import classify, join, leave, sign_step
from change_control.investigations import ask_mode
from change_control.proposals import approve, propose_people
from change_control.tightening import end_person, suspend
from filter_policy.bundle import current_bundle, read_bundle
from tests.builders import NOON
from tests.change_control.incident_school import a_case, case_of, step
from tests.change_control.school import a_row, events_of, is_whole, refused, somebody, the

RAW = {"device": "10.0.3.17", "sites": ["porn.test"], "minutes": 30, "reason": "what anna was shown"}


def looked_into(desk: Desk) -> Incident:
    case = step(desk, a_case(desk), "investigate")
    return join(desk, the(desk, "cora"), case.id, somebody(desk, "tess").id, NOON)


def asked(desk: Desk, case: Incident) -> str:
    return ask_mode(desk, the(desk, "cora"), case.id, RAW, NOON).steps[-1].id


def is_open(desk: Desk, case: Incident) -> bool:
    """For the case, and at the gates."""
    found = read_bundle(desk.state, current_bundle(desk.state) or "").policy.investigations
    runs = is_running(case_of(desk, case).steps[-1], NOON)
    assert bool(found) == runs
    return runs


def tess_leaves(desk: Desk, case: Incident) -> None:
    leave(desk, the(desk, "hedy"), case.id, somebody(desk, "tess").id, NOON)


def it_is_about_tess(desk: Desk, case: Incident) -> None:
    about = {"kind": "staff-personal-channels", "person": somebody(desk, "tess").id}
    classify(desk, the(desk, "hedy"), case.id, about, NOON)


def tess_is_suspended(desk: Desk, _case: Incident) -> None:
    suspend(desk, the(desk, "hedy"), somebody(desk, "tess").id, None, "at once", NOON)


def tess_has_left_the_school(desk: Desk, _case: Incident) -> None:
    end_person(desk, the(desk, "hedy"), somebody(desk, "tess").id, "has left", NOON)


def tess_governs_from_now_on(desk: Desk, _case: Incident) -> None:
    row = {"username": "tess", "role": "governor"}
    found = propose_people(desk, the(desk, "cora"), [row], "elected", NOON)
    if found.state == "requested":
        approve(desk, the(desk, "hedy"), found.id, "yes", NOON)


WAYS = [tess_leaves, it_is_about_tess, tess_is_suspended, tess_has_left_the_school, tess_governs_from_now_on]


@pytest.mark.parametrize("off", WAYS)
def test_nothing_stays_open_for_whoever_is_off_the_case(
    desk: Desk, off: Callable[[Desk, Incident], None]
) -> None:
    case = looked_into(desk)
    sign_step(desk, the(desk, "hedy"), case.id, asked(desk, case), NOON)
    assert is_open(desk, case)
    off(desk, case)
    assert not is_open(desk, case)
    assert events_of(desk).count("incident:end") == 1
    assert is_whole(desk)


@pytest.mark.parametrize("off", WAYS)
def test_what_was_asked_for_somebody_who_is_off_the_case_is_signed_by_nobody(
    desk: Desk, off: Callable[[Desk, Incident], None]
) -> None:
    case = looked_into(desk)
    waiting = asked(desk, case)
    off(desk, case)
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case.id, waiting, NOON))
    assert "incident:end" not in events_of(desk)


def test_two_who_do_not_lead_the_case_look_into_nothing(desk: Desk) -> None:
    new = propose_people(desk, the(desk, "cora"), [a_row("tom", "staff", "staff", [])], "new", NOON)
    approve(desk, the(desk, "hedy"), new.id, "yes", NOON)
    case, whom = looked_into(desk), [somebody(desk, each).id for each in ("tess", "tom")]
    join(desk, the(desk, "cora"), case.id, whom[1], NOON)
    told = refused(
        "bad-input", lambda: ask_mode(desk, the(desk, "tess"), case.id, RAW | {"people": whom}, NOON)
    )
    assert "lead the case" in told.fields["people"]


def test_suspending_somebody_else_leaves_it_open(desk: Desk) -> None:
    case = looked_into(desk)
    sign_step(desk, the(desk, "hedy"), case.id, asked(desk, case), NOON)
    suspend(desk, the(desk, "hedy"), somebody(desk, "ben").id, None, "at once", NOON)
    assert is_open(desk, case)
