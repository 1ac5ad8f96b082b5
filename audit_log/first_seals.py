"""The first format of the filtering log's seals: one for a batch, with the sha256 over all its halves.

None is made any more. Those that are there, with part NULL, are still verified, until the rows of that time
have gone: they are kept as "earlier", and go all at once. A change is found with the batch that it is in.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, text

from audit_log.fault import Fault
from audit_log.rows import CLOSING, OPENING, Values
from audit_log.seal import stamp
from audit_log.streaming import streaming

EARLIER = "earlier"  # what rows of that time are kept as
FIRST_OPENING = OPENING[: OPENING.index("policy_revision") + 1]
FIRST_CLOSING = ("event_id", *CLOSING)
AT = OPENING.index("at")
DECRYPTED = FIRST_CLOSING.index("decrypted")
SEALS = text("SELECT seq, entry FROM filtering_seal WHERE part IS NULL ORDER BY seq")

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


@dataclass(frozen=True, slots=True)
class _Batch:
    seq: int
    at: str
    opened: tuple[int, str]  # how many, and the hash over them
    closed: tuple[int, str]

    @property
    def name(self) -> str:
        return f"The rows stored at {self.at} (seal {self.seq}, {self.opened[0]} requests)"


def check_first(conn: Connection) -> None:
    """Hold every row of that time against its seal; the chain is checked elsewhere. Raises Fault."""
    batches = [_batch(row.seq, row.entry) for row in conn.execute(SEALS)]
    if not batches:
        return
    last = batches[-1].seq
    _compare(batches, _hashed(conn, "opened_in", FIRST_OPENING, last), "opened")
    _compare(batches, _hashed(conn, "closed_in", FIRST_CLOSING, last), "closed")


def _batch(seq: int, entry: str) -> _Batch:
    try:
        said = json.loads(entry)
        return _Batch(
            seq,
            said["at"],
            (said["opened"], said["opened_sha256"]),
            (said["closed"], said["closed_sha256"]),
        )
    except (ValueError, KeyError, TypeError):
        raise Fault(seq, f"Seal {seq} of the filtering log is not a seal.") from None


def _compare(batches: list[_Batch], found: Iterator[tuple[int, Halves]], which: str) -> None:
    """Hold what the rows hash to against the seals; either may have what the other lacks."""
    nothing = (0, str(Halves()))
    read: Mapping[int, tuple[int, str]] = {seq: (halves.count, str(halves)) for seq, halves in found}
    for batch in batches:
        sealed = batch.opened if which == "opened" else batch.closed
        there = read.get(batch.seq, nothing)
        if there == sealed:
            continue
        count = f": {sealed[0]} were {which}, and {there[0]} are there" if there[0] != sealed[0] else ""
        raise Fault(batch.seq, f"{batch.name} are not what was sealed{count}.")


def _hashed(conn: Connection, seal: str, columns: tuple[str, ...], last: int) -> Iterator[tuple[int, Halves]]:
    for seq, group in groupby(_halves(conn, seal, columns, last), key=itemgetter(0)):
        halves = Halves()
        for _, values in group:
            halves.add(values)
        yield seq, halves


def _halves(conn: Connection, seal: str, columns: tuple[str, ...], last: int) -> Iterator[tuple[int, Values]]:
    bytewise = "" if conn.dialect.name == "sqlite" else ' COLLATE "C"'
    query = text(
        f"SELECT {seal}, {', '.join(columns)} FROM filtering_log"  # noqa: S608  # our own names
        f" WHERE {seal} BETWEEN 1 AND :last ORDER BY {seal}, event_id{bytewise}"
    )
    with streaming(conn, query, {"last": last}) as rows:
        for row in rows:
            yield row[0], _plain(columns, tuple(row)[1:])


def _plain(columns: tuple[str, ...], values: Values) -> Values:
    """As they were sealed: times as text, and a yes or no as such in SQLite too."""
    if columns is FIRST_OPENING:
        return plain_opening(values)
    decrypted = values[DECRYPTED]
    return (
        *values[:DECRYPTED],
        bool(decrypted) if decrypted in (0, 1) else None,
        *values[DECRYPTED + 1 :],
    )


def plain_opening(values: Values) -> Values:
    return (*values[:AT], _time(values[AT]), *values[AT + 1 :])


def _time(at: Any) -> Any:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(at, datetime) else at


def seal_text(seq: int, at: datetime, *, opened: list[Values], closed: list[Values]) -> str:
    """As the first version wrote it."""
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
