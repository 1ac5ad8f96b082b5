"""Somebody with a telephone: a second factor set up, and the digits that it shows."""

from datetime import datetime

import pyotp

from audit_log.db import reading
from change_control.desk import Desk
from change_control.second_factor import begin, factor_of, set_up
from tests.change_control.school import somebody


def digits(secret: str, at: datetime) -> str:
    """What the telephone shows then."""
    return pyotp.TOTP(secret).at(at)


def with_factor(desk: Desk, username: str, now: datetime) -> str:
    """The secret, as the telephone has it. The code of that half minute is used up."""
    person = somebody(desk, username)
    begun = begin(desk, person, now)
    set_up(desk, person.id, begun.begun, digits(begun.secret, now), now)
    return begun.secret


def has_one(desk: Desk, username: str) -> bool:
    with reading(desk.engine) as conn:
        return factor_of(desk, conn, somebody(desk, username).id) is not None
