"""Signing in. Slow on purpose, equally slow for every name, and never on the event loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

import structlog
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from audit_api.devices import device_of
from audit_api.names import a_role
from audit_api.problems import Problem
from audit_api.reader import must_change, signs_in_with_console_password
from audit_api.rights import CONSOLE
from audit_api.second_factor import check_code, is_wanted
from audit_api.throttle import Key, spoken
from audit_api.window import LONGEST_QUEUE, Window
from audit_log.db import reading, writing
from audit_log.passwords import hash_for_proxy, sealed_hash, verify_password
from audit_log.people import Registered, person_by_username
from audit_log.sessions import ABSOLUTE, Session, create_session
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.roles import is_active
from change_control.sealed_secrets import is_told
from change_control.second_factor import factor_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Checked:
    """Which of somebody's two passwords this was."""

    console: bool
    proxy: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str = field(repr=False)
    person: Registered
    must_change: bool
    must_set_factor: bool
    ends_at: datetime


async def sign_in(
    window: Window, request: Request, username: str, password: str, code: str | None = None
) -> SignedIn:
    """Raises Problem: wrong-credentials, no-console, code-needed, wrong-code, too-many-attempts or busy."""
    now = window.clock()
    person = await known(window, request, username, password, now)
    return await admitted(window, person, code, now)


async def known(window: Window, request: Request, username: str, password: str, now: datetime) -> Registered:
    """Whose password this is, and who has a console. Raises Problem."""
    key = slow_down(window, request, username, now)
    person, checked = await counted(window, key, lambda: look(window, username, password))
    if person is None or not _opens(person, checked) or not is_active(person, now):
        raise Problem("wrong-credentials", "The user name or the password is wrong.")
    window.throttle.succeeded(key)
    if person.role not in CONSOLE:
        raise Problem("no-console", f"{a_role(person.role).capitalize()} has no console.")
    return person


async def admitted(window: Window, person: Registered, code: str | None, now: datetime) -> SignedIn:
    """After the password. Raises Problem: code-needed, wrong-code, or too-many-attempts."""
    has_one = await check_code(window, person, code, now)
    must_set = not has_one and await run_in_threadpool(is_wanted, window, person.role)
    token, session = await run_in_threadpool(_begin, window, person, has_one, now)
    return SignedIn(token, person, must_change(person, now), must_set, session.started_at + ABSOLUTE)


def _begin(window: Window, person: Registered, has_factor: bool, now: datetime) -> tuple[str, Session]:
    """What was checked step by step is held against one view of the log once more: damaging and mending it in
    between gains nothing. Raises Problem wrong-credentials."""
    with reading(window.desk.engine) as conn:
        fault = window.desk.log_lines.fault(conn)
        same = as_sealed(window.desk, conn, person) == person
        same = same and (factor_of(window.desk, conn, person.id) is not None) == has_factor
    if not same:
        raise Problem("wrong-credentials", "The account was changed meanwhile. Sign in again.")
    with writing(window.desk.engine) as conn:
        return create_session(conn, window.desk.session_key, person.id, now, may_open=fault is None)


def slow_down(window: Window, request: Request, username: str, now: datetime) -> Key:
    """Counts an attempt for this account from this device. Raises Problem too-many-attempts."""
    address = request.client.host if request.client else "unknown"
    key = (username.strip().lower()[:64], device_of(address))
    if wait := window.throttle.attempt(key, now):
        raise Problem(
            "too-many-attempts",
            f"Too many wrong passwords. Try again in {spoken(wait)}.",
            headers={"Retry-After": str(wait)},
        )
    return key


async def counted[T](window: Window, key: Key, check: Callable[[], T]) -> T:
    """A check of a password that was counted as an attempt; one that was not made counts for nothing."""
    try:
        return await in_hashing_thread(window, check)
    except ChangeError:  # what the check found
        raise
    except Exception:
        window.throttle.not_made(key)
        raise


async def in_hashing_thread[T](window: Window, work: Callable[[], T]) -> T:
    """argon2 in a small pool. Raises Problem busy when the queue is too long to wait in."""
    if window.waiting >= LONGEST_QUEUE:
        raise Problem("busy", headers={"Retry-After": "5"})
    window.waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(window.hashing, work)
    finally:
        window.waiting -= 1


def look(window: Window, username: str, password: str) -> tuple[Registered | None, Checked]:
    with reading(window.desk.engine) as conn:
        person = person_by_username(conn, username.strip())
        if person is not None:
            person = as_sealed(window.desk, conn, person)
    return person, check(person, password)


def as_sealed(desk: Desk, conn: Connection, person: Registered) -> Registered:
    """Without the passwords that no line tells of: whoever wrote those to the database signs in as nobody.

    Where the log is damaged, those that its last good part tells of let people in, to look and to tighten.
    """
    told, fault = desk.log_lines.passwords(conn, person.id)
    if fault is not None:
        log.error("sign_in.log_is_damaged", why=str(fault))

    def sealed(which: str, kept: str | None) -> str | None:
        if kept is None or is_told(told.get(which), sealed_hash(kept)):
            return kept
        log.error("password.not_sealed", person=person.id, which=which)
        return None

    proxy, console = sealed("proxy", person.password_hash), sealed("console", person.console_hash)
    return replace(person, password_hash=proxy, console_hash=console)


def check(person: Registered | None, password: str) -> Checked:
    """One heavy and one light check whoever it is: the time tells neither that a name exists nor its role."""
    console = verify_password(person.console_hash if person else None, password)
    light = person.password_hash if person else None
    proxy = verify_password(light or _nobody(), password) and light is not None
    return Checked(console, proxy)


@cache
def _nobody() -> str:
    return hash_for_proxy("nobody")


def _opens(person: Registered, checked: Checked) -> bool:
    if person.role in CONSOLE and signs_in_with_console_password(person):
        return checked.console
    return checked.proxy
