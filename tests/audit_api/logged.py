"""Rows of the filtering log as the recorder writes them, without the gate and the journal before it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, MetaData, insert, select

from audit_log.db import writing
from audit_log.event_id import new_event_id, reference_of
from audit_log.filtering_log import last_seal
from audit_log.parts import ensure, table_for
from audit_log.people import Registered
from audit_log.rows import host_key
from audit_log.seal import GENESIS, leaf_of
from audit_log.tables import filtering_log, filtering_seal, names_text
from audit_log.who_sets import WhoKey, WhoSets
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
        whos = WhoSets().ids(conn, {_who(row) for row in made})
        derived = ({"host_key": host_key(row["host"]), "who": whos[_who(row)]} for row in made)
        conn.execute(insert(table), [row | more for row, more in zip(made, derived, strict=True)])


def _who(row: Mapping[str, Any]) -> WhoKey:
    return row["role"] or "", names_text(row["filter_groups"]), names_text(row["classes"])


def seal_up_to(engine: Engine, seq: int, entry: str = "{}") -> None:
    """As if the recorder had sealed what is stored, in so many seals."""
    with writing(engine) as conn:
        for number in range(last_seal(conn) + 1, seq + 1):
            prev = conn.scalar(select(filtering_seal.c.leaf).where(filtering_seal.c.seq == number - 1))
            values: Row = {"seq": number, "entry": entry, "prev": prev or GENESIS, "part": None}
            conn.execute(insert(filtering_seal).values(**values, leaf=leaf_of(values["prev"], entry)))
