"""The second factor (RFC 6238): six digits that somebody's telephone shows, asked for after the password.

    no one -- set_up --> one -- clear_own, a code to choose a password with, two people --> no one
A code works once, in its own half minute and the ones beside it: the database keeps the newest one used, and
each process remembers it, whatever is put back there. The secret is encrypted in the database; the
line that tells of it has a hash of that, and what is used is held against the lines: without them a deleted
row would be a way round it.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

import pyotp
import structlog
from sqlalchemy import Connection

from audit_log.db import reading, writing
from audit_log.people import Registered, person_by_id
from audit_log.second_factors import (
    KeptFactor,
    forget_factor,
    keep_factor,
    kept_factor,
    sealed_sha256,
    use_step,
)
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.passwords import sign_out
from change_control.roles import is_active
from change_control.sealing import Change, change
from change_control.secret_box import NotOursError, open_secret, seal_secret

log = structlog.get_logger()
STEP = 30  # seconds
BESIDE = (0, -1, 1)  # clocks are never quite right
DIGITS = 6
PURPOSE = "second-factor"
BEGUN = "second-factor-begun"
LONGEST_SET_UP = timedelta(minutes=30)
ISSUER = "Schoolgate"
NOT_THE_CODE = "is not the code; each works once, and the clock of the telephone must be right"
TOO_LATE = "this set-up was not begun here, or too long ago; begin again"


@dataclass(frozen=True, slots=True)
class Begun:
    """Shown once, to whoever sets one up. Nothing is kept until a code of it has been typed."""

    secret: str = field(repr=False)  # base 32, as it is typed
    address: str = field(repr=False)  # otpauth://, as a QR code has it
    begun: str = field(repr=False)  # the secret for this person alone, sealed: to be given back with a code


@dataclass(frozen=True, slots=True)
class Factor:
    """Somebody has a second factor. Without `kept` no code is right: its row is not what was sealed."""

    kept: KeptFactor | None = None


def begin(desk: Desk, person: Registered, now: datetime) -> Begun:
    secret = pyotp.random_base32()
    address = pyotp.TOTP(secret).provisioning_uri(name=person.username, issuer_name=ISSUER)
    return Begun(secret, address, _sealed_begin(desk, person.id, secret, now))


def begun_again(desk: Desk, person: Registered, begun: str, now: datetime) -> Begun:
    """The same once more, after a wrong code. Raises ChangeError."""
    secret = _begun_secret(desk, person.id, begun, now)
    address = pyotp.TOTP(secret).provisioning_uri(name=person.username, issuer_name=ISSUER)
    return Begun(secret, address, begun)


def set_up(desk: Desk, person_id: str, begun: str, code: str, now: datetime, *, keep: str = "") -> None:
    """From now on it is asked for. Ends every session of that person but the one with token hash `keep`.

    Raises ChangeError: wrong-state where there is one, bad-input for a wrong code.
    """
    secret = _begun_secret(desk, person_id, begun, now)
    step = right_step(secret, code, now)
    if step is None:
        raise bad_input({"code": NOT_THE_CODE})
    sealed = seal_secret(desk.key, PURPOSE, person_id, secret.encode())
    with change(desk, now) as made:
        found = _active(made, person_id)
        if factor_of(desk, made.conn, person_id) is not None or kept_factor(made.conn, person_id):
            raise ChangeError("wrong-state", "there is a second factor; clear it first, with a code of it")
        keep_factor(made.conn, person_id, sealed, now, step)
        sign_out(made, person_id, keep)
        detail = {"sha256": sealed_sha256(sealed)}
        made.seal("second-factor:set", Actor(person_id, found.role), person_id, detail)
    desk.used_steps.begin(person_id, step)


def use_code(desk: Desk, person_id: str, code: str, now: datetime) -> bool:
    """Whether this is a code that works now; from then on it works no more."""
    with reading(desk.engine) as conn:
        step = _step_of(desk, conn, person_id, code, now)
    if step is None:
        return False
    with writing(desk.engine) as conn:
        is_new = use_step(conn, person_id, step)
    return is_new and desk.used_steps.use(person_id, step)


def clear_own(desk: Desk, person_id: str, code: str, now: datetime, *, keep: str = "") -> None:
    """One's own, with a code of it: nobody clears what they do not hold. Raises ChangeError."""
    with change(desk, now) as made:
        found = _active(made, person_id)
        if factor_of(desk, made.conn, person_id) is None:
            raise ChangeError("wrong-state", "there is no second factor")
        step = _step_of(desk, made.conn, person_id, code, now)
        is_new = step is not None and use_step(made.conn, person_id, step)
        if step is None or not is_new or not desk.used_steps.use(person_id, step):
            raise bad_input({"code": NOT_THE_CODE})
        forget_factor(made.conn, person_id)
        sign_out(made, person_id, keep)
        made.seal("second-factor:clear", Actor(person_id, found.role), person_id)


def factor_of(desk: Desk, conn: Connection, person_id: str) -> Factor | None:
    """None: nothing is asked for after the password, and the sealed lines say so too.

    Where the log is damaged its good part tells, and a row that it does not know of is asked for besides.
    """
    kept = kept_factor(conn, person_id)
    told, fault = desk.log_lines.second_factor(conn, person_id)
    if fault is not None:
        log.error("second_factor.log_is_damaged", why=str(fault))
    if told is None and fault is not None and kept is not None:
        return Factor(kept)
    if told is None:
        if kept is not None:
            log.error("second_factor.not_sealed", person=person_id)
        return None
    if kept is None or sealed_sha256(kept.sealed) != told:
        log.error("second_factor.not_as_sealed", person=person_id)
        return Factor()
    return Factor(kept)


def right_step(secret: str, code: str, now: datetime) -> int | None:
    """The half minute that this is the code of. All three are compared, whatever the first one says."""
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdecimal()):
        return None
    this = int(now.timestamp()) // STEP
    codes = pyotp.HOTP(secret, digits=DIGITS)
    found = [step for step in (this + by for by in BESIDE) if compare_digest(codes.at(step), typed)]
    return found[0] if found else None


def _step_of(desk: Desk, conn: Connection, person_id: str, code: str, now: datetime) -> int | None:
    factor = factor_of(desk, conn, person_id)
    if factor is None or factor.kept is None:
        return None
    try:
        secret = open_secret(desk.key, PURPOSE, person_id, factor.kept.sealed).decode()
    except NotOursError:
        log.error("second_factor.unreadable", person=person_id)
        return None
    step = right_step(secret, code, now)
    return step if step is not None and step > factor.kept.last_step else None


def _sealed_begin(desk: Desk, person_id: str, secret: str, now: datetime) -> str:
    said = json.dumps([secret, now.astimezone(UTC).isoformat()])
    return seal_secret(desk.key, BEGUN, person_id, said.encode())


def _begun_secret(desk: Desk, person_id: str, begun: str, now: datetime) -> str:
    try:
        secret, at = json.loads(open_secret(desk.key, BEGUN, person_id, begun))
    except NotOursError:
        raise ChangeError("wrong-state", TOO_LATE) from None
    if not timedelta() <= now - datetime.fromisoformat(at) <= LONGEST_SET_UP:
        raise ChangeError("wrong-state", TOO_LATE)
    return str(secret)


def _active(made: Change, person_id: str) -> Registered:
    found = person_by_id(made.conn, person_id)
    if found is None or not is_active(found, made.at):
        raise ChangeError("wrong-role", "your account is not what it was when you signed in; sign in again")
    return found
