"""What is old enough goes, with a sealed line; what is held stays; and both verify afterwards."""

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from audit_log import parts
from audit_log.change_log import append, entries
from audit_log.db import reading, writing
from audit_log.incidents import is_incident
from audit_log.recorder import Recorder
from audit_log.rows import OPENING
from audit_log.seal import stamp
from audit_log.sealed_lines import PURGE, PURGE_INCIDENTS, PURGE_TOTALS
from audit_log.tables import incident
from change_control.desk import Desk
from change_control.proposals import approve, propose_policy
from change_control.protecting import propose_release
from change_control.retention import days_kept, due_parts, purge, why_not_now
from change_control.row_seals import state_hours
from filter_policy.parse import parse_policy
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.audit_log.records import a_segment, a_whole, add_to, event_id
from tests.builders import NOON, POLICY
from tests.change_control.protected import EITHER, holds_back, school_in, verified
from tests.change_control.school import refused, the

TODAY = NOON.date()
ONE_DAY = timedelta(days=1)
OVER = datetime(2027, 2, 23, 3, 0, tzinfo=NOON.tzinfo)  # 90 whole days after NOON's
ROW = "Row {} of 24 November 2026 12:00 was {}"


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


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    for desk in school_in(request.param, request, tmp_path):
        yield School(desk, tmp_path / "journal")


@pytest.fixture
def alone(desk: Desk, tmp_path: Path) -> School:
    return School(desk, tmp_path / "journal")


@EITHER
def test_a_part_whose_time_is_over_goes_whole_with_a_line(either: School) -> None:
    for _ in range(3):
        either.record()
    assert either.purge(OVER - ONE_DAY) == 0
    assert either.purge() == 3

    (line,) = either.lines()
    assert {name: line[name] for name in ("keep", "day", "days", "rows", "kept_back", "upto_seal")} == {
        "keep": "pupils",
        "day": "2026-11-24",
        "days": 90,
        "rows": 3,
        "kept_back": 0,
        "upto_seal": 3,
    }
    with reading(either.desk.engine) as conn:
        assert TODAY not in [each.first for each in parts.tables(conn)]
    assert either.ids() == []
    assert either.count("filtering_leaf") == 0
    found = verified(either.desk)
    assert found.whole, found.says
    assert "all 0 rows are as they were sealed. 3 more were removed when their time was over" in found.says


@EITHER
def test_what_is_kept_longer_stays_in_its_table(either: School) -> None:
    agree_on(either.desk, POLICY.replace("search_terms: false, days: 90", "search_terms: false, days: 95"))
    either.record()
    staff = either.record(keep="adults")
    assert either.purge() == 1

    assert either.ids() == [staff]
    assert verified(either.desk).whole
    assert either.purge(OVER + 5 * ONE_DAY) == 1
    assert [each["keep"] for each in either.lines()] == ["pupils", "adults"]
    found = verified(either.desk)
    assert found.whole, found.says


def agree_on(desk: Desk, policy: str) -> None:
    asked = propose_policy(desk, the(desk, "terry"), policy, "other times to keep", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "", NOON)


@EITHER
def test_rows_under_a_hold_placed_just_before_stay(either: School) -> None:
    anna = the(either.desk, "anna").person_id
    kept = either.record(person=anna)
    either.record(person="p_ben")
    nobody = either.record(person=None)
    either.steady(OVER)
    holds_back(either.desk, "cora", "anna", to_at=NOON + ONE_DAY)
    assert purge(either.desk, OVER).rows == 2

    assert either.ids() == [kept]
    assert nobody not in either.ids()
    assert [(each["rows"], each["kept_back"]) for each in either.lines()] == [(2, 1)]
    assert either.count("filtering_leaf") == 1
    found = verified(either.desk)
    assert found.whole, found.says


@EITHER
def test_once_a_hold_is_released_the_rest_goes(either: School) -> None:
    anna = the(either.desk, "anna").person_id
    either.record(person=anna)
    either.record(person="p_ben")
    hold = holds_back(either.desk, "cora", "anna", to_at=NOON + ONE_DAY)
    either.purge()
    assert either.purge(OVER + ONE_DAY) == 0
    assert len(either.lines()) == 1, "what stays is not told of each night"
    asked = propose_release(either.desk, the(either.desk, "terry"), hold.id, "the enquiry is over", NOON)
    approve(either.desk, the(either.desk, "hedy"), asked.id, "", NOON)

    assert either.purge(OVER + 2 * ONE_DAY) == 1
    assert [(each["rows"], each["kept_back"]) for each in either.lines()] == [(1, 1), (1, 0)]
    found = verified(either.desk)
    assert found.whole, found.says


