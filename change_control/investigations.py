"""Investigation mode (A389, A390): two seniors open for a short time what a case is about.

Asked for by one and signed by another like any step; ended by the clock, or by any one of them before.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from audit_log.incident_model import Incident
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError
from change_control.incident_endings import is_running as is_running
from change_control.incident_lines import write
from change_control.incident_rights import may_sign
from change_control.incidents import ask_step, looker, opened_case
from change_control.sealing import change

MODE = "mode"


def ask_mode(desk: Desk, actor: Actor, incident_id: str, raw: Mapping[str, Any], now: datetime) -> Incident:
    """`raw`: device, sites, minutes (from now), reason; perhaps people and deviation (incident_modes.py)."""
    return ask_step(desk, actor, incident_id, MODE, raw, now)


def end_mode(desk: Desk, actor: Actor, incident_id: str, step_id: str, now: datetime) -> Incident:
    """One person's word, at once, whatever has become of the case."""
    with change(desk, now) as made:
        case = opened_case(made, actor, "end", incident_id)
        if not may_sign(case, looker(actor)):
            raise ChangeError("wrong-role", "only the senior people on the case end this")
        step = case.step(step_id)
        if step is None or not is_running(step, now):
            raise ChangeError("wrong-state", "nothing is looked into under this step (any more)")
        return write(made, case, "end", actor, {"act": MODE}, step_id)
