"""One's own passwords (A89): one travels with every connection, the other opens the console."""

from datetime import datetime

from sqlalchemy import update

from audit_log.db import reading
from audit_log.passwords import (
    hash_for_console,
    hash_for_proxy,
    password_fault,
    sealed_hash,
    verify_password,
)
from audit_log.people import Registered, Which, person_by_id, set_password
from audit_log.tables import session
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.sealing import Change, change
from change_control.tokens import end_tokens_of
from filter_policy.model import Role


def change_password(  # noqa: PLR0917  # the order of every verb here: desk, who, what, now
    desk: Desk,
    person_id: str,
    which: Which,
    old: str,
    new: str,
    now: datetime,
    *,
    keep: str = "",
) -> None:
    """Needs the old one. Ends every console session of that person but the one with token hash `keep`;
    with another console password the tokens for programs end too.

    Before there is one to change, `old` is the other: the first two choose their browsing password with the
    console's, staff a console password with that for browsing.
    Slow (argon2), and outside the transaction for that reason: never on an event loop.
    """
    with reading(desk.engine) as conn:
        found = person_by_id(conn, person_id)
    if found is None:
        raise ChangeError("not-found", "there is no such person")
    _check(found, which, old, new)
    new_hash = hash_for_proxy(new) if which == "proxy" else hash_for_console(new)
    with change(desk, now) as made:
        if person_by_id(made.conn, person_id) != found:
            raise ChangeError("wrong-state", "this account was changed meanwhile; try again")
        set_password(made.conn, person_id, which, new_hash, now)
        sign_out(made, person_id, keep)
        actor = Actor(person_id, found.role)
        made.seal("password:change", actor, person_id, {"which": which, "hash": sealed_hash(new_hash)})
        if which == "console":
            end_tokens_of(made, actor, person_id)


def _check(found: Registered, which: Which, old: str, new: str) -> None:
    ours, other = found.password_hash, found.console_hash
    if which == "console":
        ours, other = other, ours
    if not verify_password(_proof(found, which), old):
        raise bad_input({"old": "is not the password"})
    if fault := password_fault(new, found.role, found.username):
        raise bad_input({"new": fault})
    if verify_password(ours, new):
        raise bad_input({"new": "is the old one"})
    if other is not None and verify_password(other, new):
        raise bad_input(
            {"new": "must not be the other one: one travels with every connection, one opens the console"}
        )


def _proof(found: Registered, which: Which) -> str | None:
    """What `old` must be: this password, or before there is one, the one this person signs in with."""
    if which == "proxy":
        return found.password_hash or found.console_hash
    return found.console_hash or (found.password_hash if found.role is Role.STAFF else None)


def sign_out(made: Change, person_id: str, keep: str) -> None:
    """Every session of somebody but the one with token hash `keep`."""
    others = (session.c.person_id == person_id) & session.c.ended_at.is_(None)
    conn = made.conn
    conn.execute(update(session).where(others, session.c.token_hash != keep).values(ended_at=made.at))
