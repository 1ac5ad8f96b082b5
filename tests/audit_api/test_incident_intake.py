"""What the gate noticed is in the queue within a second of its row, whatever happens to the database."""

from sqlalchemy import select

from audit_api.incident_intake import LOOKS, REST_SECONDS, take_in_all
from audit_log.db import reading, writing
from audit_log.incidents import open_cases
from audit_log.tables import sighting_waiting
from change_control.incident_rules import MOST_AT_ONCE
from tests.audit_api.school import School
from tests.builders import NOON
from tests.change_control.noticed import noticed


def test_what_waits_becomes_cases(school: School) -> None:
    noticed(school.desk, "anna")
    take_in_all(school.desk, NOON)

    with reading(school.desk.engine) as conn:
        assert [case.person_id for case in open_cases(conn)] == [school.person("anna").id]


def test_whoever_waits_to_write_has_their_turn_between_two_looks(school: School) -> None:
    with writing(school.desk.engine) as conn:
        rows = [{"id": f"gone{number:022}"} for number in range(MOST_AT_ONCE * LOOKS + 1)]
        conn.execute(sighting_waiting.insert(), rows)
    rests: list[float] = []
    take_in_all(school.desk, NOON, rests.append)

    assert rests == [REST_SECONDS] * LOOKS
    with reading(school.desk.engine) as conn:
        assert len(conn.scalars(select(sighting_waiting.c.id)).all()) == 1


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
