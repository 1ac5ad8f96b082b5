"""Secrets that a person copies once: enrolment codes and first passwords.

The first two people each have a code of their own. Whoever gets the power to approve or to sign later has one
in two halves: one is told to whoever proposed it, the other to whoever approved. Neither of them, nor whoever
reads the server's disk, ever holds both.
"""

import hashlib
import secrets
from pathlib import Path

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that is read as something else
READ_AS = str.maketrans("OIL", "011")
FOLDER = "enrolment"
HALF = 16  # letters and digits


def new_code() -> str:
    """140 random bits, in sevens of four."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(7))


def new_half() -> str:
    """80 random bits, in fours of four."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def half_hash(half: str) -> str:
    return hashlib.sha256(plain_code(half).encode()).hexdigest()


def joined(first_hash: str, second: str) -> str:
    """What is kept (hashed once more) of a code in two halves, made without knowing the first one."""
    return first_hash + plain_code(second)


def as_kept(typed: str) -> str:
    """A code as it is looked for: whole, or of two halves one after the other."""
    plain = plain_code(typed)
    if len(plain) != 2 * HALF:
        return plain
    return joined(half_hash(plain[:HALF]), plain[HALF:])


def either_way(typed: str) -> tuple[str, str]:
    """As it is looked for, and with the halves the other way round: two slips of paper have no order."""
    plain = plain_code(typed)
    turned = plain[HALF:] + plain[:HALF] if len(plain) == 2 * HALF else plain
    return as_kept(plain), as_kept(turned)


def plain_code(typed: str) -> str:
    """As it is hashed: however it was typed."""
    return "".join(typed.split()).replace("-", "").upper().translate(READ_AS)


def code_file(state: Path, username: str) -> Path:
    return state / FOLDER / f"{username}.code"


def new_password() -> str:
    """A first password: 80 random bits, to be copied once and changed at first use."""
    return "-".join("".join(secrets.choice(ALPHABET.lower()) for _ in range(4)) for _ in range(4))
