"""One change, one transaction: what changes, its line in the change log and a signed checkpoint, or nothing.

    with change(desk, now) as made:
        made.conn.execute(...)
        made.seal("unblock:approve", actor, proposal_id, {...}, {"reason": ...})

After the commit the bundle is published. A publication that fails undoes nothing: the line stands, an alarm
is logged, and `publish_if_needed` tries again.

A log that contradicts what was signed before is signed no more, nor one that is not what this server has seen
(floor.py). Then nothing can be opened; what only shuts is still done, with its line and without a checkpoint,
and an alarm is logged.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import structlog
from sqlalchemy import Connection, text

from audit_log import change_log
from audit_log.checkpoint import CheckpointError, NoteError, sign_checkpoint
from audit_log.db import reading, writing
from audit_log.incident_fold import ACTS
from audit_log.incident_model import Incident
from change_control.desk import SYSTEM, Actor, Desk
from change_control.errors import ChangeError
from change_control.floor import BelowFloorError
from change_control.nameless import require_nameless
from change_control.publish import publish_or_alarm
from change_control.sealed_secrets import RESTORED

ONE_AT_A_TIME = 0x5C4002  # PostgreSQL advisory lock; SQLite has one writer anyway
WITH_TWO = (
    "policy",
    "lists",
    "people",
    "unblock",
    "correction",
    "hold-release",
    "erasure",
    "break-glass",
    "disclosure",
)
# Lines of what opens nothing for anybody: they are written even when nothing more can be signed.
TIGHTENING = frozenset(
    {
        *(f"{kind}:{act}" for kind in WITH_TWO for act in ("decline", "withdraw", "lapse")),
        *("unblock:revoke", "unblock:end", "person:suspend", "person:end", "opening:close"),
        *(f"filtering-log:{act}" for act in ("read", "export", "tail", "tail-end")),
        *(f"{kind}:tighten" for kind in ("policy", "lists", "people")),
        *("hold:place", "person:access", "review:sign"),
        *("disclosure:revoke", "disclosure:end", "disclosure:read"),
        "illegal-list:probe",
        *(f"incident:{act}" for act in ACTS if act != "sign"),  # of a case a second signature alone
        *("second-factor:set", "token:revoke"),
        *("change-log:seen", "change-log:review", "incident-log:review"),
    }
)
PROGRAM = "by_token"  # the id of the token with which a program did it, in somebody's name
CONTRADICTS = (
    "the change log no longer holds what was signed before, so nothing can be opened; "
    "have it looked at first: schoolgate changes verify"
)
BELOW = (
    "the change log is not the one that this server has seen, so nothing can be opened; where an older "
    "database was put back, the technician goes on with it on the server: schoolgate changes restored"
)
SIGNED_IN_DAMAGED = (
    "you signed in while the change log was damaged, so you may only look and tighten; "
    "once the log is whole, sign in again"
)

log = structlog.get_logger()


class UnsealedChangeError(Exception):
    """A verb of ours changed something and left no line: a fault of the program, and undone."""


class Change:
    """A change on its way: the connection to write with, and the instant it is made."""

    def __init__(self, conn: Connection, at: datetime) -> None:
        self.conn = conn
        self.at = at
        self.events: list[str] = []
        self.cases: dict[str, Incident] = {}  # with the lines that this change added

    def seal(
        self,
        event: str,
        actor: Actor,
        object_id: str,
        detail: Mapping[str, object] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> int:
        """Write the line. `detail` holds ids and facts, never a name; what people wrote goes into `texts`.

        Raises ChangeError where they named a pupil, and for who may only tighten.
        """
        if not actor.may_open and event not in TIGHTENING:
            raise ChangeError("refused", SIGNED_IN_DAMAGED)
        if actor.token and event.partition(":")[0] in WITH_TWO:
            texts = {**(texts or {}), PROGRAM: actor.token}  # what is agreed to is the detail, and no more
        elif actor.token:
            detail = {**(detail or {}), PROGRAM: actor.token}
        if texts and actor is not SYSTEM:
            require_nameless(self.conn, texts)
        self.events.append(event)
        return change_log.append(
            self.conn,
            at=self.at,
            event=event,
            actor=actor.person_id,
            role=str(actor.role),
            object_id=object_id,
            detail=detail or {},
            texts=texts or {},
        )


@contextmanager
def change(desk: Desk, now: datetime) -> Iterator[Change]:
    """All of it or nothing; then the gates are told."""
    with writing(desk.engine) as conn:
        one_at_a_time(conn)
        made = Change(conn, now)
        yield made
        is_signed = _finish(desk, made)
    if is_signed:
        _remember(desk, made)
    else:
        desk.published.of = None  # the numbers of its lines say nothing any more
    publish_or_alarm(desk)


def one_at_a_time(conn: Connection) -> None:
    """Until the transaction ends, no other change is made."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ONE_AT_A_TIME})


def _finish(desk: Desk, made: Change) -> bool:
    """Whether the log could be signed."""
    if not made.events:
        raise UnsealedChangeError
    try:
        if RESTORED not in made.events:
            desk.log_lines.vouched.require_floor(made.conn)
        sign_checkpoint(made.conn, desk.key, made.at)
    except (CheckpointError, NoteError) as error:
        log.error("change_log.contradicts_checkpoint", error=type(error).__name__, why=str(error))
        if not TIGHTENING.issuperset(made.events):
            is_below = isinstance(error, BelowFloorError)
            raise ChangeError("refused", BELOW if is_below else CONTRADICTS) from error
        return False
    return True


def _remember(desk: Desk, made: Change) -> None:
    """How far the log is now, outside the database. The change is made: nothing here takes it back."""
    try:
        with reading(desk.engine) as conn:
            if RESTORED in made.events:
                desk.log_lines.vouched.begin_anew(conn, made.at)
            else:
                desk.log_lines.vouched.below(conn)
    except Exception as error:  # noqa: BLE001  # the change is made and sealed; the next look writes it
        log.error("change_log.floor_not_written", why=type(error).__name__)
