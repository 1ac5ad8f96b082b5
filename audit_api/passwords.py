"""Changing a password: as slow to guess at as signing in."""

from starlette.requests import Request

from audit_api.problems import Problem
from audit_api.second_factor import check_code
from audit_api.sign_in import counted, in_hashing_thread, known, look, slow_down
from audit_api.window import Visit, Window
from audit_log.db import reading
from audit_log.people import Which, person_by_id
from audit_log.sessions import token_hash
from change_control.errors import ChangeError, bad_input
from change_control.passwords import change_password
from change_control.roles import is_active


async def change_own(visit: Visit, request: Request, which: Which, old: str, new: str) -> None:
    """Raises ChangeError bad-input naming `old` or `new`, or Problem too-many-attempts."""
    window, reader = visit.window, visit.reader
    key = slow_down(window, request, reader.username, visit.now)
    keep = token_hash(visit.desk.session_key, reader.token)

    def work() -> None:
        change_password(visit.desk, reader.person_id, which, old, new, visit.now, keep=keep)

    try:
        await counted(window, key, work)
    except ChangeError as error:
        if "old" not in error.fields:
            window.throttle.succeeded(key)
        raise
    window.throttle.succeeded(key)


async def ask_again(visit: Visit, request: Request, password: str) -> None:
    """An open session may be somebody else's find: who goes on says once more who they are.

    Raises ChangeError bad-input naming `password`, or Problem too-many-attempts.
    """
    try:
        await known(visit.window, request, visit.reader.username, password, visit.now)
    except Problem as problem:
        if problem.slug != "wrong-credentials":
            raise
        raise bad_input({"password": "is not the one that you sign in with"}) from None


async def ask_again_with_code(visit: Visit, request: Request, password: str, code: str | None) -> None:
    """Likewise, and for a code where there is a second factor: what is made outlasts the session.

    Raises Problem code-needed and wrong-code besides.
    """
    await ask_again(visit, request, password)
    with reading(visit.desk.engine) as conn:
        person = person_by_id(conn, visit.reader.person_id)
    if person is not None:
        await check_code(visit.window, person, code, visit.now)


async def change_browsing_password(
    window: Window, request: Request, username: str, old: str, new: str
) -> None:
    """Raises Problem wrong-credentials or too-many-attempts, ChangeError bad-input naming `new`."""
    now = window.clock()
    key = slow_down(window, request, username, now)
    person, checked = await counted(window, key, lambda: look(window, username, old))
    if person is None or not checked.proxy or not is_active(person, now):
        raise Problem("wrong-credentials", "The user name or the password is wrong.")
    window.throttle.succeeded(key)
    person_id = person.id
    await in_hashing_thread(window, lambda: change_password(window.desk, person_id, "proxy", old, new, now))
