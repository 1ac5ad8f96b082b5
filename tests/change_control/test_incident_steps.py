"""What a step lacks is said in words that need no manual: no identifier, no clause, no machine's spelling."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from audit_log.incident_model import IncidentState
from audit_log.seal import stamp
from change_control.desk import Desk
from change_control.incident_evidence import add_evidence
from change_control.incident_steps import FROM, REMOVAL, STANDS, as_said, step_fault
from change_control.incidents import ask_step, sign_step
from tests.builders import NOON
from tests.change_control.incident_school import a_case, step
from tests.change_control.school import refused, somebody, the

NO_ROW: dict[str, Any] = {"suggested": [], "also": []}
LACKING: list[tuple[str, dict[str, Any]]] = [
    ("substance", {}),
    ("act", {}),
    ("close", {}),
    ("sanction", NO_ROW),
    ("sanction", NO_ROW | {"actions": ["warning"]}),
    ("sanction", {"suggested": [REMOVAL], "also": [], "actions": [REMOVAL]}),
    ("lower", {}),
    ("release", {}),
]


@pytest.mark.parametrize(("act", "facts"), LACKING, ids=range(len(LACKING)))
def test_what_a_step_lacks_is_told_without_words_of_the_machine(
    desk: Desk, act: str, facts: dict[str, Any]
) -> None:
    case = a_case(desk)
    for state in IncidentState:
        for substance in (None, True):
            at = replace(case, state=state, substance=substance)
            said = as_said(step_fault(at, act, {"reason": "seen", **facts}, NOON) or "")
            assert not set("`{_/=") & set(said), said
            assert not {"true", "false", *(word for word in FROM if "-" in word), REMOVAL} & set(said.split())


def test_each_stage_has_words() -> None:
    assert set(STANDS) == set(IncidentState)


def test_who_signs_too_late_is_told_so_without_the_name_of_a_field(desk: Desk) -> None:
    case = a_case(desk)
    removal = {"until": stamp(NOON + timedelta(hours=1))}
    facts = {"reason": "for now", "outcome": "dealt-with", "removal": removal}
    asked = ask_step(desk, the(desk, "cora"), case.id, "close", facts, NOON)
    late = partial(sign_step, desk, the(desk, "hedy"), case.id, asked.steps[-1].id, NOON + timedelta(hours=2))
    assert refused("wrong-state", late).says.startswith("access must come back")


def test_a_site_is_spelt_as_it_is_where_nobody_may_open_it(desk: Desk) -> None:
    case = step(desk, a_case(desk), "investigate")
    facts = {"device": "10.0.3.17", "sites": ["abuse.test"], "minutes": 5, "reason": "seen"}
    found = refused("refused", partial(ask_step, desk, the(desk, "cora"), case.id, "mode", facts, NOON))
    assert found.says.startswith("the site abuse.test is on")


def test_a_stretch_without_an_end_is_told_by_a_time_as_people_type_it(desk: Desk) -> None:
    raw = {"person": somebody(desk, "anna").username, "from": stamp(NOON - timedelta(hours=1))}
    lacking = partial(add_evidence, desk, the(desk, "cora"), a_case(desk).id, raw, NOON)
    assert refused("bad-input", lacking).fields == {"to": "a day and time is needed, like 2026-11-24T10:15"}
