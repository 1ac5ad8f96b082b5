"""A report adds up the totals, and counts nobody twice."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert

from audit_log.db import reading, writing
from audit_log.reports import (
    CategoryCounts,
    Counts,
    DayCounts,
    GroupCounts,
    ListCounts,
    Report,
    SiteCounts,
    month,
)
from audit_log.tables import rollup_day, rollup_hour

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 3)


def an_hour(hour: str, **changes: Any) -> dict[str, Any]:
    return {
        "hour": datetime.fromisoformat(hour).replace(tzinfo=UTC),
        "filter_groups": ("pupils",),
        "category": "education",
        "verdict": "allow",
        "list_id": "",
        "requests": 10,
        "pages": 1,
    } | changes


def a_day(day: str, site: str, **changes: Any) -> dict[str, Any]:
    told = {"day": day, "site": site, "filter_groups": ("pupils",), "verdict": "block"}
    return told | {"requests": 1, "pages": 1} | changes


def report(engine: Engine, hours: list[Any], days: list[Any] | None = None, **asked: Any) -> Report:
    with writing(engine) as conn:
        conn.execute(insert(rollup_hour), hours)
        if days:
            conn.execute(insert(rollup_day), days)
    with reading(engine) as conn:
        return month(conn, FIRST, LAST, **asked)


def test_a_month_without_totals_has_empty_days(engine: Engine) -> None:
    with reading(engine) as conn:
        found = month(conn, FIRST, LAST)

    assert found.total == Counts()
    assert found.days == tuple(DayCounts(date(2026, 11, day), Counts()) for day in (1, 2, 3))
    assert not any((found.categories, found.lists, found.groups, found.blocked_sites))


def test_hours_are_added_up_and_those_outside_are_left_out(engine: Engine) -> None:
    hours = [
        "2026-10-31T23:00",
        "2026-11-01T00:00",
        "2026-11-03T09:00",
        "2026-11-03T23:00",
        "2026-11-04T00:00",
    ]
    found = report(engine, [an_hour(hour) for hour in hours])

    assert found.total == Counts(30, 3, 0)
    assert [each.counts.requests for each in found.days] == [10, 0, 20]


def test_what_is_blocked_is_told_apart_by_category_list_and_groups(engine: Engine) -> None:
    blocked = {"verdict": "block", "category": "gambling", "list_id": "ut1", "requests": 4, "pages": 4}
    both = {"filter_groups": ("pupils", "library"), "category": "", "requests": 7}
    hour = "2026-11-02T09:00"
    found = report(engine, [an_hour(hour), an_hour(hour, **blocked), an_hour(hour, **both)])

    assert found.total == Counts(21, 6, 4)
    assert found.days[1] == DayCounts(date(2026, 11, 2), Counts(21, 6, 4))
    assert found.categories == (
        CategoryCounts("education", "allow", Counts(10, 1)),
        CategoryCounts(None, "allow", Counts(7, 1)),
        CategoryCounts("gambling", "block", Counts(4, 4, 4)),
    )
    assert found.lists == (ListCounts("ut1", Counts(4, 4, 4)),)
    assert found.groups == (
        GroupCounts(("pupils",), Counts(14, 5, 4)),
        GroupCounts(("pupils", "library"), Counts(7, 1)),
    )


def test_a_day_is_as_long_as_the_clock_on_the_wall_says(engine: Engine) -> None:
    """In New York the third of November ends at five in the morning of the fourth, by UTC."""
    hours = ["2026-11-01T03:00", "2026-11-04T04:00", "2026-11-04T05:00"]
    found = report(engine, [an_hour(hour) for hour in hours], zone=ZoneInfo("America/New_York"))

    assert [each.counts.requests for each in found.days] == [0, 0, 10]


@pytest.mark.parametrize(
    ("sites", "named"), [(20, ["bet.test", "a.test", "b.test"]), (2, ["bet.test", "a.test"])]
)
def test_the_sites_that_were_blocked_most_come_first(engine: Engine, sites: int, named: list[str]) -> None:
    days = [
        a_day("2026-11-01", "bet.test", requests=5),
        a_day("2026-11-02", "bet.test", requests=5, filter_groups=("staff",)),
        a_day("2026-11-01", "b.test"),
        a_day("2026-11-01", "a.test"),
        a_day("2026-11-01", "", requests=99),
        a_day("2026-11-01", "good.test", requests=99, verdict="allow"),
        a_day("2026-10-31", "early.test", requests=99),
        a_day("2026-11-04", "late.test", requests=99),
    ]
    found = report(engine, [an_hour("2026-11-01T09:00")], days, sites=sites)

    assert [each.site for each in found.blocked_sites] == named
    assert found.blocked_sites[0] == SiteCounts("bet.test", 10)
