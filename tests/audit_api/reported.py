"""Totals as the recorder keeps them, for tests of reports: a row of the log is not needed for one."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import insert

from audit_log.db import writing
from audit_log.tables import rollup_day, rollup_hour
from tests.audit_api.school import School

MORNING = datetime(2026, 10, 14, 9, tzinfo=UTC)  # a Wednesday in term; ten o'clock in school


def count(  # noqa: PLR0917  # a line of totals has many parts, and tests name a few
    school: School,
    requests: int,
    category: str = "",
    verdict: str = "allow",
    groups: Sequence[str] = ("upper-ks2",),
    at: datetime = MORNING,
    site: str = "",
    pages: int = 0,
) -> None:
    """So many requests of an hour, and of its day where a site is named."""
    counts = {"requests": requests, "pages": pages, "filter_groups": tuple(groups), "verdict": verdict}
    hour = {"hour": at, "category": category, "list_id": f"{category}-list" if category else ""}
    with writing(school.desk.engine) as conn:
        conn.execute(insert(rollup_hour).values(**counts, **hour))
        if site:
            conn.execute(insert(rollup_day).values(**counts, day=f"{at:%Y-%m-%d}", site=site))
