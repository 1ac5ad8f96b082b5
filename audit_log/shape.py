"""Has the database the tables and the guards that this version makes? Its version number proves neither:
whoever owns the database can drop a table or a trigger and leave the number.

Of SQLite a fresh one is made in memory and compared, each trigger word for word. Of PostgreSQL the names are
known here, and each guard must be one that always fires.
"""

import re
from collections.abc import Iterator

from sqlalchemy import Connection, inspect, text

from audit_log.db import migrate, open_engine
from audit_log.tables import metadata

SQLITE_TRIGGERS = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
POSTGRESQL_TRIGGERS = text(
    "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE NOT t.tgisinternal AND t.tgenabled = 'A' AND c.relnamespace = current_schema()::regnamespace"
)
POSTGRESQL_CHECKS = text(
    "SELECT k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
    " WHERE k.contype = 'c' AND c.relnamespace = current_schema()::regnamespace"
)
GUARDS = {  # table: before which statements PostgreSQL asks
    "api_token": "delete truncate update",
    "break_glass": "delete truncate update",
    "change_log": "insert truncate update",
    "change_text": "delete insert truncate update",
    "checkpoint": "insert truncate update",
    "filtering_seal": "insert truncate update",
    "incident": "delete truncate",
    "incident_entry": "delete truncate update",
    "log_review": "delete truncate update",
    "preview": "truncate update",
    "review": "delete truncate update",
    "review_signature": "delete truncate update",
    "second_factor": "update",
}
CHECKS = (
    *("api_token_ends", "break_glass_two_people", "change_log_leaf", "change_text_salt", "proposal_decided"),
    *("proposal_lists_two_people", "proposal_two_people", "review_needed"),
)


def shape_faults(conn: Connection) -> list[str]:
    """One line for each thing that is missing or another; empty where all is as it was made."""
    found = inspect(conn)
    there = {*found.get_table_names(), *found.get_view_names()}
    faults = [f"the table {name} is missing" for name in sorted({*metadata.tables} - there)]
    for name in sorted({*metadata.tables} & there):
        columns = {column["name"] for column in found.get_columns(name)}
        lost = sorted({column.name for column in metadata.tables[name].columns} - columns)
        faults += [f"the table {name} has no column {column}" for column in lost]
    guards = _sqlite_faults(conn) if conn.dialect.name == "sqlite" else _postgresql_faults(conn)
    return [*faults, *guards]


def _sqlite_faults(conn: Connection) -> Iterator[str]:
    fresh = open_engine("sqlite://")
    try:
        migrate(fresh)
        with fresh.connect() as made:
            wanted = _triggers(made)
    finally:
        fresh.dispose()
    there = _triggers(conn)
    for name in sorted(wanted):
        if name not in there:
            yield f"the guard {name} is missing"
        elif there[name] != wanted[name]:
            yield f"the guard {name} is another than was made"
    for name in sorted({*there} - {*wanted}):
        yield f"the trigger {name} was never made by Schoolgate"


def _triggers(conn: Connection) -> dict[str, str]:
    """Compared without blanks and quotation marks, which SQLite sets anew when a table is renamed."""
    return {row.name: re.sub(r'[\s"]', "", row.sql or "") for row in conn.execute(SQLITE_TRIGGERS)}


def _postgresql_faults(conn: Connection) -> Iterator[str]:
    wanted = {f"{table}_{each}" for table, before in GUARDS.items() for each in before.split()}
    for name in sorted(wanted - {*conn.scalars(POSTGRESQL_TRIGGERS)}):
        yield f"the guard {name} is missing, or switched off"
    for name in sorted({*CHECKS} - {*conn.scalars(POSTGRESQL_CHECKS)}):
        yield f"the check {name} is missing"