@EITHER
def test_rows_of_incidents_stay_as_long_as_incidents_do(either: School) -> None:
    kept = either.record()
    either.record()
    with writing(either.desk.engine) as conn:
        conn.execute(
            insert(incident).values(
                id=kept, kind="illegal-content", at=NOON, happened="request", gate="gate-1", filter_groups=[]
            )
        )
    assert either.purge() == 1
    assert either.ids() == [kept]
    assert either.purge(NOON + 366 * ONE_DAY) == 1

    assert either.lines(PURGE_INCIDENTS) == [{"before": "2026-11-25", "incidents": 1}]
    assert either.count("incident") == 0
    assert verified(either.desk).whole
    assert is_incident(tuple([None] * len(OPENING))) is False


@EITHER
def test_rows_that_come_late_go_the_next_time(either: School) -> None:
    either.record()
    either.purge()
    either.record(stored=OVER + timedelta(hours=1))
    assert verified(either.desk).whole, verified(either.desk).says
    assert either.purge(OVER + ONE_DAY) == 1

    assert either.ids() == []
    assert [each["rows"] for each in either.lines()] == [1, 1]
    found = verified(either.desk)
    assert found.whole, found.says


@EITHER
def test_totals_stay_after_the_rows_and_go_in_their_own_time(either: School) -> None:
    either.record()
    either.purge()
    assert either.count("rollup_day") == either.count("rollup_hour") == 1
    assert either.purge(NOON + 1096 * ONE_DAY) == 0

    assert either.lines(PURGE_TOTALS) == [{"before": "2026-11-25", "hours": 1, "days": 1}]
    assert either.count("rollup_day") == either.count("rollup_hour") == 0
    assert verified(either.desk).whole


def test_how_long_is_what_the_policy_in_force_says() -> None:
    record = "record: {pupils: {days: 10}, everyone: {days: 20}, upper-ks2: {days: 30}}"
    policy = parse_policy(POLICY[: POLICY.index("record:")] + record + "\n")

    kept = {keep: days_kept(policy, keep) for keep in ("pupils", "upper-ks2", "adults", "earlier")}
    assert kept == {"pupils": 10, "upper-ks2": 30, "adults": 20, "earlier": 30}
    assert days_kept(parse_policy(POLICY), "everyone") == 90


def test_parts_are_due_oldest_first(alone: School) -> None:
    for days in (1, 0, 2):
        alone.record(NOON + days * ONE_DAY)
    with reading(alone.desk.engine) as conn:
        due = due_parts(conn, parse_policy(POLICY), OVER + ONE_DAY)

    assert [each.name for each in due] == ["pupils/2026-11-24", "pupils/2026-11-25"]


# The clock


def test_nothing_is_removed_when_the_clock_has_leapt(alone: School) -> None:
    alone.record()
    for now in (NOON, OVER):
        state_hours(alone.desk, now + timedelta(hours=2))
    leapt = purge(alone.desk, OVER + timedelta(hours=2))

    assert leapt.rows == 0
    assert leapt.waits is not None
    assert "48 hours of these are left" in leapt.waits


def test_after_two_days_of_hours_it_goes_on(alone: School) -> None:
    alone.record()
    waits = []
    for hours in (0, 24, 48):
        now = OVER + timedelta(hours=hours)
        state_hours(alone.desk, now)
        with reading(alone.desk.engine) as conn:
            waits.append(why_not_now(conn, now))

    assert [each is None for each in waits] == [False, False, True]
    assert purge(alone.desk, OVER + timedelta(hours=48)).rows == 1


def test_a_log_in_which_no_hour_was_stated_lately_is_left_alone(alone: School) -> None:
    alone.record()
    alone.steady(OVER)

    assert purge(alone.desk, OVER + 3 * ONE_DAY).waits is not None


def test_nothing_is_removed_while_nothing_can_be_signed(alone: School) -> None:
    alone.record()
    alone.steady(OVER)
    alone.attack("UPDATE checkpoint SET note = 'none'")
    refused("refused", lambda: purge(alone.desk, OVER))

    assert len(alone.ids()) == 1


