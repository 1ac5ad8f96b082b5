"""Secrets that a person copies once: enrolment codes and first passwords."""

import secrets
from pathlib import Path

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that is read as something else
READ_AS = str.maketrans("OIL", "011")
FOLDER = "enrolment"


def new_code() -> str:
    """140 random bits, in sevens of four."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(7))


def plain_code(typed: str) -> str:
    """As it is hashed: however it was typed."""
    return "".join(typed.split()).replace("-", "").upper().translate(READ_AS)


def code_file(state: Path, username: str) -> Path:
    return state / FOLDER / f"{username}.code"


def new_password() -> str:
    """A first password: 80 random bits, to be copied once and changed at first use."""
    return "-".join("".join(secrets.choice(ALPHABET.lower()) for _ in range(4)) for _ in range(4))
