"""What was said in a case goes when it was closed long ago, with a line; then `verify` finds it whole."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from audit_log.case_purging import cases_over
from audit_log.db import reading, writing
from audit_log.incident_model import ERASED_KIND, Incident
from audit_log.incidents import incident_ids
from audit_log.sealed_lines import PURGE_CASES
from audit_log.tables import incident, incident_entry
from change_control.holds import place_hold
from change_control.incidents import note
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.builders import NOON
from tests.change_control.aging import ONE_DAY, School
from tests.change_control.conftest import desk as desk
from tests.change_control.conftest import school as school
from tests.change_control.incident_school import a_case, step
from tests.change_control.protected import EITHER, school_in, verified
from tests.change_control.school import log_of, refused, the

LATER = NOON + 366 * ONE_DAY
SAID = "what a child told us"


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    for made in school_in(request.param, request, tmp_path):
        yield School(made, tmp_path / "journal")


def closed(aged: School, kind: str = "pupil-circumvention", about: str = "anna") -> Incident:
    case = a_case(aged.desk, kind, about, text=SAID)
    return step(aged.desk, case, "close", outcome="no-concern")


def left(aged: School) -> int:
    """Lines of cases that still say something."""
    with reading(aged.desk.engine) as conn:
        said = select(func.count()).where(incident_entry.c.facts.is_not(None))
        return conn.scalar(said.select_from(incident_entry)) or 0


@EITHER
def test_what_was_said_goes_with_a_line_when_its_time_is_over(either: School) -> None:
    case = closed(either)
    open_one = a_case(either.desk, "bullying")
    either.record()  # so that there are hours
    either.purge(LATER - ONE_DAY)
    assert left(either) == 4
    either.purge(LATER)
    assert left(either) == 1

    (line,) = [each for each in log_of(either.desk) if each.event == PURGE_CASES]
    assert line.detail == {"before": "2026-11-25", "cases": [case.id]}
    found = verified(either.desk)
    assert found.whole, found.says
    with reading(either.desk.engine) as conn:
        row = conn.execute(select(incident).where(incident.c.id == case.id)).one()
        assert (row.kind, row.person_id, row.state) == (ERASED_KIND, None, "closed")
        assert [id_ for _, id_ in incident_ids(conn, 10)] == [open_one.id]
    refused("not-found", lambda: note(either.desk, the(either.desk, "hedy"), case.id, "more", LATER))


@pytest.mark.parametrize("either", ["sqlite"], indirect=True)
def test_a_case_under_a_legal_hold_stays(either: School) -> None:
    case = closed(either)
    desk = either.desk
    place_hold(desk, the(desk, "terry"), "anna", NOON - ONE_DAY, NOON + ONE_DAY, "a court asks", NOON)
    with reading(desk.engine) as conn:
        assert cases_over(conn, LATER.date()) == []
    other = closed(either, about="ben")
    with writing(desk.engine) as conn:
        assert cases_over(conn, LATER.date()) == [other.id]
        assert cases_over(conn, (NOON + timedelta(days=0)).date()) == []
    assert case.id != other.id
