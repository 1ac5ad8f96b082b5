"""Of the doctor: is the database what Schoolgate made, and is the change log in it whole?"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from schoolgate.finding import Finding
from schoolgate.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from audit_log.verification import Verification

PATIENCE = 60.0  # seconds: some hundred thousand entries
SHOWN = 4


@contextmanager
def looked_at(settings: Settings, table: str) -> "Iterator[Connection | None]":
    """One view of the database; None where there is none yet, or it has no such table. Makes nothing."""
    from sqlalchemy import inspect

    from audit_log.db import open_engine, reading

    if settings.database.startswith("sqlite") and not Path(settings.database.partition("///")[2]).exists():
        yield None
        return
    engine = open_engine(settings.database)
    try:
        if not inspect(engine).has_table(table):
            yield None
            return
        with reading(engine) as conn:
            yield conn
    finally:
        engine.dispose()


def tables_and_guards(settings: Settings) -> Iterator[Finding]:
    from audit_log.shape import shape_faults

    with looked_at(settings, "alembic_version") as conn:
        if conn is None:
            return  # another finding
        faults = shape_faults(conn)
    says = "; ".join(faults[:SHOWN]) or "all are there, as they were made"
    if len(faults) > SHOWN:
        says += f"; and {len(faults) - SHOWN} more"
    yield Finding("tables and guards", not faults, says)


def change_log(settings: Settings, patience: float = PATIENCE) -> Iterator[Finding]:
    """Read again from its first entry, with the key that the gates trust, while there is patience."""
    found: list[Verification | Exception | None] = []

    def read() -> None:
        try:
            found.append(_verified(settings))
        except Exception as error:  # noqa: BLE001  # raised again below, where somebody listens
            found.append(error)

    reader = threading.Thread(target=read, name="doctor-change-log", daemon=True)
    reader.start()
    reader.join(patience)
    if not found:
        says = f"not read to its end in {patience:.0f} seconds: schoolgate changes verify has the time"
        yield Finding("change log", True, says, warns=True)
        return
    if isinstance(found[0], Exception):
        raise found[0]
    if found[0] is not None:
        yield Finding("change log", found[0].whole, found[0].says)


def _verified(settings: Settings) -> "Verification | None":
    from audit_log.verification import verify
    from filter_policy.bundle_proof import public_key

    with looked_at(settings, "change_log") as conn:
        return None if conn is None else verify(conn, public_key(settings.state))


def floor(settings: Settings) -> Iterator[Finding]:
    """A log that was cut back is whole by itself: only what lies outside the database tells."""
    from sqlalchemy import func, select

    from audit_log.tables import change_log
    from change_control.floor import CUT, Floor, FloorFault
    from change_control.vouched import has_line

    try:
        seen = Floor(settings.state).seen()
    except FloorFault as fault:
        yield Finding("floor", False, str(fault))
        return
    with looked_at(settings, "change_log") as conn:
        if seen is None or conn is None:
            says = "nothing is kept yet of how long the change log was: the api does that"
            yield Finding("floor", True, says)
            return
        entries = conn.scalar(select(func.max(change_log.c.seq))) or 0
        if not has_line(conn, seen):
            yield Finding("floor", False, CUT.format(seen.size))
            return
    says = f"this server has seen {seen.size} entries of the change log, and they are there"
    behind = entries - seen.size
    if behind:
        says += f"; {behind} more are not kept yet: can {settings.state} be written, and does the api run?"
    yield Finding("floor", True, says, warns=behind > 0)
