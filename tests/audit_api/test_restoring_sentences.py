"""An older database put back is told with how much is lost, and never fails to be told."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from audit_api.names import Names
from audit_api.restoring_sentences import TELL
from audit_api.sentences import sentence
from audit_log.change_log import entries
from audit_log.db import reading
from tests.audit_api.school import School

WHOLE = {"entries": 1200, "seen": 1207, "shut_out": ["p_1"], "let_in": ["p_2"]}


@pytest.mark.parametrize("event", sorted(TELL))
def test_it_says_how_much_is_lost_and_who_is_shut_out(school: School, event: str) -> None:
    def told(detail: dict[str, object]) -> str:
        with reading(school.desk.engine) as conn:
            entry = replace(entries(conn, limit=1)[0], event=event, actor="system", detail=detail)
            return sentence(entry, Names.of(conn, (), pupils=False), ZoneInfo("Europe/London"))

    assert told(WHOLE) == (
        "An older database was put back: the server had seen 1,207 entries, and went on from 1,200. 1 account"
        " signs in no more until two agree on a new code."
        " 1 may sign in with an older password or second factor."
    )
    assert "no longer knew how long the log was" in told({**WHOLE, "seen": None})
    assert told({"seen": "?"})
