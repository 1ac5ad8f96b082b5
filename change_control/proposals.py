"""One protocol for every change that opens more: propose, then another person approves or declines.

Policy, lists, unblocks and people go through the same few steps and the same life-cycle table; what differs
stands in the module of each kind. Nobody decides what he has proposed himself, whatever his role (B75, S34):
that is said here, under the write lock, and once more by a CHECK of the table.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from audit_log.db import overwrite_removed, reading
from audit_log.tables import proposal
from change_control import (
    break_glass,
    corrections,
    disclosures,
    erasing,
    holds,
    list_rows,
    policies,
    preview,
    register,
    unblocks,
)
from change_control.desk import SYSTEM, Actor, Desk
from change_control.drafts import Draft, Kind
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.incident_endings import end_modes_of_all
from change_control.often import too_often
from change_control.probes import record_refused
from change_control.proposal import Proposal, load, proposal_of, settled, state_at
from change_control.reviews import TIGHTENING, open_review
from change_control.roles import APPROVING, MAY, entitle, require_established
from change_control.sealing import Change, change
from change_control.texts import needed, optional
from filter_policy.life_cycle import Act, LifeCycleError, State, step

KINDS: Mapping[str, Kind] = {
    "policy": policies,
    "lists": list_rows,
    "unblock": unblocks,
    "people": register,
    corrections.KIND: corrections,
    holds.KIND: holds,
    erasing.KIND: erasing,
    disclosures.KIND: disclosures,
    break_glass.KIND: break_glass,
}
DECIDING = frozenset({Act.APPROVE, Act.DECLINE})
BY_THE_CLOCK = {("requested", "lapsed"): Act.LAPSE, ("approved", "ended"): Act.END}


def propose_policy(desk: Desk, actor: Actor, text: str, reason: str, now: datetime) -> Proposal:
    """The whole text of a new policy; the lists stay as they are.

    A long text is read, and compared with the one in force, before the transaction begins, so that nobody
    else has to wait for it.
    """
    why = needed(reason)
    with reading(desk.engine) as conn:
        may_propose(conn, actor, "policy", now)
    policies.look_at(desk, actor, text, now)
    with change(desk, now) as made:
        may_propose(made.conn, actor, "policy", now)
        often = too_often(made.conn, actor, "policy", now)
        return submit(made, actor, policies.draft(desk, made.conn, text, why, often=often))


def propose_unblock(desk: Desk, actor: Actor, raw: Mapping[str, object], now: datetime) -> Proposal:
    """`raw` is the request body: sites, for, starts_at and ends_at or windows, subject, reason (A169)."""
    try:
        with change(desk, now) as made:
            may_propose(made.conn, actor, "unblock", now)
            return submit(made, actor, unblocks.draft(desk, made.conn, raw, now, actor))
    except ChangeError as error:
        if error.code == "refused":
            _record_refused(desk, actor, raw, now)
        raise


def _record_refused(desk: Desk, actor: Actor, raw: Mapping[str, object], now: datetime) -> None:
    with reading(desk.engine) as conn:
        policy = parsed_policy(conn)
    record_refused(desk, actor, raw, policy, now)


def propose_people(
    desk: Desk,
    actor: Actor,
    rows: Sequence[Mapping[str, object]],
    reason: str,
    now: datetime,
    *,
    labels: Sequence[str] = (),
) -> Proposal:
    """People to add or change, all at once; see `register.py` for what a row may hold."""
    why = needed(reason)
    with change(desk, now) as made:
        may_propose(made.conn, actor, "people", now)
        return submit(made, actor, register.draft(made.conn, rows, why, labels))


def approve(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk,
    actor: Actor,
    proposal_id: str,
    reason: str,
    now: datetime,
    only: unblocks.Agreed | None = None,
    *,
    preview_read: str | None = None,
) -> Proposal:
    """The second person. What is approved is looked at again, under the policy and lists in force now.

    `only`: which sites of an unblock are agreed on, and which companions; else all sites and no companion.
    `preview_read`: the hash of the preview that the second person read; it must be the newest.
    """
    read_ahead(desk, proposal_id, now)
    why = optional(reason)
    try:
        agreed = _settle(
            desk, actor, proposal_id, Act.APPROVE, reason=why, now=now, only=only, preview_read=preview_read
        )
    except ChangeError as error:
        if error.code == "refused":
            record_refused_approval(desk, actor, proposal_id, now)
        raise
    if agreed.kind == erasing.KIND:
        erasing.remove_codes_of_nobody(desk)
        overwrite_removed(desk.engine)  # if somebody reads just then, the next night does it
    return agreed


def record_refused_approval(desk: Desk, actor: Actor, proposal_id: str, now: datetime) -> None:
    """That it is refused may tell that a site is on a list that nobody may read."""
    _record_refused(desk, actor, _asked_for(desk, proposal_id), now)


def _asked_for(desk: Desk, proposal_id: str) -> Mapping[str, object]:
    with reading(desk.engine) as conn:
        found = select(proposal.c.payload).where(proposal.c.id == proposal_id, proposal.c.kind == "unblock")
        return conn.execute(found).scalar_one_or_none() or {}


def decline(desk: Desk, actor: Actor, proposal_id: str, reason: str, now: datetime) -> Proposal:
    return _settle(desk, actor, proposal_id, Act.DECLINE, reason=needed(reason), now=now)


def withdraw(desk: Desk, actor: Actor, proposal_id: str, reason: str, now: datetime) -> Proposal:
    """By whoever proposed it, and by nobody else."""
    return _settle(desk, actor, proposal_id, Act.WITHDRAW, reason=optional(reason), now=now)


def revoke(desk: Desk, actor: Actor, proposal_id: str, reason: str, now: datetime) -> Proposal:
    """An approved unblock is shut at once; tightening takes one person, and staff may shut their own."""
    return _settle(desk, actor, proposal_id, Act.REVOKE, reason=needed(reason), now=now)


def lapse_due(desk: Desk, now: datetime) -> tuple[Proposal, ...]:
    """Write down what time has done already: requests that lapsed, unblocks that ended. Safe to repeat."""
    with reading(desk.engine) as conn:
        current = state_at(now, parsed_policy(conn).limits.lapse_after_hours)
        due = conn.execute(select(proposal.c.id).where(current != proposal.c.state)).scalars().all()
    written = [_by_the_clock(desk, proposal_id, now) for proposal_id in due]
    return tuple(each for each in written if each is not None)


def may_propose(conn: Connection, actor: Actor, kind: str, now: datetime) -> None:
    entitle(conn, actor, f"{kind}:propose", now)
    require_established(conn)


def submit(made: Change, actor: Actor, draft: Draft) -> Proposal:
    """Loosening waits for another person. What only shuts is in force at once, and is looked at later."""
    proposal_id = secrets.token_hex(8)
    made.conn.execute(
        insert(proposal).values(
            id=proposal_id,
            kind=draft.kind,
            state=State.REQUESTED,
            loosening=draft.loosening,
            payload=dict(draft.payload),
            reason=draft.reason,
            proposed_by=actor.person_id,
            proposed_at=made.at,
            starts_at=draft.starts_at,
            ends_at=draft.ends_at,
        )
    )
    row = row_to_change(made, proposal_id)
    texts = {**draft.texts, "reason": draft.reason}
    if not draft.loosening:
        return _tighten(made, actor, row, texts)
    made.seal(f"{draft.kind}:propose", actor, proposal_id, KINDS[draft.kind].facts(row), texts)
    return replace(proposal_of(row), handed=draft.handed)


def _tighten(made: Change, actor: Actor, row: RowMapping, texts: Mapping[str, str]) -> Proposal:
    """One person's word, which another looks at within the time that the policy sets (S34)."""
    kind, proposal_id = KINDS[row["kind"]], row["id"]
    handed = _applied(made, actor, row)
    seq = made.seal(f"{row['kind']}:tighten", actor, proposal_id, kind.facts(row), texts)
    in_force = {"state": State.APPROVED, "payload": settled(row["payload"])}
    made.conn.execute(update(proposal).where(proposal.c.id == proposal_id).values(in_force))
    open_review(made, TIGHTENING, proposal_id, seq, actor)
    return replace(proposal_of(row_to_change(made, proposal_id)), handed=handed)


