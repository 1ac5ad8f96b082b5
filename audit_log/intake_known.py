"""What the recorder remembers between batches, so that it need not ask: which events are open, and what is
there to write to. All of it is read from SQL at the start, and again after anything went wrong.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, select, type_coerce

from audit_log import parts
from audit_log.rollups import CONNECT, DAY, KIND, Counted, counted_as, day_key, hour_key
from audit_log.rows import AT, OPENING, Values, part_of
from audit_log.tables import filtering_log, journal_aside
from audit_log.who_sets import WhoSets

NO_OPEN = "closed before it was opened"  # why a close is set aside, until its open comes
CLOSE = ":close"  # after the event id, in the key of a close that is set aside
GATE = OPENING.index("gate")
SOME = 400  # parameters in one question
LOG = filtering_log.c
LOOKED_AT = select(
    LOG.event_id, LOG.closed_in, LOG.at, LOG.kind, LOG.gate, LOG.keep, type_coerce(LOG.filter_groups, Text),
    LOG.host, LOG.category, LOG.list_id, LOG.verdict, LOG.page,
)  # fmt: skip


class Opened(NamedTuple):
    """A row that waits for its closing."""

    at: str  # as it was sealed
    gate: str
    part: str
    counted: Counted | None  # of a CONNECT, which counts only when it closes


@dataclass(slots=True)
class Known:
    open: dict[str, Opened]
    early: set[str]  # closes that wait in journal_aside for their opens
    tables: dict[str, str]  # by day: 2026-11-22
    who: WhoSets

    def of_gate(self, gate: str) -> set[str]:
        return {event_id for event_id, opened in self.open.items() if opened.gate == gate}

    def table(self, conn: Connection, at: str) -> str:
        """The table for rows of this time; it is made if need be."""
        day = at[:10]
        if day not in self.tables:
            parts.ensure(conn, [date.fromisoformat(day)])
            self.tables[day] = parts.table_for(conn, date.fromisoformat(day))
        return self.tables[day]


def learn(conn: Connection) -> Known:
    waiting = conn.scalars(select(journal_aside.c.key).where(journal_aside.c.why == NO_OPEN))
    # The condition on the gate makes SQLite read its small index of open rows, and not the log.
    rows = conn.execute(LOOKED_AT.where(LOG.outcome.is_(None), LOG.gate > ""))
    return Known(
        open={row.event_id: _opened(row) for row in rows},
        early={key.removesuffix(CLOSE) for key in waiting},
        tables={},
        who=WhoSets(),
    )


def look_up(conn: Connection, ids: Iterable[str]) -> dict[str, Opened | None]:
    """Those of these events that have a row; None for one that has its closing."""
    found: dict[str, Opened | None] = {}
    for some in in_some(list(ids)):
        for row in conn.execute(LOOKED_AT.where(LOG.event_id.in_(some))):
            found[row.event_id] = None if row.closed_in is not None else _opened(row)
    return found


def opened_from(values: Values) -> Opened:
    """Of a row's opening."""
    counted = counted_as(values) if values[KIND] == CONNECT else None
    return Opened(values[AT], values[GATE], part_of(values), counted)


def _opened(row: Sequence[Any]) -> Opened:
    """Of a row as SQL has it, in the order of LOOKED_AT. (There may be many, and each start reads them.)"""
    _, _, when, kind, gate, keep, groups, host, category, list_id, verdict, page = row
    at = when.strftime("%Y-%m-%d %H:%M:%S.%f")
    part = f"{keep}/{at[:DAY]}"
    if kind != CONNECT:
        return Opened(at, gate, part, None)
    hour, day = hour_key(at, groups, category, verdict, list_id), day_key(at, host, groups, verdict)
    return Opened(at, gate, part, Counted(hour, day, page))


def in_some(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + SOME] for start in range(0, len(ids), SOME))
