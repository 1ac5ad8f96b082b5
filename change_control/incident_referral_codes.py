"""Referring a case to the police (A400 to A405, S173, S185): the cause by its code, and their reference."""

from collections.abc import Mapping
from datetime import datetime

from audit_log.incident_model import Incident
from change_control.desk import Actor, Desk
from change_control.errors import bad_input
from change_control.incident_followups import POLICE
from change_control.incident_lines import write
from change_control.incidents import opened_case, require_open
from change_control.sealing import change
from change_control.texts import fault_of

# In the order of the seed's own list.
CODES: Mapping[str, str] = {
    "child-sexual-abuse-images": "Images of child sexual abuse (A400)",
    "grooming": "Incidents of grooming behaviour (A401)",
    "obscene-to-a-child": "Sending obscene materials to a child (A402)",
    "obscene-publications": "Adult material that may breach the Obscene Publications Act (A403)",
    "criminally-racist": "Criminally racist material (A404)",
    "other-criminal": "Other criminal conduct, activity or materials (A405)",
}
LONGEST = 200  # characters


def refer(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk,
    actor: Actor,
    incident_id: str,
    code: str,
    to: str,
    reference: str,
    reason: str,
    now: datetime,
) -> Incident:
    """One senior, at once; a task to tell the police is done with it. `reference`: theirs, or ""."""
    faults = _faults(code, to, reference, reason)
    if faults:
        raise bad_input(faults)
    said = {"code": code, "to": to.strip(), "reference": reference.strip(), "reason": reason.strip()}
    with change(desk, now) as made:
        case = opened_case(made, actor, "refer", incident_id)
        require_open(case)
        case = write(made, case, "refer", actor, said)
        for task in case.tasks:
            if task.kind == POLICE and task.done_at is None:
                how = f"referred to {said['to']} {said['reference']}".strip()
                case = write(made, case, "task-done", actor, {"id": task.id, "how": how})
        return case


def _faults(code: str, to: str, reference: str, reason: str) -> dict[str, str]:
    found = {
        "to": fault_of(to, LONGEST),
        "reference": fault_of(reference, LONGEST),
        "reason": fault_of(reason),
    }
    faults = {name: fault for name, fault in found.items() if fault}
    if code not in CODES:
        faults["code"] = "choose one of the reasons in the list"
    for name, text in (("to", to), ("reason", reason)):
        if name not in faults and not text.strip():
            faults[name] = "is needed"
    return faults
