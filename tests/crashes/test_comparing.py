"""The comparison that the crash tests rest on finds whatever is wrong."""

from pathlib import Path

import pytest
from sqlalchemy import text

from audit_log.db import reading, writing
from audit_log.parts import tables
from audit_log.recorder import Recorder
from tests.audit_log.records import a_close, a_segment, a_whole, an_open
from tests.crashes.comparing import differences, journalled
from tests.crashes.databases import a_sqlite_file

LINES = (
    an_open(1),
    a_close(1),
    an_open(2),
    a_whole(3),
    an_open(4, kind="connect"),
    a_close(4, decrypted=True),
)
WRONG = {
    "DELETE FROM {log} WHERE event_id = (SELECT max(event_id) FROM {log})": "1 missing in SQL",
    "UPDATE {log} SET event_id = replace(event_id, '2', '8') WHERE event_id LIKE '%2'": "not in the journal",
    "UPDATE {log} SET verdict = 'block' WHERE event_id LIKE '%1'": "'verdict': ('block', 'allow')",
    "UPDATE {log} SET outcome = 'done' WHERE event_id LIKE '%2'": "'outcome': ('done', 'interrupted')",
    "UPDATE {log} SET bytes_down = 1 WHERE event_id LIKE '%1'": "'bytes_down'",
    "UPDATE {log} SET at = datetime(at, '+1 second') WHERE event_id LIKE '%1'": "'at'",
    "UPDATE rollup_hour SET requests = requests + 1": "rollup_hour",
    "DELETE FROM rollup_day": "rollup_day",
    "DELETE FROM filtering_leaf": "the seals",
    "INSERT INTO journal_aside VALUES ('x', 'odd', '{{}}')": "set aside",
}


@pytest.mark.parametrize(("statement", "found"), WRONG.items())
def test_whatever_is_wrong_in_sql_is_named(tmp_path: Path, statement: str, found: str) -> None:
    a_segment(tmp_path, LINES)
    with a_sqlite_file(tmp_path) as database:
        Recorder(database.engine, tmp_path).run_once()
        journal = journalled(tmp_path)
        with reading(database.engine) as conn:
            assert differences(conn, journal) == []
            (log,) = (part.name for part in tables(conn) if part.first.month == 11)
        with writing(database.engine) as conn:
            for trigger in conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                conn.execute(text(f"DROP TRIGGER {trigger}"))
            assert conn.execute(text(statement.format(log=log))).rowcount > 0
        with reading(database.engine) as conn:
            assert found in "\n".join(differences(conn, journal))
