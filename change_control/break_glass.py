"""The kind "break-glass": the sealed envelope in the school's safe (S84), made by two people.

Its code has two halves, as enrolment codes have: each of the two is told one, once, and both go into the
envelope. Nobody knows the whole, the server neither. It works once, until a newer one takes its place.
`envelope.py` is how it is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any

import structlog
from sqlalchemy import Connection, insert, select, update

from audit_log.enrolment import code_hash
from audit_log.tables import break_glass, proposal
from change_control.codes import either_way, half_hash, joined, new_half
from change_control.desk import Actor, Desk
from change_control.drafts import Draft
from change_control.errors import ChangeError
from change_control.probation import BREAK_GLASS
from change_control.proposal import without_secrets
from filter_policy.bundle_proof import ProofFault

log = structlog.get_logger()
KIND = BREAK_GLASS
HALF = "envelope"  # under this name a half is in `Proposal.handed`
SEALED = "code_sha256"
NO_SUCH = "there is no such code, it has been used, or it cannot be used for this"
NO_CODE = "0" * 64  # what a guess is compared with where there is no envelope


@dataclass(frozen=True, slots=True)
class Envelope:
    """The last one that two people made; of its code only a hash is kept, and not here."""

    id: str
    made_by: str
    agreed_by: str
    made_at: datetime
    used_at: datetime | None
    used_by: str | None


def draft(reason: str) -> Draft:
    half = new_half()
    return Draft(KIND, {"secrets": {"code_half": half_hash(half)}}, reason, handed={HALF: half})


def facts(row: Mapping[Any, Any]) -> dict[str, object]:
    """Once it is in force, the hash that the code is known by: nobody puts another code in its place."""
    payload = row["payload"]
    return {SEALED: payload[SEALED]} if SEALED in payload else {}


def recheck(_desk: Desk, _conn: Connection, _row: Mapping[Any, Any], _now: datetime) -> None:
    """A new envelope can be made at any time."""


def apply(conn: Connection, row: Mapping[Any, Any], actor: Actor, now: datetime) -> Mapping[str, str]:
    """The older one works no more. Returns the second half."""
    half = new_half()
    kept = code_hash(joined(row["payload"]["secrets"]["code_half"], half))
    conn.execute(update(break_glass).where(_works()).values(replaced_at=now))
    conn.execute(
        insert(break_glass).values(
            id=row["id"], code_hash=kept, made_by=row["proposed_by"], agreed_by=actor.person_id, made_at=now
        )
    )
    said = {**without_secrets(row["payload"]), SEALED: kept}
    conn.execute(update(proposal).where(proposal.c.id == row["id"]).values(payload=said))
    return {HALF: half}


def current_envelope(conn: Connection) -> Envelope | None:
    asked = select(break_glass).where(break_glass.c.replaced_at.is_(None))
    row = conn.execute(asked.order_by(break_glass.c.made_at.desc(), break_glass.c.id).limit(1)).first()
    if row is None:
        return None
    return Envelope(row.id, row.made_by, row.agreed_by, row.made_at, row.used_at, row.used_by)


def find_code(desk: Desk, conn: Connection, code: str) -> str:
    """The envelope that has this code, unused. Raises ChangeError not-found, and says nothing more.

    Its row is not enough: the sealed lines must tell of this code, and of no use.
    """
    row = conn.execute(select(break_glass).where(_works()).limit(1)).first()
    known = str(row.code_hash or NO_CODE) if row else NO_CODE
    typed, turned = (code_hash(each) for each in either_way(code))
    fits = [compare_digest(each, known) for each in (typed, turned)]
    if row is None or not any(fits):
        raise no_such_code()
    typed = typed if fits[0] else turned
    try:
        is_sealed = desk.log_lines.is_envelope(conn, str(row.id), typed)
    except ProofFault as fault:
        raise no_such_code() from fault
    if not is_sealed:
        log.error("envelope_code.not_sealed", envelope=str(row.id))
        raise no_such_code()
    return str(row.id)


def use_up(conn: Connection, envelope_id: str, person_id: str, now: datetime) -> None:
    """Of two who come at the same instant, one finds it used. Raises ChangeError not-found."""
    this = _works() & (break_glass.c.id == envelope_id)
    used = conn.execute(update(break_glass).where(this).values(used_at=now, used_by=person_id))
    if used.rowcount != 1:
        raise no_such_code()


def no_such_code() -> ChangeError:
    return ChangeError("not-found", NO_SUCH)


def _works() -> Any:
    return break_glass.c.used_at.is_(None) & break_glass.c.replaced_at.is_(None)
