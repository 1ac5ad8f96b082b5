"""What the clock does, written down; and the gates told again where telling them failed."""

from datetime import timedelta

from sqlalchemy import select

from audit_api.upkeep import look_once, tidy
from audit_log.db import reading
from audit_log.tables import session
from change_control.proposals import approve, propose_unblock
from filter_policy.bundle import current_bundle
from tests.audit_api.school import School, an_ask
from tests.builders import NOON


def test_what_nobody_answered_lapses_and_what_is_over_ends(school: School) -> None:
    desk = school.desk
    propose_unblock(desk, school.actor("tess"), an_ask(), NOON)
    agreed = propose_unblock(desk, school.actor("tess"), an_ask("bet.test"), NOON)
    approve(desk, school.actor("terry"), agreed.id, "", NOON)
    look_once(desk, NOON + timedelta(hours=3))

    assert sorted(school.events()[-2:]) == ["unblock:end", "unblock:lapse"]


def test_a_bundle_that_is_missing_is_written_again(school: School) -> None:
    (school.desk.state / "bundle" / "current").unlink()
    look_once(school.desk, NOON)

    assert current_bundle(school.desk.state) is not None


def test_a_failure_is_told_and_the_next_look_goes_on(school: School) -> None:
    database = school.desk.state / "schoolgate.sqlite"
    school.desk.engine.dispose()
    database.rename(school.desk.state / "away")
    database.mkdir()
    look_once(school.desk, NOON)
    database.rmdir()
    (school.desk.state / "away").rename(database)
    (school.desk.state / "bundle" / "current").unlink()
    look_once(school.desk, NOON)

    assert current_bundle(school.desk.state) is not None


def test_the_window_looks_as_soon_as_it_opens(school: School) -> None:
    (school.desk.state / "bundle" / "current").unlink()
    with school.nobody():
        pass

    assert current_bundle(school.desk.state) is not None


def test_sessions_that_ended_long_ago_are_forgotten(school: School) -> None:
    school.token("terry")
    tidy(school.desk, NOON + timedelta(days=2))
    with reading(school.desk.engine) as conn:
        assert conn.execute(select(session)).all() == []
