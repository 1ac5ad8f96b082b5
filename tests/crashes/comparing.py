"""Is SQL what the journal says? Each event once, with its opening and its closing; seals and totals too."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, select

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
NO_REQUEST = frozenset({"event", "canary"})  # what was noticed, and what the gate asked itself
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
    seen = _Seen(journal)
    for row in conn.execute(select(filtering_log).execution_options(yield_per=2000)).mappings():
        seen.add(row)
    told = [*seen.events(), *seen.wrong[:SHOWN], *seen.totals(conn)]
    told += [f"set aside: {row.key}: {row.why}" for row in conn.execute(select(journal_aside))][:SHOWN]
    sealed = verify_rows(conn)
    return told if sealed.whole else [*told, f"the seals: {sealed.says}"]


class _Seen:
    """The rows of the log, held one by one against the journal."""

    def __init__(self, journal: Journalled) -> None:
        self.journal = journal
        self.wrong: list[str] = []
        self._stored: Counter[str] = Counter()
        self._hours: dict[Any, list[int]] = {}
        self._days: dict[Any, list[int]] = {}

    def add(self, row: RowMapping) -> None:
        event_id = row["event_id"]
        self._stored[event_id] += 1
        if opened := self.journal.opened.get(event_id):
            expected = _as_row(opened, self.journal.closed.get(event_id))
            if other := {name: (row[name], it) for name, it in expected.items() if row[name] != it}:
                self.wrong.append(f"{event_id}: {other}")
        closed = row["closed_in"] is not None and not row["decrypted"]
        if closed if row["kind"] == "connect" else row["kind"] not in NO_REQUEST:
            self._count(row)  # a CONNECT once it closed without having become requests

    def _count(self, row: RowMapping) -> None:
        hour = row["at"].replace(minute=0, second=0, microsecond=0)
        listed = (row["category"] or "", row["verdict"], row["list_id"] or "")
        day = (row["at"].date().isoformat(), site_of(row["host"]), row["filter_groups"], row["verdict"])
        for totals, key in ((self._hours, (hour, row["filter_groups"], *listed)), (self._days, day)):
            total = totals.setdefault(key, [0, 0])
            total[0] += 1
            total[1] += row["page"]

    def events(self) -> Iterator[str]:
        for what, ids in (
            ("twice in SQL", {event_id for event_id, times in self._stored.items() if times > 1}),
            ("missing in SQL", self.journal.opened.keys() - self._stored.keys()),
            ("not in the journal", self._stored.keys() - self.journal.opened.keys()),
        ):
            if ids:
                yield f"{len(ids)} {what}: {sorted(ids)[:SHOWN]}"

    def totals(self, conn: Connection) -> Iterator[str]:
        for table, counted in ((rollup_hour, self._hours), (rollup_day, self._days)):
            stored = {tuple(row)[:-2]: list(row)[-2:] for row in conn.execute(select(table))}
            odd = [key for key in stored.keys() | counted.keys() if stored.get(key) != counted.get(key)]
            if odd:
                yield f"{table.name}: {[(key, stored.get(key), counted.get(key)) for key in odd[:SHOWN]]}"


def _as_row(opened: Record, closed: Record | None) -> Record:
    row = {column: opened.get(name) for column, name in OPENING.items()}
    row["at"] = datetime.fromisoformat(opened["at"])
    row["filter_groups"], row["classes"] = tuple(opened["groups"]), tuple(opened["classes"])
    row["page"], row["keep"] = opened.get("page", True), opened.get("keep", "everyone")
    row |= {column: closed.get(name) if closed else None for column, name in CLOSING.items()}
    row["decrypted"] = bool(closed and closed.get("decrypted"))
    return row if closed else row | {"outcome": "interrupted"}
