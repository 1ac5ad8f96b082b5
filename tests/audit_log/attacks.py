"""What whoever owns the database may do to the filtering log, for tests that hold `verify` against it."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from audit_log.db import reading, writing
from audit_log.parts import table_for
from audit_log.recorder import Recorder
from audit_log.row_verification import verify_rows
from audit_log.rows import CLOSING, OPENING
from audit_log.verification import Verification
from tests.audit_log.records import a_close, a_segment, a_whole, add_to, an_open, event_id
from tests.builders import NOON

COLUMNS = (*OPENING, "host_key", "who", *CLOSING, "opened_in", "closed_in")


def store(engine: Engine, folder: Path) -> None:
    """Three times to store: three requests, then a close and two more, then a close; one is never closed."""
    path = a_segment(folder, [an_open(1), an_open(2), a_whole(3, url="https://é.example/\ufffd")])
    Recorder(engine, folder, clock=lambda: NOON).run_once()
    for records in ([a_close(1), an_open(4), an_open(5), a_close(5)], [a_close(4, decrypted=True)]):
        add_to(path, *records)
        Recorder(engine, folder, clock=lambda: NOON).run_once()


def verified(engine: Engine) -> Verification:
    with reading(engine) as conn:
        return verify_rows(conn)


def attack(engine: Engine, *statements: str, **values: Any) -> Verification:
    """`{log}` is the table that the rows of NOON's day are in."""
    with writing(engine) as conn:
        for statement in statements:
            run(conn, statement, **values)
    return verified(engine)


def run(conn: Connection, statement: str, **values: Any) -> None:
    conn.execute(text(statement.format(log=table_for(conn, NOON.date()))), values)


def copy_row(number: int, **changes: str) -> str:
    """Add a row like this one but for some columns, in SQL."""
    values = ", ".join(changes.get(name, name) for name in COLUMNS)
    return (
        f"INSERT INTO {{log}} ({', '.join(COLUMNS)}) SELECT {values} FROM filtering_log"  # noqa: S608  # our own words
        f" WHERE event_id = '{event_id(number)}'"
    )
