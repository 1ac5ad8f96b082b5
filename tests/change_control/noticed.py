"""What the recorder leaves for the rules: rows of the filtering log, and the sightings among them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert

from audit_log.db import writing
from audit_log.rows import OPENING
from audit_log.seal import stamp
from audit_log.sightings import COLUMNS, kind_of, sighting_values
from audit_log.tables import sighting, sighting_waiting
from change_control.desk import Desk
from tests.audit_api.logged import Row, a_row, store
from tests.builders import NOON
from tests.change_control.school import somebody

AROUND_IT: dict[str, Any] = {
    "category": "circumvention",
    "reason": "locked",
    "list_id": "schoolgate",
    "entry": "web-proxy",
}
ILLEGAL: dict[str, Any] = {
    "category": "child-sexual-abuse",
    "reason": "illegal",
    "url": "sealed:" + "a" * 57,
    "host": None,
}
GUESS: dict[str, Any] = {
    "kind": "event",
    "reason": "guessing",
    "category": None,
    "rule": None,
    "url": None,
    "host": None,
}
AGAIN = GUESS | {"reason": "repeated-blocks", "rule": "20 within 10 minutes"}
SHARED = GUESS | {"reason": "account-shared", "rule": "devices: 3"}


def noticed(desk: Desk, username: str | None, at: datetime = NOON, **changes: Any) -> Row:
    """A row that is a sighting; a way round the filter unless told otherwise."""
    person = somebody(desk, username) if username else None
    row = a_row(person, at) | AROUND_IT | changes
    store(desk.engine, [row])
    wait(desk.engine, row)
    return row


def wait(engine: Engine, row: Row) -> None:
    opening = [stamp(row["at"]) if name == "at" else row[name] for name in OPENING]
    assert kind_of(opening) is not None
    values = dict(zip(COLUMNS, sighting_values(opening), strict=True)) | {"at": row["at"]}
    with writing(engine) as conn:
        conn.execute(insert(sighting).values(values | {"filter_groups": list(row["filter_groups"])}))
        conn.execute(insert(sighting_waiting).values(id=row["event_id"]))
