"""Seals of the filtering log: for each batch stored, one chained line with what came and its hash.

A row has two halves that never change once written: its opening (asked and decided) and its closing (how it
ended). Each half names the seal it belongs to; a seal holds how many there are and the sha256 over them in
the order of their ids. `interrupted` is not sealed: it only says that no closing ever came.
"""

import hashlib
import json
from collections.abc import Collection, Iterable
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Connection

from audit_log.rows import Values
from audit_log.seal import GENESIS, stamp

LAST = "SELECT seq, leaf FROM filtering_seal ORDER BY seq DESC LIMIT 1"

encode = json.JSONEncoder(
    separators=(",", ":"), default=repr
).encode  # repr: only tampering brings such values


class Halves:
    """The hash over a JSON list of halves, added one by one in the order of their ids."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256(b"[")

    def add(self, values: Values) -> None:
        self._hash.update((b"," if self.count else b"") + encode(values).encode())
        self.count += 1

    def __str__(self) -> str:
        whole = self._hash.copy()
        whole.update(b"]")
        return whole.hexdigest()


def hash_of(halves: Iterable[Values]) -> str:
    """The same at once; they begin with the event id and may come in any order."""
    return hashlib.sha256(encode(sorted(halves, key=itemgetter(0))).encode()).hexdigest()


def next_seal(conn: Connection) -> tuple[int, bytes]:
    """The number of the next seal, and the leaf that it follows."""
    last = conn.exec_driver_sql(LAST).one_or_none()
    return (last.seq + 1, bytes(last.leaf)) if last else (1, GENESIS)


def seal_text(seq: int, at: datetime, *, opened: Collection[Values], closed: Collection[Values]) -> str:
    return encode(
        {
            "seq": seq,
            "at": stamp(at),
            "opened": len(opened),
            "opened_sha256": hash_of(opened),
            "closed": len(closed),
            "closed_sha256": hash_of(closed),
        }
    )
