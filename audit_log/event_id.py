"""Names for events: an id that sorts by time, and the short code a person can read out from a block page."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O or U
LOOKALIKES = str.maketrans("ILO", "110")
RANDOM_BITS = 75
SHIFTS = range(120, -1, -10)
PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)


def new_event_id(now_ns: int) -> str:
    """26 characters: microseconds since 1970 (11 of them), then chance. Text order is time order."""
    bits = (now_ns // 1000) << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
    return "".join([PAIRS[bits >> shift & 1023] for shift in SHIFTS])


def reference_of(event_id: str) -> str:
    """The code on the block page, like K7M-4QX: the end of the event's id."""
    return f"{event_id[-6:-3]}-{event_id[-3:]}"


def reference_from(typed: str) -> str:
    """A code as somebody typed it, as we write it: case, blanks and look-alike letters do not matter."""
    plain = "".join(typed.upper().translate(LOOKALIKES).replace("-", " ").split())
    return f"{plain[:3]}-{plain[3:]}"
