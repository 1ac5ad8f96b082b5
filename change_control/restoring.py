"""The way on when an older database was put back: the server takes it for the right one, and a line says so.

Nobody can sign in to agree to it, since what they would sign in with is in doubt: so it takes who owns the
server, and shuts out instead of letting in. A password, second factor, token or code that is not what this
server has seen last works no more; two others give a new code, as for a lost telephone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, update

from audit_log.people import Registered, people
from audit_log.tables import session
from change_control.desk import SYSTEM, Desk
from change_control.errors import ChangeError, bad_input
from change_control.floor import Floor, FloorFault, Seen
from change_control.nameless import require_nameless
from change_control.roles import APPROVING, CONSOLE, is_active
from change_control.sealed_secrets import BOTH, RESTORED, SealedSecrets
from change_control.sealing import change
from change_control.texts import needed
from change_control.vouched import Vouched

TWO = 2
AGAIN = "Put the database back once more from the backup, whole, and say this before anything is started"
EMPTY = (
    "the change log in the database is empty: put the database back from the backup. A school that begins "
    "anew takes a new state folder"
)


@dataclass(frozen=True, slots=True)
class Restoring:
    """What goes on, and what is lost. `seen`: None where what this server has seen cannot be read."""

    entries: int
    seen: Seen | None
    shut_out: tuple[Registered, ...]  # whose password or second factor is not what was seen last
    let_in: tuple[Registered, ...]  # of those, who signs in all the same with what the database has
    able: tuple[Registered, ...]  # may agree to changes, and can sign in afterwards
    void: tuple[str, ...]  # ids of all whose passwords count no more, whatever the register says they are
    codes: tuple[str, ...]  # whose code was used since, or made anew
    tokens: tuple[str, ...]  # ids of those revoked since
    envelope: bool  # it was used since, or made anew

    @property
    def detail(self) -> Mapping[str, object]:
        return {
            "entries": self.entries,
            "seen": self.seen.size if self.seen is not None else None,
            "seen_root": self.seen.root.hex() if self.seen is not None else None,
            "shut_out": [each.id for each in self.shut_out],
            "let_in": [each.id for each in self.let_in],
            "void": list(self.void),
            "codes": list(self.codes),
            "tokens": list(self.tokens),
            "envelope": self.envelope,
        }


def restoring(desk: Desk, conn: Connection, let_in: Collection[str], now: datetime) -> Restoring:
    """What `restore` would do. `let_in`: user names.

    Raises ChangeError: wrong-state where the log is the one that was seen, refused where it is not whole by
    itself, bad-input for somebody in `let_in` who is not shut out.
    """
    if not desk.log_lines.vouched.below(conn):
        raise ChangeError("wrong-state", "this is the change log that this server has seen: nothing to do")
    alone = Vouched(desk.key.public_key())
    told, fault = alone.secrets(conn)
    if fault is not None:
        raise ChangeError("refused", f"the change log is not whole by itself: {fault}. {AGAIN}")
    if not alone.size:
        raise ChangeError("refused", EMPTY)
    seen, then = _seen(Floor(desk.state), told)
    differ = _differing(told, then)
    known = [each for each in people(conn) if each.role in CONSOLE and is_active(each, now)]
    out = [each for each in known if each.id in differ]
    if odd := sorted(set(let_in) - {each.username for each in out}):
        allowed = ", ".join(sorted(each.username for each in out)) or "nobody is shut out"
        raise bad_input({"let_in": f"{', '.join(odd)}: is not shut out; allowed: {allowed}"})
    shut = tuple(each for each in out if each.username not in let_in)
    able = tuple(each for each in known if each.role in APPROVING and _can(told, each) and each not in shut)
    return Restoring(
        alone.size,
        seen,
        shut,
        tuple(each for each in out if each.username in let_in),
        able,
        tuple(sorted(differ - {each.id for each in out if each.username in let_in})),
        tuple(sorted(who for who, code in told.codes.items() if then.codes.get(who) != code)),
        tuple(sorted(told.tokens - then.tokens)),
        told.envelope is not None and told.envelope != then.envelope,
    )


def restore(desk: Desk, let_in: Collection[str], reason: str, now: datetime) -> Restoring:
    """Goes on with the database as it is. Everybody signs in anew: a session there may have been ended since.

    Raises ChangeError, as `restoring` does; refused, too, where fewer than two could agree to anything
    afterwards, while somebody who may is shut out.
    """
    said = {"reason": needed(reason, "reason")}
    with change(desk, now) as made:
        found = restoring(desk, made.conn, let_in, now)
        out = [each.username for each in found.shut_out if each.role in APPROVING]
        if len(found.able) < TWO and out:
            says = "fewer than two people could agree to anything afterwards; let in some of: "
            raise ChangeError("refused", says + ", ".join(out))
        require_nameless(made.conn, said)
        made.conn.execute(update(session).where(session.c.ended_at.is_(None)).values(ended_at=now))
        made.seal(RESTORED, SYSTEM, "change-log", found.detail, said)
    return found


def _seen(floor: Floor, told: SealedSecrets) -> tuple[Seen | None, SealedSecrets]:
    """Where it is damaged, nobody can say what was newer."""
    seen: Seen | None = None
    try:
        seen = floor.seen()
        return seen, told if seen is None else floor.secrets(seen)
    except FloorFault:
        return seen, told


def _differing(told: SealedSecrets, then: SealedSecrets) -> set[str]:
    either = told.factors.keys() | then.factors.keys()
    return {who for who in either if told.factors.get(who) != then.factors.get(who)} | {
        who
        for who, _ in told.passwords
        if any(told.passwords.get((who, which)) != then.passwords.get((who, which)) for which in BOTH)
    }


def _can(told: SealedSecrets, person: Registered) -> bool:
    return (person.id, "console") in told.passwords
