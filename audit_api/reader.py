"""Who is at the window: found anew for every request, so that a new role or a suspension tells at once."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Engine

from audit_log.api_tokens import touch_token
from audit_log.db import reading, writing
from audit_log.passwords import is_too_old
from audit_log.people import Registered, person_by_id
from audit_log.sessions import Session, end_session, find_session, touch_session
from change_control.desk import Actor, Desk
from change_control.roles import is_active
from change_control.tokens import find_token
from filter_policy.model import Role


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody signed in. `csrf` is the token of the forms made for this session."""

    person_id: str
    username: str
    name: str
    role: Role
    must_change: bool
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    needs_factor: bool = False  # a second factor has to be set up before anything else
    token_id: str = ""  # a program asks, with a token of this person
    scopes: frozenset[str] | None = None  # of that token
    may_open: bool = True  # False: signed in while the change log was damaged, to look and to tighten

    @property
    def must_do_first(self) -> bool:
        """Whether something is asked of them before anything else."""
        return self.must_change or self.needs_factor

    @property
    def actor(self) -> Actor:
        return Actor(self.person_id, self.role, self.token_id, self.may_open)


def find_reader(desk: Desk, token: str, now: datetime) -> Reader | None:
    """None: not signed in, signed in too long ago, or no longer somebody who may act.

    A session that was begun while the change log was damaged ends once that is whole.
    """
    with reading(desk.engine) as conn:
        session = find_session(conn, desk.session_key, token, now)
        person = person_by_id(conn, session.person_id) if session else None
        is_over = session is not None and not session.may_open and desk.log_lines.fault(conn) is None
    if is_over:
        with writing(desk.engine) as conn:
            end_session(conn, desk.session_key, token, now)
        return None
    if session is None or person is None or not is_active(person, now):
        return None
    _touch(desk.engine, session, now)
    return replace(_reader(person, now, token, session.csrf), may_open=session.may_open)


def find_program(desk: Desk, token: str, address: str, now: datetime) -> Reader | None:
    """Whose token a program sent: it is who made it, and may less. None: it does not work, or not from there.

    With another role than it was made with it is no token, and while its owner may not act neither may it.
    """
    with reading(desk.engine) as conn:
        one = find_token(desk, conn, token, address, now)
        person = person_by_id(conn, one.person_id) if one else None
    if one is None or person is None or person.role != one.role or not is_active(person, now):
        return None
    if one.needs_touch(now):
        with writing(desk.engine) as conn:
            touch_token(conn, one.id, now)
    return replace(_reader(person, now, "", ""), token_id=one.id, scopes=frozenset(one.scopes))


def _reader(person: Registered, now: datetime, token: str, csrf: str) -> Reader:
    return Reader(
        person_id=person.id,
        username=person.username,
        name=person.name,
        role=person.role,
        must_change=must_change(person, now),
        token=token,
        csrf=csrf,
    )


def must_change(person: Registered, now: datetime) -> bool:
    """Whether the password that opened the console is a first one or too old (A89)."""
    if signs_in_with_console_password(person):
        return person.console_must_change or is_too_old(person.console_changed_at, person.role, now)
    return person.password_must_change or is_too_old(person.password_changed_at, person.role, now)


def signs_in_with_console_password(person: Registered) -> bool:
    """Proxy credentials travel with every connection, so they open nothing that approves or oversees.

    Staff, who may only ask, need no second password unless they have chosen one.
    """
    return person.role is not Role.STAFF or person.console_hash is not None


def _touch(engine: Engine, session: Session, now: datetime) -> None:
    if session.needs_touch(now):
        with writing(engine) as conn:
            touch_session(conn, session, now)
