"""The sealed envelope is opened (S84), for one of two things.

`approve_with`: nobody else is there to agree, and something has to be open now. Whatever two people could not
have, it does not get either. Nor does it let anybody in: with an account, or a password, for a console, one
person would be two for good. Nor does it take anything away that could not be put back.
`new_code`: somebody who may approve has lost the password, and nobody is there to agree to a new one. Until
two others have signed, that account opens nothing (`probation.py`).

Everybody who answers for it is told, by a review that two others sign.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from audit_log.db import reading
from audit_log.enrolment import code_hash, save_code
from audit_log.people import Registered, people, people_by_ids, person_by_username
from change_control import break_glass, proposals
from change_control.break_glass import KIND, find_code, no_such_code, use_up
from change_control.codes import new_code as new_enrolment_code
from change_control.codes import plain_code
from change_control.desk import ENVELOPE, SYSTEM, Actor, Desk
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.proposal import Proposal
from change_control.reviews import BREAK_GLASS, NEEDED, open_review
from change_control.roles import APPROVING, ASKING, READING, entitle, is_active
from change_control.sealing import change
from change_control.texts import needed
from filter_policy.life_cycle import Act
from filter_policy.parse import parse_policy

USE = "break-glass:use"
APPROVABLE = ("policy", "lists", "unblock", "people")
CONSOLE = ASKING | READING
NOT_THIS = (
    "the envelope agrees to a policy, to lists, to an unblock or to people; this has to wait for somebody"
)
NO_ACCOUNTS = (
    "the envelope lets nobody in who has a console, or would get one: whoever opened it would be two people"
)
TOO_FEW = (
    "whoever opens the envelope needs two others to sign: first let two agree on a third person who reads the"
    " change log, such as a governor"
)
WHO_IS_TOLD = "the envelope changes neither who is told of it nor when it is looked at: notify, reviews"


def propose_envelope(desk: Desk, actor: Actor, reason: str, now: datetime) -> Proposal:
    """The first half of the code is in `handed`."""
    why = needed(reason)
    with change(desk, now) as made:
        proposals.may_propose(made.conn, actor, KIND, now)
        _require_signers(made.conn, now)
        return proposals.submit(made, actor, break_glass.draft(why))


def _require_signers(conn: Connection, now: datetime) -> None:
    """Else its use could never be signed for: red for good, and a new code that opens nothing for good."""
    able = [one for one in people(conn) if one.role in READING and one.console_hash and is_active(one, now)]
    if len(able) <= NEEDED[BREAK_GLASS]:
        raise ChangeError("refused", TOO_FEW)


def approve_with(  # noqa: PLR0917  # the order of every verb here: desk, who, what, how, why, now
    desk: Desk, actor: Actor, proposal_id: str, code: str, reason: str, now: datetime
) -> Proposal:
    """Raises ChangeError not-found for a wrong code, before anything else is said of the proposal."""
    why = needed(reason)
    with reading(desk.engine) as conn:
        entitle(conn, actor, USE, now)
        find_code(desk, conn, code)
    proposals.read_ahead(desk, proposal_id, now)
    try:
        return _approve_alone(desk, actor, proposal_id, code, why, now)
    except ChangeError as error:
        if error.code == "refused":
            proposals.record_refused_approval(desk, actor, proposal_id, now)
        raise


def _approve_alone(  # noqa: PLR0917  # as above
    desk: Desk, actor: Actor, proposal_id: str, code: str, why: str, now: datetime
) -> Proposal:
    with change(desk, now) as made:
        user = entitle(made.conn, actor, USE, now)
        envelope_id = find_code(desk, made.conn, code)
        row = proposals.row_to_change(made, proposal_id)
        _require_approvable(made.conn, row)
        entitle(made.conn, actor, f"{row['kind']}:approve", now)
        proposals.check_state(row, Act.APPROVE)
        use_up(made.conn, envelope_id, user.id, now)
        detail = {
            "id": envelope_id,
            "for": "approve",
            "proposal": row["id"],
            "proposed_by": row["proposed_by"],
        }
        seq = made.seal(USE, actor, envelope_id, detail, {"reason": why})
        open_review(made, BREAK_GLASS, envelope_id, seq, actor)
        proposals.bring_into_force(desk, made, ENVELOPE, row)
        row = proposals.as_applied(made, row)
        return proposals.move(made, ENVELOPE, row, Act.APPROVE, why, {"used_by": user.id})


def new_code(desk: Desk, username: str, code: str, reason: str, now: datetime) -> str:
    """For somebody who may approve, whom nobody can let in again. Returns an enrolment code.

    Whatever is wrong, the answer is the same: who guesses learns neither a code nor a name.
    """
    why = needed(reason)
    with reading(desk.engine) as conn:
        _whose(desk, conn, username, code, now)
    with change(desk, now) as made:
        found, envelope_id = _whose(desk, made.conn, username, code, now)
        use_up(made.conn, envelope_id, found.id, now)
        made_code = new_enrolment_code()
        save_code(made.conn, found.id, plain_code(made_code), now)
        codes = {found.id: code_hash(plain_code(made_code))}
        detail = {"id": envelope_id, "for": "code", "person": found.id, "codes": codes}
        seq = made.seal(USE, ENVELOPE, envelope_id, detail, {"reason": why})
        open_review(made, BREAK_GLASS, envelope_id, seq, ENVELOPE)
        return made_code


def _whose(desk: Desk, conn: Connection, username: str, code: str, now: datetime) -> tuple[Registered, str]:
    found = person_by_username(conn, username.strip())
    envelope_id = find_code(desk, conn, code)
    if found is None or found.role not in APPROVING or not is_active(found, now):
        raise no_such_code()
    return found, envelope_id


def _require_approvable(conn: Connection, row: Mapping[Any, Any]) -> None:
    """Raises ChangeError refused."""
    if row["kind"] not in APPROVABLE or row["proposed_by"] == SYSTEM.person_id:
        raise ChangeError("refused", NOT_THIS)
    if row["kind"] == "people" and _lets_somebody_in(conn, row["payload"]["rows"]):
        raise ChangeError("refused", NO_ACCOUNTS)
    if row["kind"] == "policy" and _changes_who_is_told(conn, row["payload"]["text"]):
        raise ChangeError("refused", WHO_IS_TOLD)


def _lets_somebody_in(conn: Connection, rows: list[Mapping[str, Any]]) -> bool:
    known = people_by_ids(conn, [one["id"] for one in rows])
    roles = {one["set"].get("role") for one in rows} | {each.role for each in known.values()}
    return bool(CONSOLE & roles) or any(one["code"] for one in rows)


def _changes_who_is_told(conn: Connection, text: str) -> bool:
    now, then = parsed_policy(conn), parse_policy(text)
    return (now.notify, now.reviews) != (then.notify, then.reviews)
