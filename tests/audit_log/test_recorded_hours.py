"""What the totals know of hours: in which there was anything, and of what kinds."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, insert

from audit_log.db import reading, writing
from audit_log.recorded_hours import first_recorded_hour, kinds_between, recorded_hours
from audit_log.reports import Counts
from audit_log.tables import rollup_hour

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def fill(engine: Engine) -> None:
    rows = [
        (NINE, "gambling", "block", "a"),
        (NINE, "gambling", "block", "b"),
        (NINE + HOUR, "gambling", "allow", "a"),
        (NINE + 3 * HOUR, "", "allow", ""),
    ]
    with writing(engine) as conn:
        for hour, category, verdict, list_id in rows:
            what = {"hour": hour, "category": category, "verdict": verdict, "list_id": list_id}
            conn.execute(insert(rollup_hour).values(**what, filter_groups=("g",), requests=10, pages=1))


def test_hours_with_anything_in_them_are_known_half_open(engine: Engine) -> None:
    fill(engine)

    with reading(engine) as conn:
        assert recorded_hours(conn, NINE, NINE + 3 * HOUR) == {NINE, NINE + HOUR}
        assert first_recorded_hour(conn) == NINE


def test_without_totals_there_is_no_first_hour(engine: Engine) -> None:
    with reading(engine) as conn:
        assert first_recorded_hour(conn) is None
        assert kinds_between(conn, NINE, NINE + HOUR) == {}


def test_kinds_are_summed_over_verdicts_and_lists(engine: Engine) -> None:
    fill(engine)

    with reading(engine) as conn:
        assert kinds_between(conn, NINE, NINE + 3 * HOUR) == {"gambling": Counts(30, 3, 20)}
        assert kinds_between(conn, NINE + 3 * HOUR, NINE + 9 * HOUR) == {"": Counts(10, 1, 0)}
