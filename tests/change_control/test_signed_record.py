"""Nothing goes by a policy, a hold or a correction that somebody edited in the database for one night."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from audit_log.change_log import append
from audit_log.db import reading, writing
from audit_log.fault import Fault
from audit_log.purging import Part, remove, weigh
from audit_log.sealed_lines import PURGE, PURGE_TOTALS
from audit_log.signed_record import SignedRecord
from change_control.desk import SYSTEM
from change_control.retention import overdue_days, purge, what_waits
from change_control.sealing import change
from filter_policy.parse import parse_policy
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.builders import NOON, POLICY
from tests.change_control.aging import ONE_DAY, OVER, TODAY, School
from tests.change_control.protected import EITHER, holds_back, school_in, verified
from tests.change_control.school import KEY, refused, the


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    for desk in school_in(request.param, request, tmp_path):
        yield School(desk, tmp_path / "journal")


@EITHER
@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("shorter", "policy_sha256 was changed"),
        ("DELETE FROM legal_hold", "has no row any more"),
        ("UPDATE legal_hold SET released_at = placed_at", "released_at was changed"),
        ("UPDATE change_log SET entry = '{{}}' WHERE seq = 2", "Entry 2 is not what was sealed"),
        ("DELETE FROM checkpoint WHERE size > 3", "is not of the"),
        ("UPDATE checkpoint SET note = 'x'", "is not a checkpoint"),
        ("DELETE FROM checkpoint", "not signed with this school's key"),
    ],
)
def test_what_was_edited_for_a_night_removes_nothing(either: School, statement: str, says: str) -> None:
    anna = the(either.desk, "anna").person_id
    ids = [either.record(person=anna), either.record()]
    holds_back(either.desk, "cora", "anna", to_at=NOON + ONE_DAY)
    either.steady(OVER)
    if statement == "shorter":
        shorten_the_policy(either)
    else:
        either.attack(statement)
    with capture_logs() as alarms:
        refused("refused", lambda: purge(either.desk, OVER))

    assert either.ids() == ids
    (alarm,) = [each for each in alarms if each["event"] == "retention.refused"]
    assert alarm["log_level"] == "error"
    assert says in alarm["why"]


def shorten_the_policy(either: School) -> None:
    with writing(either.desk.engine) as conn:
        query = "SELECT id, CAST(payload AS TEXT) AS said FROM proposal WHERE kind = 'policy'"
        for row in conn.execute(text(query)).all():
            changed = {"id": row.id, "said": row.said.replace("days: 90", "days: 2")}
            conn.execute(text("UPDATE proposal SET payload = :said WHERE id = :id"), changed)


def test_the_second_look_reads_only_what_is_new(alone: School) -> None:
    record = SignedRecord(KEY.public_key())
    with reading(alone.desk.engine) as conn:
        record.check(conn)
    alone.record()
    alone.steady(OVER)
    with writing(alone.desk.engine) as conn:
        record.check(conn)
        append(conn, at=OVER, event="a:b", actor="system", role="system", object_id="x")
        with pytest.raises(Fault, match="is not of the"):
            record.check(conn)


@pytest.fixture
def alone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    for desk in school_in("sqlite", request, tmp_path):
        yield School(desk, tmp_path / "journal")


# What verify says of a removal that somebody with the key has signed


def removed(school: School, days: int, day: int = 2) -> str:
    """By a program that removes and signs what it likes."""
    with change(school.desk, NOON + day * ONE_DAY) as made:
        part = Part("pupils", TODAY)
        weighed = weigh(made.conn, part, 0)
        assert weighed is not None
        made.seal(PURGE, SYSTEM, part.name, weighed.detail(part, days))
        remove(made.conn, part, weighed)
    return verified(school.desk).says


@pytest.mark.parametrize(
    ("days", "day", "says"),
    [
        (90, 2, "removed pupils/2026-11-24 before its 90 days were over"),
        (1, 2, "removed pupils/2026-11-24 after 1 days, and the policy then in force kept it for 90"),
        (90, 90, "before its 90 days were over"),
        (90, 91, None),
    ],
)
def test_a_removal_before_its_time_is_named(alone: School, days: int, day: int, says: str | None) -> None:
    alone.record()
    found = removed(alone, days, day)

    assert says is None or says in found
    assert verified(alone.desk).whole == (says is None)


@pytest.mark.parametrize(("hours", "is_held"), [(12, True), (11, False)])
def test_a_removal_of_what_was_held_for_everybody_is_named(alone: School, hours: int, is_held: bool) -> None:
    alone.record()
    hour = ONE_DAY / 24
    holds_back(alone.desk, "cora", None, from_at=NOON - 12 * hour, to_at=NOON + hours * hour)
    with writing(alone.desk.engine) as conn:
        row = conn.execute(text("SELECT * FROM legal_hold")).mappings().one()
        conn.execute(text("UPDATE legal_hold SET to_at = from_at"))
    with change(alone.desk, NOON + 100 * ONE_DAY) as made:
        part = Part("pupils", TODAY)
        weighed = weigh(made.conn, part, 0)
        assert weighed is not None
        made.seal(PURGE, SYSTEM, part.name, weighed.detail(part, 90))
        remove(made.conn, part, weighed)
        made.conn.execute(text("UPDATE legal_hold SET to_at = :to_at"), {"to_at": row["to_at"]})
    found = verified(alone.desk)

    assert found.whole != is_held, found.says
    assert ("of days that were held for everybody (entry" in found.says) == is_held


def test_totals_that_went_before_their_time_are_named(alone: School) -> None:
    alone.record()

    with change(alone.desk, NOON + 2 * ONE_DAY) as made:
        made.conn.execute(text("DELETE FROM rollup_hour"))
        made.conn.execute(text("DELETE FROM rollup_day"))
        made.seal(PURGE_TOTALS, SYSTEM, "x", {"before": "2026-11-26", "hours": 1, "days": 1})

    assert (
        "removed what was before 2026-11-26, and it was to be kept for 1095 days" in verified(alone.desk).says
    )


@EITHER
def test_totals_that_are_put_back_after_they_went_are_named(either: School) -> None:
    either.record()
    either.purge()
    either.purge(NOON + 1096 * ONE_DAY)
    assert verified(either.desk).whole
    found = either.attack("INSERT INTO rollup_day VALUES ('2026-11-24', 'bets.test', '[]', 'allow', 9, 9)")

    assert "There are totals of 24 November 2026, and all of that time were removed" in found


def test_what_is_overdue_is_counted_in_days(alone: School) -> None:
    alone.record()
    alone.steady(OVER + 3 * ONE_DAY)
    with reading(alone.desk.engine) as conn:
        policy = parse_policy(POLICY)
        counted = [overdue_days(conn, policy, OVER + days * ONE_DAY) for days in (-1, 0, 3)]
        says = what_waits(conn, policy, OVER + 3 * ONE_DAY)

    assert counted == [0, 0, 3]
    assert says is not None
    assert says.startswith("rows that are over have waited for 3 days")
    purge(alone.desk, OVER + 3 * ONE_DAY)
    alone.record(stored=OVER + 3 * ONE_DAY)
    with reading(alone.desk.engine) as conn:
        assert overdue_days(conn, policy, OVER + 3 * ONE_DAY) == 0, "it came only today"


def test_a_purge_that_somebody_kept_out_says_so(either_busy: School) -> None:
    either_busy.record()
    either_busy.steady(OVER)
    with reading(either_busy.desk.engine) as conn:
        conn.execute(text("SELECT count(*) FROM filtering_log")).scalar()
        kept_out = purge(either_busy.desk, OVER)

    assert kept_out.busy
    assert purge(either_busy.desk, OVER).rows == 1


@pytest.fixture
def either_busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    for desk in school_in("postgresql", request, tmp_path):
        yield School(desk, tmp_path / "journal")
