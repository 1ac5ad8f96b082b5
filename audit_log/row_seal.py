"""Seals of the filtering log: for each batch stored, one chained line with what came and its hash.

A row has two halves that never change once written: its opening (asked and decided) and its closing (how it
ended). Each half names the seal it belongs to; a seal holds how many there are and the sha256 over them in
the order of their ids. `interrupted` is not sealed: it only says that no closing ever came.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from audit_log.rows import Values
from audit_log.seal import GENESIS, leaf_of, stamp
from audit_log.tables import filtering_seal

LAST = "SELECT seq, leaf FROM filtering_seal ORDER BY seq DESC LIMIT 1"

_encode = json.JSONEncoder(
    separators=(",", ":"), default=repr
).encode  # repr: only tampering brings such values


class Halves:
    """The hash over halves that are added in the order of their ids."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, values: Values) -> None:
        self.count += 1
        self._hash.update(_encode(values).encode() + b"\n")

    def __str__(self) -> str:
        return self._hash.hexdigest()


def halves_of(rows: Iterable[Values]) -> Halves:
    """Over rows that begin with the event id, in any order."""
    halves = Halves()
    for values in sorted(rows, key=lambda values: values[0]):
        halves.add(values)
    return halves


def next_seal(conn: Connection) -> tuple[int, bytes]:
    """The number of the next seal, and the leaf that it follows."""
    last = conn.exec_driver_sql(LAST).one_or_none()
    return (last.seq + 1, bytes(last.leaf)) if last else (1, GENESIS)


def write_seal(
    conn: Connection,
    place: tuple[int, bytes],
    at: datetime,
    *,
    opened: Iterable[Values],
    closed: Iterable[Values],
) -> None:
    """Seal these halves at this place, as `next_seal` gave it. A batch of nothing needs no seal."""
    seq, prev = place
    opening, closing = halves_of(opened), halves_of(closed)
    if not opening.count and not closing.count:
        return
    entry = _encode(
        {
            "seq": seq,
            "at": stamp(at),
            "opened": opening.count,
            "opened_sha256": str(opening),
            "closed": closing.count,
            "closed_sha256": str(closing),
        }
    )
    row = {"seq": seq, "entry": entry, "prev": prev, "leaf": leaf_of(prev, entry)}
    conn.execute(filtering_seal.insert(), row)