def read_ahead(desk: Desk, proposal_id: str, now: datetime) -> None:
    """A policy is parsed, and lists are opened, before anybody has to wait for it under the write lock."""
    with reading(desk.engine) as conn:
        row = load(conn, proposal_id, now, parsed_policy(conn).limits.lapse_after_hours)
    if row["kind"] == "policy" and row["state_now"] == State.REQUESTED:
        policies.check_policy(row["payload"]["text"])
    if row["kind"] == "lists" and row["state_now"] == State.REQUESTED:
        list_rows.opened(desk, row["payload"]["generation"])


def _settle(
    desk: Desk,
    actor: Actor,
    proposal_id: str,
    act: Act,
    *,
    reason: str,
    now: datetime,
    only: unblocks.Agreed | None = None,
    preview_read: str | None = None,
) -> Proposal:
    with change(desk, now) as made:
        row = row_to_change(made, proposal_id)
        _may_settle(made, actor, row, act)
        check_state(row, act)
        preview.require_newest(made.conn, proposal_id, preview_read)
        if row["kind"] == erasing.KIND and act is Act.APPROVE:
            erasing.require_nameless(made.conn, row, reason)
        handed: Mapping[str, str] = {}
        if only is not None:
            unblocks.agree_to(made.conn, row, only)
            row = row_to_change(made, proposal_id)
        if act is Act.APPROVE:
            handed = bring_into_force(desk, made, actor, row)
            row = as_applied(made, row)
        return replace(move(made, actor, row, act, reason), handed=handed)


