"""Passwords: how they are kept (argon2id) and which are good enough (A89, S29).

There are two of them: the one that travels with every proxied connection, which is hashed lightly because
the gate must check it on a small machine, and the one that opens the console, which is hashed heavily. A
check takes 30 to 500 ms: never on an event loop.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from filter_policy.model import Role

PROXY = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's minimum for argon2id
CONSOLE = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)  # RFC 9106, low memory

PUPIL_LENGTH = 8
ADULT_LENGTH = 12
LONGEST = 256
PADDING = "0123456789 !.-_"

# How old a password may become, in days: "passwords are regularly changed" (A89). A guest's ends anyway.
MAX_AGE_DAYS: Mapping[Role, int | None] = MappingProxyType(
    {
        Role.PUPIL: 365,
        Role.STAFF: 90,
        Role.TECHNICIAN: 90,
        Role.COORDINATOR: 90,
        Role.HEADTEACHER: 90,
        Role.GOVERNOR: 180,
        Role.COMMUNITY: 180,
        Role.GUEST: None,
    }
)

# What everybody tries first. Digits and signs around one of these make it no better.
TOO_COMMON = frozenset(
    (
        *("password", "passwordpassword", "passw0rd", "p@ssw0rd", "letmein", "letmeinletmein", "welcome"),
        *("qwerty", "qwertyui", "qwertyuiop", "1q2w3e4r", "1q2w3e4r5t", "iloveyou", "changeme", "secret"),
        *("football", "liverpool", "arsenal", "manchester", "sunshine", "princess", "dragon", "monkey"),
        *("minecraft", "fortnite", "pokemon", "roblox", "teacher", "headteacher", "school", "schoolgate"),
        *("administrator", "admin", "abc", "abcd", "abcdef", "abcdefgh", "abcdefghijkl", ""),
    )
)


def hash_for_proxy(password: str) -> str:
    return PROXY.hash(password)


def hash_for_console(password: str) -> str:
    return CONSOLE.hash(password)


def sealed_hash(password_hash: str) -> str:
    """What the change log seals of an argon2 hash. The salt is in it, so nothing can be tried against it."""
    return hashlib.sha256(password_hash.encode()).hexdigest()


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it is this password. No hash, no such person: false too, and as slowly."""
    try:
        known = PROXY.verify(_nobody() if password_hash is None else password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return known and password_hash is not None


@cache
def _nobody() -> str:
    return CONSOLE.hash("nobody")


def password_fault(password: str, role: Role, username: str) -> str | None:
    """Why this password may not be chosen, as a sentence; None when it may."""
    shortest = PUPIL_LENGTH if role is Role.PUPIL else ADULT_LENGTH
    if len(password) < shortest:
        return f"A password here has at least {shortest} characters; three words make a good one."
    if len(password) > LONGEST:
        return f"A password here has at most {LONGEST} characters."
    if not password.isprintable():
        return "A password here is made of characters that can be typed and seen."
    plain = password.casefold()
    if len(username) >= 4 and username.casefold() in plain:
        return "A password must not contain the user name."
    if plain in TOO_COMMON or plain.strip(PADDING) in TOO_COMMON or len(set(plain)) < 4:
        return "That password is one of those that are tried first."
    return None


def password_ends_at(changed_at: datetime, role: Role) -> datetime | None:
    """The instant from which a password of that role is too old; None: never."""
    days = MAX_AGE_DAYS[role]
    return None if days is None else changed_at + timedelta(days=days)


def is_too_old(changed_at: datetime | None, role: Role, now: datetime) -> bool:
    """Whether it has to be changed by its age alone."""
    if changed_at is None:
        return MAX_AGE_DAYS[role] is not None
    ends_at = password_ends_at(changed_at, role)
    return ends_at is not None and now >= ends_at
