"""Rows of the filtering log as the recorder writes them, without the gate and the journal before it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, insert

from audit_log.db import writing
from audit_log.event_id import new_event_id, reference_of
from audit_log.parts import ensure, table_for
from audit_log.people import Registered
from audit_log.rows import host_key
from audit_log.tables import filtering_log, names_text
from audit_log.who_sets import WhoSets
from tests.builders import NOON

Row = dict[str, Any]


def a_row(person: Registered | None, at: datetime = NOON, **changes: Any) -> Row:
    """Blocked gambling, a minute ago unless told otherwise."""
    event_id = new_event_id(int(at.timestamp() * 1e9))
    row: Row = {
        "event_id": event_id,
        "reference": reference_of(event_id),
        "at": at,
        "kind": "request",
        "gate": "gate-1",
        "person_id": person.id if person else None,
        "role": person.role.value if person else None,
        "filter_groups": tuple(person.filter_groups) if person else ("unidentified",),
        "classes": tuple(person.classes) if person else (),
        "client_address": "127.20.0.7",
        "method": "GET",
        "url": "https://bet.test/odds/today",
        "host": "bet.test",
        "category": "gambling",
        "list_id": "gambling-list",
        "entry": "bet.test/odds",
        "verdict": "block",
        "reason": "category-not-allowed",
        "rule": "access.gambling.everyone",
        "unblock_id": None,
        "policy_revision": "r1",
        "search_terms": None,
        "page": True,
        "keep": "everyone",
        "decrypted": False,
        "status": 403,
        "bytes_up": None,
        "bytes_down": None,
        "duration_ms": None,
        "outcome": "done",
        "opened_in": None,
        "closed_in": None,
    }
    return row | changes


def store(engine: Engine, rows: Iterable[Row]) -> None:
    """All of one day."""
    made = list(rows)
    with writing(engine) as conn:
        day = made[0]["at"].astimezone(UTC).date()
        ensure(conn, [day, day + timedelta(days=1)])
        table = filtering_log.to_metadata(MetaData(), name=table_for(conn, day))
        conn.execute(insert(table), [_derived(conn, row) for row in made])


def _derived(conn: Connection, row: Mapping[str, Any]) -> Row:
    key = (row["role"] or "", names_text(row["filter_groups"]), names_text(row["classes"]))
    return {**row, "host_key": host_key(row["host"]), "who": WhoSets().ids(conn, [key])[key]}
