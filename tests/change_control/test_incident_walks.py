"""Random orders of steps by random people: whatever they try, no state is reached without its two seniors."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from audit_log.change_log import verify
from audit_log.db import reading
from audit_log.incident_fold import STATE_AFTER, fold
from audit_log.incident_model import Incident, IncidentEntry, IncidentState, Step
from audit_log.incidents import entries_of, incident_of
from audit_log.tables import change_log, person
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError
from change_control.incident_kinds import kinds
from change_control.incident_rights import SENIOR, Looker, leads
from change_control.incident_steps import FROM, of_whom
from change_control.incidents import (
    ask_step,
    classify,
    join,
    leave,
    note,
    sign_step,
    to_illegal,
    withdraw_step,
)
from tests.builders import NOON
from tests.change_control.incident_school import a_case
from tests.change_control.school import log_of, somebody, the

ALL = ("hedy", "cora", "tess", "terry", "gail", "anna")
TEXT = "needle words that somebody wrote"
RAW: dict[str, Any] = {
    "reason": TEXT,
    "substance": True,
    "responses": ["internal"],
    "actions": ["warning"],
    "deviation": TEXT,
    "outcome": "dealt-with",
}
DECIDED_BY = {IncidentState.ACTION: ("act",), IncidentState.SANCTION: ("act", "sanction")}
Try = Callable[[Desk, Actor, Incident, str], object]
FAR = tuple((f"{act} by two", "cora", "hedy") for act in ("investigate", "substance", "act"))  # a pupil's
STEPS = tuple(act for act in FROM if act not in ("mode", "release"))


def _asked(act: str, desk: Desk, who: Actor, case: Incident, _whom: str) -> Incident:
    return ask_step(desk, who, case.id, act, RAW, NOON)


def _both(act: str, desk: Desk, who: Actor, case: Incident, whom: str) -> None:
    asked = _asked(act, desk, who, case, whom)
    sign_step(desk, the(desk, whom), case.id, asked.steps[-1].id, NOON)


TRIES: dict[str, Try] = {
    **{f"{act} by two": partial(_both, act) for act in STEPS},
    **{f"ask {act}": partial(_asked, act) for act in STEPS},
    "sign": lambda desk, who, case, _: sign_step(desk, who, case.id, _waiting(case), NOON),
    "sign again": lambda desk, who, case, _: sign_step(desk, who, case.id, _waiting(case), NOON),
    "withdraw": lambda desk, who, case, _: withdraw_step(desk, who, case.id, _waiting(case), TEXT, NOON),
    "note": lambda desk, who, case, _: note(desk, who, case.id, TEXT, NOON),
    "join": lambda desk, who, case, whom: join(desk, who, case.id, somebody(desk, whom).id, NOON),
    "leave": lambda desk, who, case, whom: leave(desk, who, case.id, somebody(desk, whom).id, NOON),
    "illegal": lambda desk, who, case, _: to_illegal(desk, who, case.id, TEXT, NOON),
    "about": lambda desk, who, case, whom: classify(
        desk, who, case.id, {"person": somebody(desk, whom).id}, NOON
    ),
    "report": lambda desk, _, case, whom: a_case(desk, case.kind, whom, text=TEXT),
}


def _waiting(case: Incident) -> str:
    return next((each.id for each in case.steps if each.is_waiting), "none")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["pupil-circumvention", "staff-personal-channels", "grooming"]),
    st.sampled_from(["anna", "tess", "terry"]),
    st.sampled_from([(), FAR]),
    st.lists(
        st.tuples(st.sampled_from(sorted(TRIES)), st.sampled_from(ALL), st.sampled_from((*ALL, "ben"))),
        max_size=14,
    ),
)
def test_no_state_is_reached_without_its_two_seniors(
    desk: Desk,
    kind: str,
    about: str,
    first: tuple[tuple[str, str, str], ...],
    tries: list[tuple[str, str, str]],
) -> None:
    case = a_case(desk, kind, about, text=TEXT)
    for name, who, whom in (*first, *tries):
        try:
            TRIES[name](desk, the(desk, who), case, whom)
        except ChangeError:
            continue
        finally:
            with reading(desk.engine) as conn:
                case = incident_of(conn, case.id) or case
    _each_state_has_two(desk, case)
    _nothing_is_said_in_the_change_log(desk)


def _each_state_has_two(desk: Desk, case: Incident) -> None:
    with reading(desk.engine) as conn:
        entries = entries_of(conn, case.id)
        roles = {row.id: row.role for row in conn.execute(select(person.c.id, person.c.role))}
    for number, entry in enumerate(entries[1:], 1):
        before, after = fold(entries[:number]), fold(entries[: number + 1])
        _what_is_decided_is_of_whom_it_is_about(after)
        if entry.act != "sign" and after.state is before.state and after.lane is before.lane:
            continue
        if entry.act == "classify":  # of somebody else nothing is decided yet
            assert (after.state, after.substance) == (IncidentState.INVESTIGATION, None)
            assert before.state in (IncidentState.ACTION, IncidentState.SANCTION)
            continue
        if entry.act in ("illegal", "report"):  # what shuts takes one
            assert (after.state, after.is_illegal) == (before.state, True)
            continue
        step = after.step(entry.object_id)
        assert entry.act == "sign"
        assert step is not None
        assert after.state is STATE_AFTER.get(step.act, before.state)
        two = [Looker(str(each), roles[str(each)]) for each in (step.asked_by, step.signed_by)]
        assert len({each.person_id for each in two}) == 2
        assert {each.role for each in two} <= set(SENIOR)
        assert any(leads(before, each) for each in two)
        asked = fold(line for line in entries if line.seq <= _asked_in(entries, step))
        for then in (asked, before):
            assert not {each.person_id for each in two} & {then.person_id, *then.excluded}
            assert step.facts["of"] == of_whom(then)


def _asked_in(entries: list[IncidentEntry], step: Step) -> int:
    return next(each.seq for each in entries if (each.act, each.object_id) == ("ask", step.id))


def _what_is_decided_is_of_whom_it_is_about(case: Incident) -> None:
    """Whatever was decided before a case was about somebody else counts for nobody."""
    counts = [*DECIDED_BY.get(case.state, ()), *(["substance"] if case.substance is not None else [])]
    for act in counts:
        last = [each for each in case.steps if each.signed_at and each.act == act][-1]
        assert last.facts["of"]["person"] == case.person_id


def _nothing_is_said_in_the_change_log(desk: Desk) -> None:
    with reading(desk.engine) as conn:
        assert verify(conn, desk.key.public_key()).whole
        sealed = conn.scalars(
            select(change_log.c.entry).where(change_log.c.entry.contains('"event":"incident:'))
        )
        told = "\n".join(sealed)
    for word in (TEXT, "Anna", "Tess", *kinds(), somebody(desk, "anna").id):
        assert word not in told
    assert all(
        set(json.loads(line)["detail"]) <= {"incident", "facts", "to", "by_token"}
        for line in told.splitlines()
    )
    assert not any(line.texts for line in log_of(desk) if line.event.startswith("incident:"))
