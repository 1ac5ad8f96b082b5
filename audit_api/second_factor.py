"""The second factor at the window: when it is asked for, and how guessing at it is met.

It is asked for after the password, so whoever guesses at it has that already: attempts are counted for the
account, wherever they come from. Where the policy wants one of those who may approve, who has none yet may
sign in to set one up, and do nothing else.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from starlette.concurrency import run_in_threadpool

from audit_api.problems import Problem
from audit_api.reader import Reader
from audit_api.rights import APPROVING
from audit_api.throttle import Key, spoken
from audit_api.window import Visit, Window
from audit_log.db import reading
from audit_log.people import Registered, person_by_id
from audit_log.sessions import token_hash
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.second_factor import Begun, begin, begun_again, clear_own, factor_of, set_up, use_code
from filter_policy.model import Role

APPROVERS = "approvers"
WRONG = "That is not the code, or it was used already. Wait for the next one."
NEEDED = "Type the six digits that your telephone shows."


def wanted_of(window: Window) -> str:
    """Of whom the policy in force wants a second factor."""
    try:
        return window.bundle().policy.second_factor
    except Problem:  # nothing is published; what was agreed counts all the same
        with reading(window.desk.engine) as conn:
            return parsed_policy(conn).second_factor


def with_what_is_needed(window: Window, reader: Reader) -> Reader:
    """The reader, and whether a second factor has to be set up before anything else."""
    if not is_wanted(window, reader.role):
        return reader
    return replace(reader, needs_factor=not has_factor(window, reader.person_id))


def has_factor(window: Window, person_id: str) -> bool:
    with reading(window.desk.engine) as conn:
        return factor_of(window.desk, conn, person_id) is not None


def is_wanted(window: Window, role: Role) -> bool:
    return role in APPROVING and wanted_of(window) == APPROVERS


async def check_code(window: Window, person: Registered, code: str | None, now: datetime) -> bool:
    """After the right password. Whether there is a second factor, and this was a code of it.

    Raises Problem: code-needed, wrong-code, too-many-attempts.
    """
    if not await run_in_threadpool(has_factor, window, person.id):
        return False
    if code is None or not code.strip():
        raise Problem("code-needed", NEEDED)
    key = slow_down(window, person.id, now)
    if not await run_in_threadpool(_is_right, window, key, person.id, code, now):
        raise Problem("wrong-code", WRONG)
    window.throttle.succeeded(key)
    return True


def _is_right(window: Window, key: Key, person_id: str, code: str, now: datetime) -> bool:
    try:
        return use_code(window.desk, person_id, code, now)
    except Exception:
        window.throttle.not_made(key)  # the database was away: nobody guessed
        raise


def slow_down(window: Window, person_id: str, now: datetime) -> Key:
    """Counts an attempt at the code of this account. Raises Problem too-many-attempts."""
    key = (f"code of {person_id}", "anywhere")
    if wait := window.throttle.attempt(key, now):
        says = f"Too many wrong codes. Try again in {spoken(wait)}."
        raise Problem("too-many-attempts", says, headers={"Retry-After": str(wait)})
    return key


def begun_by(visit: Visit) -> Begun:
    return begin(visit.desk, _self(visit), visit.now)


def shown_again(visit: Visit, begun: str) -> Begun:
    return begun_again(visit.desk, _self(visit), begun, visit.now)


def set_up_own(visit: Visit, begun: str, code: str) -> None:
    """Raises ChangeError, or Problem too-many-attempts."""
    key = slow_down(visit.window, visit.reader.person_id, visit.now)
    _counted(visit, key, lambda: set_up(
        visit.desk, visit.reader.person_id, begun, code, visit.now, keep=_keep(visit)
    ))  # fmt: skip


def clear_with(visit: Visit, code: str) -> None:
    """Likewise."""
    key = slow_down(visit.window, visit.reader.person_id, visit.now)
    _counted(visit, key, lambda: clear_own(
        visit.desk, visit.reader.person_id, code, visit.now, keep=_keep(visit)
    ))  # fmt: skip


def _counted(visit: Visit, key: Key, work: Callable[[], None]) -> None:
    try:
        work()
    except ChangeError as error:
        if "code" not in error.fields:
            visit.window.throttle.not_made(key)
        raise
    visit.window.throttle.succeeded(key)


def _keep(visit: Visit) -> str:
    return token_hash(visit.desk.session_key, visit.reader.token)


def _self(visit: Visit) -> Registered:
    with reading(visit.desk.engine) as conn:
        found = person_by_id(conn, visit.reader.person_id)
    if found is None:
        raise Problem("not-signed-in")
    return found
