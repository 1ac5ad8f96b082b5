"""What is hashed, exactly: shared by the one who seals and the one who verifies."""

import hashlib
from datetime import UTC, datetime

GENESIS = bytes(32)  # what the first entry follows
SALT_BYTES = 16
NO_SALT = bytes(SALT_BYTES)  # of a text that was erased


def leaf_of(prev: bytes, entry: str) -> bytes:
    """The link of the chain and, at once, the leaf of RFC 6962's tree. The stored text is what is hashed."""
    return hashlib.sha256(b"\x00" + prev + entry.encode()).digest()


def text_seal(salt: bytes, text: str) -> str:
    return hashlib.sha256(salt + text.encode()).hexdigest()


def stamp(at: datetime) -> str:
    """A time as sealed lines and journal lines spell it: UTC, microseconds, Z. Sorts as text."""
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {at!r}")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
