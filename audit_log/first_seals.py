"""The first format of the filtering log's seals: one for a batch, with the sha256 over all its halves.

None is made any more. Those that are there, with part NULL, are still verified, until the rows of that time
have gone.
"""

import hashlib
import json
from collections.abc import Collection, Iterable
from datetime import datetime
from operator import itemgetter

from audit_log.rows import Values
from audit_log.seal import stamp

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
