"""Corrections, legal holds and damage let go against the sealed lines about them: none is added or rewritten,
and neither of the first two is taken away.

Whose a row of the filtering log is, which may not be removed, and what the recorder may leave out is read
from small tables. Each row of them stands for a line of the change log; here both are compared.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from audit_log.as_written import shown
from audit_log.fault import Fault
from audit_log.heartbeat import Stopped
from audit_log.release_lines import place_of
from audit_log.seal import stamp

Entry = Mapping[str, Any]
Facts = dict[str, Any]
CORRECTIONS = text(
    "SELECT c.id, c.person_id, c.right_person_id, c.from_at, c.to_at, c.client_address, c.agreed_at,"
    " CAST(p.payload AS TEXT) AS payload FROM correction c LEFT JOIN proposal p ON p.id = c.id ORDER BY c.id"
)
HOLDS = text(
    "SELECT id, person_id, from_at, to_at, placed_by, placed_at, released_at FROM legal_hold ORDER BY id"
)

RELEASES = text(
    'SELECT segment, "offset", resume, released_by FROM journal_release ORDER BY segment, "offset"'
)


@dataclass(slots=True)
class AgreedRows:
    """The lines, by the id of the row that each stands for."""

    corrections: dict[str, Entry] = field(default_factory=dict)
    holds: dict[str, Entry] = field(default_factory=dict)
    released: dict[str, Entry] = field(default_factory=dict)
    let_go: set[tuple[Stopped, str]] = field(default_factory=set)  # damage of the journal, and who let it go

    def add(self, entry: Entry) -> None:
        match entry["event"]:
            case "correction:approve":
                self.corrections[entry["object"]] = entry
            case "hold:place":
                self.holds[entry["object"]] = entry
            case "hold-release:approve":
                self.released[str(entry["detail"].get("hold"))] = entry
            case "journal:release" if (place := place_of(entry)) is not None:
                self.let_go.add((place, entry["actor"]))

    def check(self, conn: Connection, entries: int) -> None:
        """Raises Fault at the entry that a row contradicts, or has no row any more."""
        corrections, holds = conn.execute(CORRECTIONS).all(), conn.execute(HOLDS).all()
        _one_for_each("correction", self.corrections, corrections, entries)
        _one_for_each("legal hold", self.holds, holds, entries)
        for row in corrections:
            _compare("correction", row, self.corrections[row.id], _sealed_correction, _kept_correction)
        for row in holds:
            _compare("legal hold", row, self.holds[row.id], self._sealed_hold, _kept_hold)
        for row in conn.execute(RELEASES):
            self._hold_release(row, entries)

    def _hold_release(self, row: Row[Any], entries: int) -> None:
        """Where the recorder was let go on, an entry says so. One that is gone only holds it up."""
        if (Stopped(row.segment, row.offset, row.resume), row.released_by) not in self.let_go:
            raise Fault(
                entries + 1,
                f"The database lets the recorder leave out the bytes {shown(row.offset)} to"
                f" {shown(row.resume)} of {shown(row.segment)}, and no entry says so.",
            )

    def _sealed_hold(self, entry: Entry) -> Facts:
        released = self.released.get(entry["object"])
        return {
            **{name: entry["detail"].get(name) for name in ("person", "from", "to")},
            "placed_by": entry["actor"],
            "placed_at": entry["at"],
            "released_at": released["at"] if released else None,
        }


def _one_for_each(what: str, lines: Mapping[str, Entry], rows: Iterable[Row[Any]], entries: int) -> None:
    ids = {row.id for row in rows}
    for extra in sorted(map(str, ids - lines.keys())):
        raise Fault(entries + 1, f"The database has a {what}, {shown(extra)}, that no entry tells of.")
    for gone in sorted(lines.keys() - ids):
        seq = lines[gone]["seq"]
        raise Fault(seq, f"The {what} {shown(gone)}, of entry {seq}, has no row any more.")


def _compare(
    what: str,
    row: Row[Any],
    entry: Entry,
    sealed_of: Callable[[Entry], Facts],
    kept_of: Callable[[Row[Any]], Facts],
) -> None:
    sealed = sealed_of(entry)
    try:
        kept = kept_of(row)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        kept = {}  # only tampering brings what cannot be read
    if wrong := [name for name in sealed if name not in kept or kept[name] != sealed[name]]:
        says = f"The {what} {shown(row.id)} is not what entry {entry['seq']} says was sealed"
        raise Fault(entry["seq"], f"{says}: its {wrong[0]} was changed.")


def _sealed_correction(entry: Entry) -> Facts:
    named = {name: entry["detail"].get(name) for name in ("person", "right_person", "from", "to")}
    return {**named, "agreed_at": entry["at"], "client_address": True}


def _kept_correction(row: Row[Any]) -> Facts:
    """The address is the proposal's, and that is held against its seal already."""
    return {
        "person": row.person_id,
        "right_person": row.right_person_id,
        "from": as_stamp(row.from_at),
        "to": as_stamp(row.to_at),
        "agreed_at": as_stamp(row.agreed_at),
        "client_address": row.client_address == json.loads(row.payload)["client_address"],
    }


def _kept_hold(row: Row[Any]) -> Facts:
    return {
        "person": row.person_id,
        "from": as_stamp(row.from_at),
        "to": as_stamp(row.to_at),
        "placed_by": row.placed_by,
        "placed_at": as_stamp(row.placed_at),
        "released_at": as_stamp(row.released_at),
    }


def as_stamp(at: datetime | str | None) -> str | None:
    """A time as the database gave it, whatever its type, as sealed lines have it.

    Raises ValueError, and nothing else, for what is no time, or is spelt as we never spell one: SQLite keeps
    times as text, and compares them so.
    """
    if at is None:
        return None
    try:
        when = datetime.fromisoformat(at) if isinstance(at, str) else at
        if isinstance(at, str) and (when.tzinfo or when.isoformat(" ", "microseconds") != at):
            raise ValueError(at)
        return stamp(when if when.tzinfo else when.replace(tzinfo=UTC))
    except (TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a time: {shown(at)}") from error
