"""What the gate noticed is in the queue within a second of its row, whatever happens to the database."""

from sqlalchemy import select

from audit_api.incident_intake import take_in_all
from audit_log.db import reading
from audit_log.incidents import open_cases
from audit_log.tables import sighting_waiting
from tests.audit_api.school import School
from tests.builders import NOON
from tests.change_control.noticed import noticed


def test_what_waits_becomes_cases(school: School) -> None:
    noticed(school.desk, "anna")
    take_in_all(school.desk, NOON)

    with reading(school.desk.engine) as conn:
        assert [case.person_id for case in open_cases(conn)] == [school.person("anna").id]


def test_a_failure_loses_nothing(school: School) -> None:
    noticed(school.desk, "anna")
    database = school.desk.state / "schoolgate.sqlite"
    school.desk.engine.dispose()
    database.rename(school.desk.state / "away")
    database.mkdir()
    take_in_all(school.desk, NOON)
    database.rmdir()
    (school.desk.state / "away").rename(database)
    with reading(school.desk.engine) as conn:
        assert len(conn.scalars(select(sighting_waiting.c.id)).all()) == 1
    take_in_all(school.desk, NOON)

    with reading(school.desk.engine) as conn:
        assert len(open_cases(conn)) == 1
