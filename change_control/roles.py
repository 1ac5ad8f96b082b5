"""Who may do what: one table, deny by default (S70, S81).

Loosening needs two people and tightening one, so whoever may approve may also revoke, decline and suspend.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from audit_log.enrolment import enrolled_count
from audit_log.people import Registered, people, person_by_id
from audit_log.tables import proposal
from change_control import probation
from change_control.desk import Actor
from change_control.errors import ChangeError
from filter_policy.model import Role

# A169, S62: technical staff or another designated person agrees.
APPROVING = frozenset({Role.TECHNICIAN, Role.COORDINATOR, Role.HEADTEACHER})
ASKING = APPROVING | {Role.STAFF}
LEADING = frozenset({Role.COORDINATOR, Role.HEADTEACHER})  # answer for what is known about people
READING = APPROVING | {Role.GOVERNOR}  # A54: governors monitor filtering and change control logs
CONSOLE = ASKING | READING
OVERSEEING = LEADING | {Role.GOVERNOR}  # S11, S25: incident logs
SENIOR = LEADING | {Role.STAFF}  # who can be on the case of an incident: incident_rights.py says on which

MAY: Mapping[str, frozenset[Role]] = {
    "unblock:propose": ASKING,
    "unblock:approve": APPROVING,
    "unblock:decline": APPROVING,
    "unblock:revoke": ASKING,  # staff: their own
    "unblock:withdraw": ASKING,
    "policy:propose": APPROVING,
    "policy:approve": APPROVING,
    "policy:decline": APPROVING,
    "policy:withdraw": APPROVING,
    "lists:propose": APPROVING,
    "lists:approve": APPROVING,
    "lists:confirm": APPROVING,  # an update that only shuts more: one person's word
    "lists:rollback": APPROVING,
    "lists:decline": APPROVING,
    "lists:withdraw": APPROVING,
    "people:propose": APPROVING,
    "people:approve": APPROVING,
    "people:decline": APPROVING,
    "people:withdraw": APPROVING,
    "person:suspend": APPROVING,
    "person:end": APPROVING,
    "person:access": LEADING,  # all that is kept about one person
    "correction:propose": APPROVING,
    "correction:approve": APPROVING,
    "correction:decline": APPROVING,
    "correction:withdraw": APPROVING,
    "hold:place": APPROVING,
    "hold-release:propose": APPROVING,
    "hold-release:approve": APPROVING,
    "hold-release:decline": APPROVING,
    "hold-release:withdraw": APPROVING,
    "erasure:propose": APPROVING,
    "erasure:approve": LEADING,
    "erasure:decline": APPROVING,
    "erasure:withdraw": APPROVING,
    "disclosure:propose": SENIOR,  # whoever leads a member of staff (S190)
    "disclosure:approve": LEADING,  # the headteacher; of the headteacher, the coordinator
    "disclosure:decline": LEADING,
    "disclosure:withdraw": SENIOR,
    "disclosure:revoke": LEADING,
    "disclosure:read": SENIOR,  # whoever asked, while it is in force
    "opening:open": ASKING,
    "opening:close": ASKING,
    "filtering-log:read": APPROVING,  # by name
    "filtering-log:export": READING,
    "filtering-log:tail": READING,
    "journal:release": APPROVING,
    "change-log:seen": READING,
    "change-log:review": READING,
    "incident-log:review": OVERSEEING,
    "review:sign": READING,  # what one person did at once: another looks at it
    "break-glass:propose": APPROVING,
    "break-glass:approve": APPROVING,
    "break-glass:decline": APPROVING,
    "break-glass:withdraw": APPROVING,
    "break-glass:use": APPROVING,
    "token:create": CONSOLE,  # for oneself, and less than one may oneself
    "token:revoke": CONSOLE,  # one's own; any, for those who may approve
    "second-factor:set": CONSOLE,
    "second-factor:clear": CONSOLE,  # one's own, with a code of it
    **dict.fromkeys(
        (
            *("incident:classify", "incident:join", "incident:leave", "incident:file", "incident:task"),
            *("incident:task-done", "incident:ask", "incident:sign", "incident:withdraw", "incident:end"),
            *("incident:illegal", "incident:refer", "incident:isolate", "incident:look", "incident:made"),
        ),
        SENIOR,
    ),
    "incident:note": SENIOR | {Role.TECHNICIAN},  # on a technical one (S92)
    "incident:evidence": SENIOR | {Role.TECHNICIAN},
    "illegal-list:probe": ASKING,  # nobody is meant to; whoever may ask may be answered so
}
FOUNDERS = 2


def entitle(conn: Connection, actor: Actor, event: str, now: datetime) -> Registered:
    """The actor as the register has him in this transaction. Raises ChangeError wrong-role.

    A session may be older than the register: who has been suspended, ended or given another role since he
    signed in acts no more.
    """
    found = person_by_id(conn, actor.person_id)
    if found is None or found.role != actor.role or not is_active(found, now):
        raise ChangeError("wrong-role", "your account is not what it was when you signed in; sign in again")
    if found.role not in MAY.get(event, frozenset()):
        raise ChangeError("wrong-role", f"a {found.role} may not do this ({event})")
    if not probation.shuts(event) and probation.is_on_probation(conn, found.id):
        raise ChangeError("wrong-role", probation.SAYS)
    return found


def is_active(person: Registered, now: datetime) -> bool:
    """Whether this person may act at all: the agreement signed (S57), begun, not ended, not suspended."""
    begun = person.starts_at is None or person.starts_at <= now
    ended = person.ends_at is not None and person.ends_at <= now
    return person.agreement_signed and begun and not ended and not is_suspended(person, now)


def is_suspended(person: Registered, now: datetime) -> bool:
    start, until = person.suspended_from, person.suspended_until
    return start is not None and start <= now and (until is None or now < until)


def require_established(conn: Connection) -> None:
    """Nothing is loosened until both people of the first setup have enrolled. Raises ChangeError."""
    if enrolled_count(conn) < FOUNDERS and not _somebody_has_decided(conn):
        raise ChangeError("not-established", "nothing is opened before the first two people have enrolled")


def _somebody_has_decided(conn: Connection) -> bool:
    """Then both had enrolled by that time; a founder who is given a new code undoes nothing of it."""
    decided = select(proposal.c.id).where(proposal.c.decided_by.is_not(None)).limit(1)
    return conn.execute(decided).first() is not None


def approvers(conn: Connection, now: datetime) -> set[str]:
    """The ids of those who could approve now: active, with a console password, and not waiting for others."""
    able = (one for one in people(conn) if one.role in APPROVING and one.console_hash is not None)
    return {one.id for one in able if is_active(one, now)} - probation.on_probation(conn)
