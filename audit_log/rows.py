"""From the journal's records to rows of the filtering log.

Plain tuples and the driver's own executemany: what the recorder does is done for every request.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from audit_log.event_id import reference_of
from audit_log.tables import filtering_log

Record = Mapping[str, Any]

COLUMNS = tuple(column.name for column in filtering_log.columns)
CLOSING = ("decrypted", "status", "bytes_up", "bytes_down", "duration_ms", "outcome")  # COLUMNS ends so
LONGEST_URL = 8192


class BadRecord(ValueError):
    """This record cannot be a row."""


def opening_row(record: Record, close: Record | None, gate: str, *, sqlite: bool) -> tuple[Any, ...]:
    """One row, in the order of COLUMNS. Raises BadRecord."""
    try:
        get = record.get
        return (
            event_id := record["id"],
            reference_of(event_id),
            _time(record["at"], sqlite=sqlite),
            record["kind"],
            gate,
            get("person"),
            get("role"),
            _json(tuple(get("groups") or ())),
            _json(tuple(get("classes") or ())),
            _cut(get("address"), 64),
            _cut(get("method"), 16),
            _cut(get("url"), LONGEST_URL),
            _cut(get("host"), 253),
            get("category"),
            get("list"),
            get("entry"),
            record["verdict"],
            record["reason"],
            get("rule"),
            get("unblock"),
            record["revision"],
            *closing_values(close),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise BadRecord(f"{type(fault).__name__}: {fault}") from fault


def closing_values(close: Record | None) -> tuple[Any, ...]:
    """In the order of CLOSING. What is closed has an outcome, if only `done`."""
    if close is None:
        return (False, None, None, None, None, None)
    get = close.get
    return (
        bool(get("decrypted")),
        get("status"),
        get("up"),
        get("down"),
        get("ms"),
        get("outcome") or "done",
    )


def _time(at: str, *, sqlite: bool) -> str:
    """As the database keeps it; the journal writes exactly `2026-11-24T12:30:00.123456Z`."""
    if len(at) != 27 or at[10] != "T" or at[26] != "Z" or not at[:4].isdigit():
        raise BadRecord(f"not a time: {at!r}")
    return f"{at[:10]} {at[11:26]}" if sqlite else at


def _cut(value: str | None, longest: int) -> str | None:
    """What a client chose: no longer than the column, and nothing that a database cannot keep."""
    if value is None or (len(value) <= longest and value.isprintable()):
        return value
    return value[:longest].encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


@lru_cache(maxsize=4096)
def _json(names: tuple[str, ...]) -> str:
    return json.dumps(names)