def test_a_day_without_a_request_leaves_no_empty_table(alone: School) -> None:
    alone.record()
    with writing(alone.desk.engine) as conn:
        parts.ensure(conn, [date(2024, 1, 1)])
    alone.purge()

    with reading(alone.desk.engine) as conn:
        assert [each.first for each in parts.tables(conn)] == [date(2026, 12, 1)], "made ahead, not over yet"


# Attacks


def a_purge(either: School) -> tuple[str, str]:
    """Three rows of which one was held; the ids of the one that is there, and of one that went."""
    anna = the(either.desk, "anna").person_id
    held, gone = either.record(person=anna), either.record(person="p_ben")
    either.record(person="p_ben")
    holds_back(either.desk, "cora", "anna", to_at=NOON + ONE_DAY)
    either.purge()
    assert verified(either.desk).whole
    return held, gone


@EITHER
def test_a_held_row_that_is_removed_or_edited_is_found(either: School) -> None:
    held, _ = a_purge(either)
    edited = either.attack("UPDATE {log} SET url = 'https://other.example/'")
    assert ROW.format(held, "edited") in edited
    removed = either.attack("DELETE FROM {log}")

    assert "The leaves of seal 1 are there for rows that were held, and no such row is." in removed
    assert removed.endswith("In all: 2 other faults.")


@EITHER
def test_a_row_put_back_after_it_was_removed_is_found(either: School) -> None:
    held, gone = a_purge(either)
    names = (
        "reference, at, kind, gate, filter_groups, classes, verdict, reason, policy_revision, page, keep, who"
    )
    found = either.attack(
        f"INSERT INTO {{log}} (event_id, {names}, decrypted, opened_in)"  # noqa: S608  # our own words
        f" SELECT :gone, {names}, false, 2 FROM filtering_log WHERE event_id = :held",
        gone=gone,
        held=held,
    )

    assert (
        ROW.format(gone, "added: its part was removed when its time was over, and it was not held") in found
    )


@EITHER
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            "UPDATE rollup_day SET requests = requests + 1",
            "The totals of 24 November 2026 are not what they were",
        ),
        ("DELETE FROM rollup_hour", "The totals of 24 November 2026 are not what they were"),
        ("UPDATE filtering_leaf SET closed = opened", "The leaves of seal 1, which tell its rows apart"),
        (
            "INSERT INTO filtering_leaf (seq, opened, closed) SELECT 2, opened, closed FROM filtering_leaf",
            "The leaves of seal 2",
        ),
    ],
)
def test_what_is_changed_beside_a_removed_part_is_found(either: School, change: str, says: str) -> None:
    a_purge(either)

    assert says in either.attack(change)


@EITHER
def test_rows_removed_under_a_line_that_nobody_signed_are_found(either: School) -> None:
    """Whoever owns the database can write a line that agrees with the seals; but not sign it."""
    either.record()
    either.record()
    with writing(either.desk.engine) as conn:
        without_guards(conn)
        from audit_log.purging import Part, remove, weigh

        part = Part("pupils", TODAY)
        weighed = weigh(conn, part, 0)
        assert weighed is not None
        append(
            conn,
            at=OVER,
            event=PURGE,
            actor="system",
            role="system",
            object_id="x",
            detail=weighed.detail(part, 90),
        )
        remove(conn, part, weighed)
    found = verified(either.desk)

    assert not found.whole
    assert "covered by no signed checkpoint" in found.says


@EITHER
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("rows", 5, "rows were sealed, and the change log tells of 5 removed"),
        ("root", "00" * 32, "but its seals are others"),
        ("held_root", "00" * 32, "are not these"),
        ("upto_seal", 1, "but its seals are others"),
        ("totals_sha256", "00" * 32, "are not what they were"),
    ],
)
def test_a_line_that_tells_of_something_else_is_found(
    either: School, name: str, value: object, says: str
) -> None:
    either.record()
    either.record()
    with writing(either.desk.engine) as conn:
        from audit_log.purging import Part, remove, weigh
        from audit_log.row_verification import verify_rows

        part = Part("pupils", TODAY)
        weighed = weigh(conn, part, 0)
        assert weighed is not None
        detail = weighed.detail(part, 90) | {name: value}
        append(conn, at=OVER, event=PURGE, actor="system", role="system", object_id="x", detail=detail)
        remove(conn, part, weighed)
        found = verify_rows(conn)

    assert not found.whole
    assert any(says in each for each in found.named), found.named
