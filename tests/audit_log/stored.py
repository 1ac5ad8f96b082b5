"""Rows of the filtering log put there as they are, without a journal or a seal: for what only reads them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, Table, insert
from sqlalchemy.schema import MetaData

from audit_log import parts
from audit_log.db import writing
from audit_log.rows import host_key
from audit_log.tables import filtering_log
from tests.audit_log.records import event_id
from tests.builders import NOON

Row = Mapping[str, Any]


def a_row(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Request number `number`, so many seconds after NOON, by a pupil of 6B."""
    row: dict[str, Any] = {
        "event_id": event_id(number),
        "reference": f"REF{number:04d}",
        "at": NOON + timedelta(seconds=number),
        "kind": "request",
        "gate": "gate-1",
        "person_id": "p_anna",
        "role": "pupil",
        "filter_groups": ("upper-ks2",),
        "classes": ("6B",),
        "client_address": "127.0.0.9",
        "method": "GET",
        "url": "https://news.bbc.example/world/rivers",
        "host": "news.bbc.example",
        "verdict": "allow",
        "reason": "category-allowed",
        "policy_revision": "r" * 64,
        "page": True,
        "keep": "pupils",
        "who": 1,
        "decrypted": False,
        "status": 200,
        "bytes_up": 512,
        "bytes_down": 20_480,
        "duration_ms": 98,
        "outcome": "done",
    } | changes
    return row | {"host_key": host_key(row["host"])}


def store(engine: Engine, *rows: Row) -> None:
    with writing(engine) as conn:
        days = {row["at"].date() for row in rows}
        parts.ensure(conn, days)
        for day in days:
            table = _table(parts.table_for(conn, day))
            conn.execute(insert(table), [dict(row) for row in rows if row["at"].date() == day])


def _table(name: str) -> Table:
    return filtering_log.to_metadata(MetaData(), name=name)