def _may_settle(made: Change, actor: Actor, row: RowMapping, act: Act) -> None:
    own = row["proposed_by"] == actor.person_id
    if act in DECIDING and own:
        raise ChangeError("same-person", "nobody decides what they have proposed; ask somebody else")
    event = _event(row, act)
    if event not in MAY:
        raise ChangeError("wrong-state", f"{row['kind']} changes know no {act}; propose another one")
    found = entitle(made.conn, actor, event, made.at)
    if act is Act.WITHDRAW and not own:
        raise ChangeError("wrong-role", "only the one who proposed this can withdraw it")
    if act is Act.REVOKE and not own and found.role not in APPROVING:
        raise ChangeError("wrong-role", "only the one who asked for this, or a technician, shuts it")


def _event(row: RowMapping, act: Act) -> str:
    """Nobody agrees with the system: who lets one of its updates in confirms it, and alone."""
    of_the_system = row["kind"] == "lists" and row["proposed_by"] == SYSTEM.person_id
    return "lists:confirm" if of_the_system and act is Act.APPROVE else f"{row['kind']}:{act}"


def check_state(row: RowMapping, act: Act) -> None:
    """As of now, not only as written: what has lapsed or ended by the clock is met with nothing more."""
    try:
        step(State(row["state_now"]), act)
    except LifeCycleError as error:
        raise ChangeError("wrong-state", str(error)) from error


def bring_into_force(desk: Desk, made: Change, actor: Actor, row: RowMapping) -> Mapping[str, str]:
    require_established(made.conn)
    kind = KINDS[row["kind"]]
    kind.recheck(desk, made.conn, row, made.at)
    return _applied(made, actor, row)


def _applied(made: Change, actor: Actor, row: RowMapping) -> Mapping[str, str]:
    handed = KINDS[row["kind"]].apply(made.conn, row, actor, made.at)
    if row["kind"] == "people":
        end_modes_of_all(made)
    return handed


def as_applied(made: Change, row: RowMapping) -> RowMapping:
    """The row as it comes into force: a kind may say more of it by then."""
    return made.conn.execute(select(proposal).where(proposal.c.id == row["id"])).mappings().one()


def move(  # noqa: PLR0917  # the order of every verb here: what is made, who, what, how, why
    made: Change,
    actor: Actor,
    row: RowMapping,
    act: Act,
    reason: str,
    beside: Mapping[str, object] | None = None,
) -> Proposal:
    """Only from the state that was read: should two ever come this far at once, the second moves nothing.

    `beside`: what else the line says, of which the row knows nothing.
    """
    who, when, why = (
        ("decided_by", "decided_at", "decision_reason")
        if act in DECIDING
        else ("ended_by", "ended_at", "ended_reason")
    )
    moved = made.conn.execute(
        update(proposal)
        .where(proposal.c.id == row["id"], proposal.c.state == row["state"])
        .values(
            {
                "state": step(State(row["state"]), act),
                who: actor.person_id,
                when: made.at,
                why: reason or None,
                "payload": settled(row["payload"]),
            }
        )
    )
    if moved.rowcount != 1:
        raise ChangeError("wrong-state", "somebody else was quicker")
    detail = {
        **KINDS[row["kind"]].facts(row),
        "proposed_by": row["proposed_by"],
        **(preview.sealed(made.conn, row) if act is Act.APPROVE else {}),
        **(beside or {}),
    }
    made.seal(_event(row, act), actor, row["id"], detail, {"reason": reason} if reason else {})
    return proposal_of(row_to_change(made, row["id"]))


def _by_the_clock(desk: Desk, proposal_id: str, now: datetime) -> Proposal | None:
    """None when somebody was quicker than the clock."""
    try:
        with change(desk, now) as made:
            row = row_to_change(made, proposal_id)
            act = BY_THE_CLOCK.get((row["state"], row["state_now"]))
            if act is None:
                raise ChangeError("wrong-state", "nothing is due any more")
            return move(made, SYSTEM, row, act, "")
    except ChangeError:
        return None


def row_to_change(made: Change, proposal_id: str) -> RowMapping:
    hours = parsed_policy(made.conn).limits.lapse_after_hours
    return load(made.conn, proposal_id, made.at, hours, to_change=True)
