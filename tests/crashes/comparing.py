"""Is SQL what the journal says? Each event once, with its opening and its closing; seals and totals too."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from audit_log.row_verification import verify_rows
from audit_log.rows import site_of
from audit_log.segments import read_segment, segments
from audit_log.tables import filtering_log, journal_aside, rollup_day, rollup_hour

Record = dict[str, Any]
# Columns of the log, and what the journal calls them.
OPENING = {
    "kind": "kind",
    "person_id": "person",
    "role": "role",
    "client_address": "address",
    "method": "method",
    "url": "url",
    "host": "host",
    "category": "category",
    "list_id": "list",
    "entry": "entry",
    "verdict": "verdict",
    "reason": "reason",
    "rule": "rule",
    "unblock_id": "unblock",
    "policy_revision": "revision",
    "search_terms": "terms",
}
CLOSING = {
    "status": "status",
    "bytes_up": "up",
    "bytes_down": "down",
    "duration_ms": "ms",
    "outcome": "outcome",
}
SHOWN = 5


@dataclass
class Journalled:
    """All events of a journal, by id."""

    opened: dict[str, Record] = field(default_factory=dict)
    closed: dict[str, Record] = field(default_factory=dict)


def journalled(folder: Path) -> Journalled:
    """Raises JournalDamage: nothing that a program did may have damaged a segment."""
    found = Journalled()
    for segment in segments(folder):
        for _, record in read_segment(segment.path, 0):
            if record["t"] in ("open", "whole"):
                found.opened[record["id"]] = record
            if record["t"] in ("close", "whole"):
                found.closed[record["id"]] = record
    return found


def differences(conn: Connection, journal: Journalled) -> list[str]:
    """What is not as the journal says, the first few of each kind; the gates are dead.

    Use it in one `reading`.
    """
    rows = [dict(row) for row in conn.execute(select(filtering_log)).mappings()]
    told = [*_events(rows, journal), *_rows(rows, journal), *_totals(conn, rows)]
    told += [f"set aside: {row.key}: {row.why}" for row in conn.execute(select(journal_aside))][:SHOWN]
    sealed = verify_rows(conn)
    return told if sealed.whole else [*told, f"the seals: {sealed.says}"]


def _events(rows: list[Record], journal: Journalled) -> Iterator[str]:
    stored = Counter(row["event_id"] for row in rows)
    for what, ids in (
        ("twice in SQL", {event_id for event_id, times in stored.items() if times > 1}),
        ("missing in SQL", journal.opened.keys() - stored.keys()),
        ("not in the journal", stored.keys() - journal.opened.keys()),
    ):
        if ids:
            yield f"{len(ids)} {what}: {sorted(ids)[:SHOWN]}"


def _rows(rows: list[Record], journal: Journalled) -> Iterator[str]:
    wrong = 0
    for row in rows:
        opened = journal.opened.get(row["event_id"])
        if opened is None or wrong == SHOWN:
            continue
        expected = _as_row(opened, journal.closed.get(row["event_id"]))
        if other := {name: (row[name], value) for name, value in expected.items() if row[name] != value}:
            wrong += 1
            yield f"{row['event_id']}: {other}"


def _as_row(opened: Record, closed: Record | None) -> Record:
    row = {column: opened.get(name) for column, name in OPENING.items()}
    row["at"] = datetime.fromisoformat(opened["at"])
    row["filter_groups"], row["classes"] = tuple(opened["groups"]), tuple(opened["classes"])
    row["page"], row["keep"] = opened.get("page", True), opened.get("keep", "everyone")
    row |= {column: closed.get(name) if closed else None for column, name in CLOSING.items()}
    row["decrypted"] = bool(closed and closed.get("decrypted"))
    return row if closed else row | {"outcome": "interrupted"}


def _totals(conn: Connection, rows: list[Record]) -> Iterator[str]:
    """A CONNECT counts once it closed without having become requests."""
    hours: dict[Any, list[int]] = {}
    days: dict[Any, list[int]] = {}
    for row in rows:
        if row["kind"] == "connect" and (row["closed_in"] is None or row["decrypted"]):
            continue
        hour = row["at"].replace(minute=0, second=0, microsecond=0)
        listed = (row["category"] or "", row["verdict"], row["list_id"] or "")
        day = (row["at"].date().isoformat(), site_of(row["host"]), row["filter_groups"], row["verdict"])
        for totals, key in ((hours, (hour, row["filter_groups"], *listed)), (days, day)):
            total = totals.setdefault(key, [0, 0])
            total[0] += 1
            total[1] += row["page"]
    for table, totals in ((rollup_hour, hours), (rollup_day, days)):
        stored = {tuple(row)[:-2]: list(row)[-2:] for row in conn.execute(select(table))}
        if stored != totals:
            odd = [key for key in stored.keys() | totals.keys() if stored.get(key) != totals.get(key)]
            yield f"{table.name}: {[(key, stored.get(key), totals.get(key)) for key in odd[:SHOWN]]}"
