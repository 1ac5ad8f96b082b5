"""What is told of those who saw or reviewed the change log, also where a line is not as ours are."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from audit_api.log_review_sentences import TELL
from audit_api.names import Names
from audit_api.sentences import sentence
from audit_log.change_log import entries
from audit_log.db import reading
from tests.audit_api.school import School


@pytest.mark.parametrize("event", sorted(TELL))
@pytest.mark.parametrize("detail", [{"size": 1207}, {"size": "many"}, {}])
def test_it_names_who_and_up_to_where_and_never_fails(
    school: School, event: str, detail: dict[str, object]
) -> None:
    gail = school.person("gail").id
    with reading(school.desk.engine) as conn:
        entry = replace(entries(conn, limit=1)[0], event=event, actor=gail, detail=detail)
        said = sentence(entry, Names.of(conn, [gail], pupils=False), ZoneInfo("Europe/London"))

    assert said.startswith("Gail Green")
    assert ("up to entry 1,207" in said) == (detail == {"size": 1207})
