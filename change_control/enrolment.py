"""A code works once, to choose a console password: nobody else has ever known it."""

from datetime import datetime

import structlog
from sqlalchemy import Connection, select

from audit_log import enrolment as codes
from audit_log.db import reading
from audit_log.passwords import hash_for_console, hash_for_proxy, password_fault, sealed_hash
from audit_log.people import Registered, person_by_id, set_password
from audit_log.second_factors import forget_factor
from audit_log.tables import enrolment
from change_control.codes import as_kept, code_file
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.sealing import change
from change_control.tokens import end_tokens_of
from filter_policy.bundle_proof import ProofFault

log = structlog.get_logger()
ANOTHER = "must be another one: it travels with every connection"


def enrol(
    desk: Desk, code: str, password: str, now: datetime, *, proxy_password: str | None = None
) -> Registered:
    """Sets the console password, and the one for browsing if given (else it is chosen later).

    Raises ChangeError: not-found for a code that is unknown or used, bad-input for a weak password (the code
    still works then).
    """
    plain = as_kept(code)
    with reading(desk.engine) as conn:
        found = _whose(conn, plain)
        _require_sealed(desk, conn, found.id, plain)
    _check(found, password, proxy_password)
    console_hash = hash_for_console(password)
    proxy_hash = hash_for_proxy(proxy_password) if proxy_password is not None else None
    with change(desk, now) as made:
        if codes.use_code(made.conn, plain, now) != found.id:
            raise _no_such_code()
        set_password(made.conn, found.id, "console", console_hash, now)
        if proxy_hash is not None:
            set_password(made.conn, found.id, "proxy", proxy_hash, now)
        enrolled = person_by_id(made.conn, found.id)
        if enrolled is None:
            raise _no_such_code()
        had_factor = forget_factor(made.conn, found.id)
        hashes = {"console": sealed_hash(console_hash)}
        if proxy_hash is not None:
            hashes["proxy"] = sealed_hash(proxy_hash)
        detail: dict[str, object] = {"enrolled": codes.enrolled_count(made.conn), "hashes": hashes}
        if had_factor:
            detail["second_factor"] = "cleared"  # whoever got a code may have lost the telephone too
        actor = Actor(found.id, found.role)
        made.seal("person:enrol", actor, found.id, detail)
        end_tokens_of(made, actor, found.id)
    code_file(desk.state, found.username).unlink(missing_ok=True)
    return enrolled


def _whose(conn: Connection, plain: str) -> Registered:
    unused = (enrolment.c.code_hash == codes.code_hash(plain)) & enrolment.c.used_at.is_(None)
    person_id = conn.scalar(select(enrolment.c.person_id).where(unused))
    found = person_by_id(conn, person_id) if person_id else None
    if found is None:
        raise _no_such_code()
    return found


def _require_sealed(desk: Desk, conn: Connection, person_id: str, plain: str) -> None:
    """A code that only the database knows of was put there past us. Raises ChangeError not-found."""
    try:
        if desk.log_lines.is_code(conn, person_id, codes.code_hash(plain)):
            return
    except ProofFault as fault:
        raise _no_such_code() from fault
    log.error("enrolment_code.not_sealed", person=person_id)
    raise _no_such_code()


def _check(found: Registered, password: str, proxy_password: str | None) -> None:
    faults = {}
    if fault := password_fault(password, found.role, found.username):
        faults["password"] = fault
    if proxy_password is not None:
        if fault := password_fault(proxy_password, found.role, found.username):
            faults["proxy_password"] = fault
        elif proxy_password == password:
            faults["proxy_password"] = ANOTHER
    if faults:
        raise bad_input(faults)


def _no_such_code() -> ChangeError:
    return ChangeError("not-found", "there is no such code, or it has been used")
