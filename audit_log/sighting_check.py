"""Sightings against the rows that they are of: each follows from a sealed row, so one that was edited, taken
away or made up is found. After their time they go, and the change log says up to which day.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, text

from audit_log.as_written import as_written, shown
from audit_log.day_totals import as_day, day_bounds
from audit_log.findings import LONGEST_SHOWN, NAMED, Findings, time_of
from audit_log.rows import OPENING, Values
from audit_log.sealed_lines import PURGE_INCIDENTS, lines_of
from audit_log.sightings import (
    CIRCUMVENTION,
    COLUMNS,
    KNOWN_SINCE,
    REASONS,
    kind_of,
    sighting_values,
)
from audit_log.tables import SELDOM

AT_UTC = "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
GROUPS, WHEN = COLUMNS.index("filter_groups"), COLUMNS.index("at")
IN_DAY = "at >= :first AND at < :end"
Days = tuple[date | None, date | None]


def check_sightings(
    conn: Connection, day: date, found: Findings, since: Mapping[int, int] | None = None
) -> None:
    """Of one day. `since`: Chain.sightings_from, for rows that an older version stored became sightings only
    where it knew their kind."""
    with as_written(conn):
        expected = _expected(conn, day, since or {})
        kept = _sightings(conn, day)
        elsewhere = _sightings_of(conn, expected.keys() - kept.keys())
        gone_before = sightings_gone_before(conn)
    for event_id, values in expected.items():
        stored = kept.get(event_id, elsewhere.get(event_id))
        if stored is not None:
            _compare(values, stored, found)
        elif gone_before is None or day >= gone_before:
            _say(found, values, "was removed")
    for event_id, stored in kept.items():
        if event_id not in expected:
            _say(found, stored, "was added: it follows from no row of that day")


def check_sightings_outside(conn: Connection, gaps: Iterable[Days], found: Findings) -> None:
    """Those with a time that is in none of the days that were read: they follow from no row."""
    for low, high in gaps:
        ends = {
            "first": day_bounds(conn, low)["end"] if low else None,
            "end": day_bounds(conn, high)["first"] if high else None,
        }
        sides = [*(["at >= :first"] if low else []), *(["at < :end"] if high else [])]
        query = f"SELECT {_columns(conn)} FROM sighting WHERE {' AND '.join(sides) or 'true'} LIMIT {NAMED}"  # noqa: S608  # our own names
        for row in conn.execute(text(query), {name: end for name, end in ends.items() if end}).all():
            _say(found, tuple(row), "was added: it is in none of the log's days")


def sightings_gone_before(conn: Connection) -> date | None:
    """The day before which sightings may have gone."""
    said = (entry["detail"].get("before") for _, entry in lines_of(conn, PURGE_INCIDENTS))
    return max((day for each in said if (day := as_day(each))), default=None)


def _expected(conn: Connection, day: date, since: Mapping[int, int]) -> dict[Any, Values]:
    columns = ", ".join(_as_text(conn, name) for name in OPENING)
    said = f"SELECT {columns}, opened_in FROM filtering_log WHERE {IN_DAY}"  # noqa: S608  # our own names
    by_reason = text(f"{said} AND reason IN :reasons AND {SELDOM}").bindparams(
        bindparam("reasons", expanding=True)
    )
    by_category = text(f"{said} AND category = :category AND verdict = 'block'")
    bounds = day_bounds(conn, day)
    rows = [
        *conn.execute(by_reason, {**bounds, "reasons": sorted(REASONS)}),
        *conn.execute(by_category, {**bounds, "category": CIRCUMVENTION}),
    ]
    found = {}
    for *opening, seal in rows:
        kind = kind_of(opening)
        if kind is not None and _was_known(kind, seal, since):
            found[opening[0]] = sighting_values(tuple(opening))
    return found


def _was_known(kind: str, seal: object, since: Mapping[int, int]) -> bool:
    """To whoever stored the row. What is illegal always was, whatever the seal says."""
    known = KNOWN_SINCE.get(kind, 2)
    first = since.get(known)
    return known == 1 or (first is not None and isinstance(seal, int) and seal >= first)


def _sightings(conn: Connection, day: date) -> dict[Any, Values]:
    query = f"SELECT {_columns(conn)} FROM sighting WHERE {IN_DAY}"  # noqa: S608  # our own names
    return {row[0]: tuple(row) for row in conn.execute(text(query), day_bounds(conn, day))}


def _sightings_of(conn: Connection, ids: Iterable[Any]) -> dict[Any, Values]:
    """Their time may have been changed."""
    wanted = sorted(map(str, ids))[:NAMED]
    if not wanted:
        return {}
    query = text(f"SELECT {_columns(conn)} FROM sighting WHERE id IN :ids")  # noqa: S608  # our own names
    rows = conn.execute(query.bindparams(bindparam("ids", expanding=True)), {"ids": wanted})
    return {row[0]: tuple(row) for row in rows}


def _columns(conn: Connection) -> str:
    return ", ".join(_as_text(conn, name) for name in COLUMNS)


def _as_text(conn: Connection, name: str) -> str:
    if conn.dialect.name == "sqlite":
        return name
    casts: Mapping[str, str] = {"at": AT_UTC.format("at"), "filter_groups": "CAST(filter_groups AS TEXT)"}
    return casts.get(name, name)


def _compare(expected: Values, stored: Values, found: Findings) -> None:
    wrong = [
        name
        for place, name in enumerate(COLUMNS)
        if _plain(place, expected[place]) != _plain(place, stored[place])
    ]
    if wrong:
        _say(found, expected, f"was edited: its {wrong[0]} is not what follows from its row")


def _plain(place: int, value: object) -> object:
    if place != GROUPS:
        return value
    try:
        return json.loads(str(value))
    except (ValueError, RecursionError):
        return value


def _say(found: Findings, sighting: Values, what: str) -> None:
    name = shown(sighting[0])[:LONGEST_SHOWN]
    found.add(f"The sighting {name} of {time_of(sighting[WHEN])} {what}.", None)
