"""A school whose log grows old: records at any time, and nights in which what is over goes."""

import itertools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from audit_log import parts
from audit_log.change_log import entries
from audit_log.db import reading, writing
from audit_log.recorder import Recorder
from audit_log.seal import stamp
from audit_log.sealed_lines import PURGE
from change_control.desk import Desk
from change_control.retention import purge
from change_control.row_seals import state_hours
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.audit_log.records import a_segment, a_whole, add_to, event_id
from tests.builders import NOON
from tests.change_control.protected import verified

TODAY = NOON.date()
ONE_DAY = timedelta(days=1)
OVER = datetime(2027, 2, 23, 3, 0, tzinfo=NOON.tzinfo)  # 90 whole days after NOON's


class School:
    """A desk, and a journal that is stored as of any time."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.desk = desk
        self.folder = folder
        self.path = a_segment(folder, [])
        self._numbers = itertools.count(1)

    def record(self, at: datetime = NOON, stored: datetime | None = None, **changes: Any) -> str:
        """One request, stored at once; its id."""
        number = next(self._numbers)
        add_to(
            self.path, a_whole(number, **({"at": stamp(at), "keep": "pupils", "person": "p_anna"} | changes))
        )
        Recorder(self.desk.engine, self.folder, clock=lambda: stored or at).run_once()
        return event_id(number)

    def steady(self, now: datetime) -> None:
        """Two days in which the hours were stated."""
        for at in (now - 2 * ONE_DAY, now):
            while not state_hours(self.desk, at):
                pass

    def purge(self, now: datetime = OVER) -> int:
        self.steady(now)
        return purge(self.desk, now).rows

    def ids(self) -> list[str]:
        with reading(self.desk.engine) as conn:
            return list(conn.execute(text("SELECT event_id FROM filtering_log ORDER BY event_id")).scalars())

    def lines(self, event: str = PURGE) -> list[dict[str, Any]]:
        with reading(self.desk.engine) as conn:
            return [dict(each.detail) for each in reversed(entries(conn, event=event))]

    def count(self, table: str) -> int:
        with reading(self.desk.engine) as conn:
            return conn.scalar(text(f"SELECT count(*) FROM {table}")) or 0  # noqa: S608  # our own names

    def attack(self, statement: str, **values: Any) -> str:
        with writing(self.desk.engine) as conn:
            without_guards(conn)
            table = parts.table_for(conn, TODAY)
            conn.execute(text(statement.format(log=table)), values)
        return verified(self.desk).says


def without_guards(conn: Connection) -> None:
    if conn.dialect.name == "sqlite":
        for name in (
            conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        ):
            conn.execute(text(f"DROP TRIGGER {name}"))
    else:
        for table in ("change_log", "change_text", "checkpoint", "filtering_seal"):
            conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        conn.execute(text("ALTER TABLE change_log DROP CONSTRAINT IF EXISTS change_log_leaf"))
