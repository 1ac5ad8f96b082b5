"""`with_staff_permission`: a member of staff opens it for their own class, for one lesson at most.

The two people behind it are those who agreed on the row of the policy: the line names that policy and its
revision.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from audit_log.tables import opening
from change_control.desk import Actor, Desk
from change_control.drafts import instant
from change_control.errors import ChangeError, bad_input
from change_control.in_force import agreed_lists, openings_in_force, policy_in_force
from change_control.queries import get_opening
from change_control.roles import APPROVING, entitle, require_established
from change_control.sealing import change
from change_control.texts import needed
from filter_policy.bundle import revision_of
from filter_policy.model import Opening

LONGEST_MINUTES = 60


def open_for_class(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk, actor: Actor, class_: str, minutes: int, reason: str, now: datetime
) -> Opening:
    """From now on. Raises ChangeError refused for a class that is not the actor's own."""
    why = needed(reason)
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise bad_input({"minutes": f"between 1 and {LONGEST_MINUTES}"})
    with change(desk, now) as made:
        teacher = entitle(made.conn, actor, "opening:open", now)
        require_established(made.conn)
        if class_ not in teacher.classes:
            raise ChangeError("refused", f"{class_} is not one of your classes")
        _require_none_open(made.conn, class_, now)
        ends_at = now + timedelta(minutes=minutes)
        new = Opening(secrets.token_hex(8), actor.person_id, frozenset({class_}), now, ends_at)
        made.conn.execute(
            insert(opening).values(
                id=new.id,
                opened_by=new.opened_by,
                classes=[class_],
                starts_at=new.starts_at,
                ends_at=new.ends_at,
                reason=why,
            )
        )
        policy = policy_in_force(made.conn)
        detail = {
            "classes": [class_],
            "starts_at": instant(new.starts_at),
            "ends_at": instant(new.ends_at),
            "policy": policy.id,
            "policy_revision": revision_of(policy.text, agreed_lists(made.conn).generation),
        }
        made.seal("opening:open", actor, new.id, detail, {"reason": why})
        return new


def _require_none_open(conn: Connection, class_: str, now: datetime) -> None:
    """A second one, asked for before the first is over, would make it longer than a lesson."""
    for each in openings_in_force(conn, now):
        if class_ in each.classes:
            raise ChangeError(
                "wrong-state", f"this is open for {class_} already; it can be opened again later"
            )


def close_openings_of(conn: Connection, person_id: str, now: datetime) -> list[str]:
    """Who may not act leaves nothing open. The ids of those that were; the caller seals them."""
    theirs = (opening.c.opened_by == person_id) & (opening.c.ends_at > now)
    found = sorted(conn.execute(select(opening.c.id).where(theirs)).scalars())
    if found:
        conn.execute(update(opening).where(theirs).values(ends_at=now))
    return found


def close_opening(desk: Desk, actor: Actor, opening_id: str, now: datetime) -> Opening:
    """Before its time: by whoever opened it, or by anyone who may approve."""
    with change(desk, now) as made:
        closer = entitle(made.conn, actor, "opening:close", now)
        found = get_opening(made.conn, opening_id)
        if found is None:
            raise ChangeError("not-found", "there is no such opening")
        if found.opened_by != closer.id and closer.role not in APPROVING:
            raise ChangeError("wrong-role", "only the one who opened this, or a technician, closes it")
        if found.ends_at <= now:
            raise ChangeError("wrong-state", "this is over already")
        ends_at = max(now, found.starts_at)
        made.conn.execute(update(opening).where(opening.c.id == opening_id).values(ends_at=ends_at))
        made.seal("opening:close", actor, opening_id, {"ends_at": instant(ends_at)})
        return Opening(found.id, found.opened_by, found.classes, found.starts_at, ends_at)
