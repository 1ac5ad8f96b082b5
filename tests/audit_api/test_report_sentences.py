"""A report is read aloud: its sentences say what the figures say, in words that fit one and many."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audit_api.months import Month
from audit_api.report_sentences import Gaps, sentences
from audit_api.report_shapes import ReportOut

LONDON = ZoneInfo("Europe/London")
JULY = Month.read("2026-07", LONDON)
NO_GAPS = Gaps(lessons=True, silent=(), waits=False)
TEN = datetime(2026, 7, 7, 9, tzinfo=UTC)


def a_report(**changes: Any) -> ReportOut:
    made: dict[str, Any] = {
        "month": "2026-07", "name": "July 2026", "from": "2026-06-30T23:00:00Z", "to": "2026-07-31T23:00:00Z",
        "zone": "Europe/London", "complete": True, "before": "2026-06", "next": "2026-08", "says": [],
        "total": {"requests": 2000, "pages": 120, "blocked": 30, "before": figures(4000, 100, 200)},
        "kinds": [kind("gambling", 20), kind("games", 10), kind("education", 0)],
        "groups": [], "sites": [], "other_sites_blocked": 30,
        "unblocks": unblocks(0, 0, 0), "unblocks_before": unblocks(0, 0, 0),
        "readings": {"by_name": 0, "by_role": [], "accesses": 0, "exports": 0}, "silent_hours": [],
    }  # fmt: skip
    return ReportOut.model_validate(made | changes)


def figures(requests: int, pages: int, blocked: int) -> dict[str, int]:
    return {"requests": requests, "pages": pages, "blocked": blocked}


def kind(name: str, blocked: int) -> dict[str, Any]:
    return figures(100, 10, blocked) | {"name": name, "before": None}


def unblocks(asked: int, agreed: int, declined: int, waited: int | None = None) -> dict[str, Any]:
    return {
        "asked": asked,
        "agreed": agreed,
        "declined": declined,
        "waited_minutes": waited,
        "lapsed": 0,
        "never_used": 0,
    }


def said(gaps: Gaps = NO_GAPS, **changes: Any) -> str:
    return "\n".join(sentences(a_report(**changes), JULY, gaps))


def test_a_whole_month_is_told_and_compared() -> None:
    assert said().splitlines() == [
        "120 pages were opened or tried, 20% more than in June 2026;"
        " with all their parts, that is 2,000 requests.",
        "30 requests were blocked, 1.5% of all; in June 2026 it was 5.0%."
        " Most of it: gambling (20) and games (10).",
        "Nobody asked to open a site for a lesson (June 2026: 0).",
        "Nobody's browsing was read by name.",
        "In lesson time, every hour has records.",
    ]


@pytest.mark.parametrize(
    ("pages", "before", "says"),
    [
        (1, 2, "1 page was opened or tried, 50% fewer than in June 2026;"),
        (1000, 1001, ", about as many as in June 2026;"),
        (1000, 100, ", 10.0 times as many as in June 2026;"),
        (5, 0, "tried (none in June 2026);"),
        (0, 0, "0 pages were opened or tried;"),
    ],
)
def test_a_change_is_told_as_a_person_would(pages: int, before: int, says: str) -> None:
    total = figures(2000, pages, 0) | {"before": figures(10, before, 0)}

    assert says in said(total=total)


def test_a_month_that_is_not_over_is_compared_with_nothing() -> None:
    told = said(complete=False)

    assert told.startswith("July 2026 is not over")
    assert "than in June" not in told


def test_a_first_month_is_compared_with_nothing() -> None:
    total = figures(2000, 120, 1) | {"before": None}

    assert "1 request was blocked, less than 0.1% of all." in said(total=total, kinds=[])


def test_requests_for_lessons_are_told_with_how_long_they_waited() -> None:
    told = said(unblocks=unblocks(1, 1, 0, 1), unblocks_before=unblocks(4, 0, 0))

    assert "were asked for once (June 2026: 4); 1 was agreed to and 0 were declined." in told
    assert "within 1 minute." in told
    assert "within 5 hours." in said(unblocks=unblocks(2, 1, 1, 300))
    assert "within 3 days." in said(unblocks=unblocks(2, 1, 1, 4321))


def test_who_read_by_name_is_told_by_role() -> None:
    by_role = [{"role": "coordinator", "times": 2}, {"role": "technician", "times": 1}]

    told = said(readings={"by_name": 3, "by_role": by_role, "accesses": 0, "exports": 1})

    assert "read by name 3 times, 2 times by a coordinator and once by a technician." in told
    assert "exported once." in told


def test_what_was_taken_out_to_be_handed_over_has_a_word_of_its_own() -> None:
    by_role = [{"role": "headteacher", "times": 2}]

    told = said(readings={"by_name": 2, "by_role": by_role, "accesses": 1, "exports": 0})

    assert "read by name 2 times, by a headteacher. Once it was all that is kept about one person," in told
    assert "Nobody's browsing" not in told


def test_silence_is_told_by_day_in_school_time() -> None:
    hours = [TEN, TEN + timedelta(hours=1), TEN + timedelta(hours=4)]

    told = said(Gaps(lessons=True, silent=hours, waits=False))

    assert "3 hours have no record at all: Tuesday 7 July 2026, 10:00 to 12:00 and 14:00 to 15:00." in told


def test_much_silence_is_not_told_day_by_day() -> None:
    told = said(Gaps(lessons=True, silent=[TEN + timedelta(days=n) for n in range(8)], waits=False))

    assert "; 3 more days. Perhaps" in told


def test_a_month_of_holidays_says_nothing_of_lessons() -> None:
    assert "lesson time" not in said(Gaps(lessons=False, silent=(), waits=False))


def test_what_waits_on_disk_is_said() -> None:
    assert "still wait on disk" in said(Gaps(lessons=True, silent=(), waits=True))
