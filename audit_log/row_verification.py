"""Is the filtering log whole? Every seal's halves are read back from the rows and hashed again.

A changed, added or missing row is found with the batch it belongs to, and with the time of that batch.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from audit_log.as_written import as_written, encodable, shown
from audit_log.fault import Fault
from audit_log.row_seal import Halves
from audit_log.rows import CLOSING, OPENING, Values
from audit_log.seal import GENESIS, leaf_of
from audit_log.verification import Verification

SEALS = text("SELECT seq, entry, prev, leaf FROM filtering_seal ORDER BY seq")
AT = OPENING.index("at")
FIRST_CLOSING = 1  # after the event id


@dataclass(frozen=True, slots=True)
class _Seal:
    seq: int
    at: str
    opened: tuple[int, str]  # how many, and the hash over them
    closed: tuple[int, str]

    @property
    def name(self) -> str:
        return f"The rows stored at {self.at} (seal {self.seq}, {self.opened[0]} requests)"


def verify_rows(conn: Connection, heads: Mapping[int, bytes] | None = None) -> Verification:
    """Read the whole filtering log again; `first_bad` is the number of a seal. Use it in one `reading`.

    `heads`: the leaves of seals as signed checkpoints have them, by number; without, a cut tail is not found.
    """
    entries = conn.scalar(text("SELECT count(*) FROM filtering_log")) or 0
    try:
        with as_written(conn):
            seals = list(_chain(conn, heads or {}))
            _compare(seals, _halves(conn, "opened_in", OPENING), "opened")
            _compare(seals, _halves(conn, "closed_in", ("event_id", *CLOSING)), "closed")
            _nothing_unsealed(conn, len(seals))
    except Fault as fault:
        return Verification(False, entries, fault.seq, fault.says)
    return Verification(True, entries, None, f"All {entries} rows are as they were sealed.")


def _chain(conn: Connection, heads: Mapping[int, bytes]) -> Iterator[_Seal]:
    """Every seal, each following the one before and agreeing with what was signed."""
    prev, seq = GENESIS, 0
    for seq, row in enumerate(conn.execute(SEALS), start=1):
        if row.seq != seq:
            raise Fault(seq, f"Seal {seq} of the filtering log is missing.")
        sound = isinstance(row.prev, bytes) and isinstance(row.entry, str) and encodable(row.entry)
        if not sound or row.prev != prev or row.leaf != leaf_of(row.prev, row.entry):
            raise Fault(seq, f"Seal {seq} of the filtering log was changed.")
        if heads.get(seq, row.leaf) != row.leaf:
            raise Fault(seq, f"Seal {seq} of the filtering log, or one before it, is not what was signed.")
        yield _parsed(seq, row.entry)
        prev = row.leaf
    if (longest := max(heads, default=0)) > seq:
        raise Fault(
            seq + 1,
            f"The end of the filtering log is missing: it was signed up to seal {longest},"
            f" and only {seq} are there.",
        )


def _parsed(seq: int, entry: str) -> _Seal:
    try:
        said = json.loads(entry)
        seal = _Seal(
            said["seq"],
            said["at"],
            (said["opened"], said["opened_sha256"]),
            (said["closed"], said["closed_sha256"]),
        )
    except (ValueError, KeyError, TypeError):
        raise Fault(seq, f"Seal {seq} of the filtering log is not a seal.") from None
    if seal.seq != seq:
        raise Fault(seq, f"Seal {seq} of the filtering log was sealed as {seal.seq}.")
    return seal


def _compare(seals: list[_Seal], found: Iterator[tuple[int, Halves]], which: str) -> None:
    """Hold what the rows hash to against the seals; either may have what the other lacks."""
    nothing = (0, str(Halves()))
    read: Mapping[int, tuple[int, str]] = {seq: (halves.count, str(halves)) for seq, halves in found}
    for seal in seals:
        sealed = seal.opened if which == "opened" else seal.closed
        there = read.get(seal.seq, nothing)
        if there == sealed:
            continue
        count = f": {sealed[0]} were {which}, and {there[0]} are there" if there[0] != sealed[0] else ""
        raise Fault(seal.seq, f"{seal.name} are not what was sealed{count}.")
    if beyond := read.keys() - {seal.seq for seal in seals}:
        raise Fault(len(seals) + 1, f"There are rows of seal {min(beyond, key=str)}, and no such seal.")


def _halves(conn: Connection, seal: str, columns: tuple[str, ...]) -> Iterator[tuple[int, Halves]]:
    sqlite = conn.dialect.name == "sqlite"
    query = text(
        f"SELECT {seal}, {', '.join(_as_text(name, sqlite=sqlite) for name in columns)} FROM filtering_log"  # noqa: S608  # our own names
        f" WHERE {seal} IS NOT NULL ORDER BY {seal}, event_id{'' if sqlite else ' COLLATE "C"'}"
    )
    rows = conn.execute(query, execution_options={"yield_per": 2000})
    for seq, group in groupby(rows, key=lambda row: row[0]):
        halves = Halves()
        for row in group:
            halves.add(_plain(columns, tuple(row)[1:]))
        yield seq, halves


def _as_text(name: str, *, sqlite: bool) -> str:
    """Lists as the text they were stored as; PostgreSQL's driver would parse them."""
    return f"{name}::text" if not sqlite and name in ("filter_groups", "classes") else name


def _plain(columns: tuple[str, ...], values: Values) -> Values:
    """As they were sealed: times as text, and a yes or no as such in SQLite too."""
    if columns is OPENING:
        return (*values[:AT], _time(values[AT]), *values[AT + 1 :])
    decrypted = values[FIRST_CLOSING]
    return (values[0], bool(decrypted) if decrypted in (0, 1) else None, *values[FIRST_CLOSING + 1 :])


def _time(at: Any) -> Any:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(at, datetime) else at


def _nothing_unsealed(conn: Connection, seals: int) -> None:
    """A row in no seal was put there by somebody else; a row that claims to have ended must be sealed so."""
    given = [f"{name} IS NOT NULL" for name in CLOSING if name not in ("decrypted", "outcome")]
    ended = " OR ".join([*given, "decrypted <> false", "coalesce(outcome, 'interrupted') <> 'interrupted'"])
    query = text(
        "SELECT event_id FROM filtering_log"  # noqa: S608  # our own names
        f" WHERE opened_in IS NULL OR (closed_in IS NULL AND ({ended})) ORDER BY event_id LIMIT 1"
    )
    if (event_id := conn.scalar(query)) is not None:
        raise Fault(seals + 1, f"Row {shown(event_id)} of the filtering log is not covered by any seal.")
