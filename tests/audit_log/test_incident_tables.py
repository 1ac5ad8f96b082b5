"""The database itself refuses to rewrite the lines of a case: only their facts may go, and a case stays."""

from typing import Any

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import DBAPIError

from audit_log.db import writing
from audit_log.tables import incident, incident_entry
from tests.builders import NOON

ENTRY: dict[str, Any] = {
    "seq": 7,
    "incident_id": "c1",
    "act": "report",
    "object_id": "c1",
    "actor_id": "system",
    "at": NOON,
    "salt": bytes(16),
    "facts": "{}",
}
REFUSED = (
    "DELETE FROM incident_entry",
    "DELETE FROM incident",
    "UPDATE incident_entry SET facts = '[]'",
    "UPDATE incident_entry SET actor_id = 'somebody'",
    "UPDATE incident_entry SET seq = 8",
)


@pytest.fixture
def kept(engine: Engine) -> Engine:
    with writing(engine) as conn:
        conn.execute(insert(incident_entry).values(ENTRY))
        conn.execute(
            insert(incident).values(
                id="c1", state="reported", kind="bullying", lane="inappropriate", restricted=False,
                opened_at=NOON, changed_at=NOON,
            )
        )  # fmt: skip
    return engine


@pytest.mark.parametrize("statement", REFUSED)
def test_lines_of_a_case_are_never_rewritten_or_removed(kept: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError), writing(kept) as conn:
        conn.execute(text(statement))


def test_what_was_said_can_be_erased_with_its_salt(kept: Engine) -> None:
    with writing(kept) as conn:
        assert conn.execute(text("UPDATE incident_entry SET facts = NULL, salt = NULL")).rowcount == 1
