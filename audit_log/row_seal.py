"""Seals of the filtering log: for each batch stored, and each part in it, one chained line with two roots.

A row has two halves that never change once written: its opening (asked and decided) and its closing (how it
ended). Each half is a leaf of 58 bytes: the event's id and the sha256 of its values. A seal holds how many
openings and closings there were and the Merkle root over each, in the order of their ids; the leaves are kept
beside it, so that `verify` can name a row that was changed. `interrupted` is not sealed: it only says that no
closing ever came.

A part is what goes together when its time is over: one day of one row of the policy's `record` table.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from audit_log.merkle import leaf_hash, tree_root
from audit_log.rows import Values
from audit_log.seal import GENESIS, stamp

LAST = "SELECT seq, leaf FROM filtering_seal ORDER BY seq DESC LIMIT 1"
ID_BYTES = 26
HALF_BYTES = ID_BYTES + hashlib.sha256().digest_size
# Which rows became sightings when this was stored: 1 (not said) those of illegal content, 2 also ways round
# the filter, shared accounts and guessing, 3 also repeated blocks. It is chained, so that `verify` knows of
# which rows a sighting may be missing.
INCIDENTS = 3
EMPTY_ROOT = hashlib.sha256(b"").hexdigest()

encode = json.JSONEncoder(
    separators=(",", ":"), default=repr
).encode  # repr: only tampering brings such values


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal before it is chained, and the leaves that its two roots are over, one after the other."""

    entry: str
    opened: bytes
    closed: bytes


def half(event_id: str, values: Values) -> bytes:
    """The leaf of one half: `values` in the order of OPENING, or of CLOSING. Raises ValueError."""
    leaf = event_id.encode("ascii") + hashlib.sha256(encode(values).encode()).digest()
    if len(leaf) != HALF_BYTES:
        raise ValueError(f"an event id of other than {ID_BYTES} bytes: {event_id!r}")
    return leaf


def seal_of(
    seq: int,
    at: datetime,
    part: str,
    opened: Iterable[bytes],
    closed: Iterable[bytes],
    *,
    ranges: Mapping[str, tuple[int, int]] | None = None,
) -> Sealed:
    """Seal these halves, in whatever order they come. All are of this part. `ranges`: which bytes of which
    segments of the journal this batch was read from, in the first of its seals."""
    first, second = sorted(opened), sorted(closed)
    entry = {
        "seq": seq,
        "at": stamp(at),
        "part": part,
        "opened": len(first),
        "opened_root": root_over(first).hex(),
        "closed": len(second),
        "closed_root": root_over(second).hex(),
        "incidents": INCIDENTS,
        **({"from": ranges} if ranges else {}),
    }
    return Sealed(encode(entry), b"".join(first), b"".join(second))


def root_over(halves: Iterable[bytes]) -> bytes:
    """The root of RFC 6962's tree over these leaves."""
    return tree_root([leaf_hash(each) for each in halves])


def split(leaves: bytes) -> list[bytes]:
    """The halves again. What is left over at the end, if somebody cut them, is one too."""
    return [leaves[start : start + HALF_BYTES] for start in range(0, len(leaves), HALF_BYTES)]


def next_seal(conn: Connection) -> tuple[int, bytes]:
    """The number of the next seal, and the leaf that it follows."""
    last = conn.exec_driver_sql(LAST).one_or_none()
    return (last.seq + 1, bytes(last.leaf)) if last else (1, GENESIS)
