"""What takes one person, at once: suspending somebody (A419, S184) and ending an account. Others review it.

Taking either back is a loosening, and so a people proposal.
"""

from datetime import datetime

from audit_log.people import Registered, change_person, person_by_id
from audit_log.sessions import end_sessions_of
from change_control import probation
from change_control.desk import Actor, Desk
from change_control.drafts import instant
from change_control.errors import ChangeError, bad_input
from change_control.incident_endings import end_modes_of_all
from change_control.openings import close_openings_of
from change_control.reviews import TIGHTENING, open_review
from change_control.roles import APPROVING, FOUNDERS, approvers, entitle
from change_control.sealing import Change, change
from change_control.texts import needed


def suspend(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk, actor: Actor, person_id: str, until: datetime | None, reason: str, now: datetime
) -> Registered:
    """From now until then, or until further notice. Never shortens a suspension."""
    why = needed(reason)
    if until is not None and until.tzinfo is None:
        raise bad_input({"until": "needs its zone"})
    if until is not None and until <= now:
        raise bad_input({"until": "is already past"})
    with change(desk, now) as made:
        return suspend_in(made, actor, may_suspend(made, actor, person_id), until, why)


def may_suspend(made: Change, actor: Actor, person_id: str) -> Registered:
    """Whom this actor may suspend now. Raises ChangeError."""
    return _found(made, actor, "person:suspend", person_id)


def suspend_in(made: Change, actor: Actor, found: Registered, until: datetime | None, why: str) -> Registered:
    """Within a change that does more."""
    start = _start(found, until, made.at)
    change_person(made.conn, found.id, suspended_from=start, suspended_until=until)
    end_sessions_of(made.conn, found.id, made.at)
    closed = close_openings_of(made.conn, found.id, made.at)
    detail = {"from": instant(start), "until": instant(until), "openings": closed, "review": True}
    seq = made.seal("person:suspend", actor, found.id, detail, {"reason": why})
    end_modes_of_all(made)
    open_review(made, TIGHTENING, found.id, seq, actor)
    return _now(made, found.id)


def end_person(desk: Desk, actor: Actor, person_id: str, reason: str, now: datetime) -> Registered:
    """Somebody has left: the account opens nothing from now on. The line of the register stays."""
    why = needed(reason)
    with change(desk, now) as made:
        found = _found(made, actor, "person:end", person_id)
        if found.ends_at is not None and found.ends_at <= now:
            raise ChangeError("wrong-state", "this account has ended already")
        change_person(made.conn, person_id, ends_at=now)
        end_sessions_of(made.conn, person_id, now)
        detail = {"ends_at": instant(now), "openings": close_openings_of(made.conn, person_id, now)}
        seq = made.seal("person:end", actor, person_id, {**detail, "review": True}, {"reason": why})
        end_modes_of_all(made)
        open_review(made, TIGHTENING, person_id, seq, actor)
        return _now(made, person_id)


def _found(made: Change, actor: Actor, event: str, person_id: str) -> Registered:
    entitle(made.conn, actor, event, made.at)
    found = _now(made, person_id)
    if found.role in APPROVING and probation.is_on_probation(made.conn, actor.person_id):
        raise ChangeError("refused", probation.SHUTS_OUT)
    _require_two_left(made, found)
    return found


def _require_two_left(made: Change, found: Registered) -> None:
    """Else one person could shut all others out, and nothing would ever be agreed on again."""
    able = approvers(made.conn, made.at)
    if found.id in able and len(able) <= FOUNDERS:
        says = "two active people who may approve must remain; let two agree on somebody new first"
        raise ChangeError("refused", says)


def _now(made: Change, person_id: str) -> Registered:
    found = person_by_id(made.conn, person_id)
    if found is None:
        raise ChangeError("not-found", "there is no such person")
    return found


def _start(found: Registered, until: datetime | None, now: datetime) -> datetime:
    """Of the old suspension and the new one, all of both: less than that would loosen."""
    old_from, old_until = found.suspended_from, found.suspended_until
    if old_from is None or (old_until is not None and old_until <= now):
        return now
    if until is not None and (old_until is None or until < old_until):
        raise ChangeError("refused", "the suspension in force is longer; ending it sooner takes two people")
    return min(old_from, now)
