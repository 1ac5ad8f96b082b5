"""What verify found is told by name as far as twenty, and in numbers beyond."""

from datetime import date, timedelta

from audit_log.event_id import new_event_id
from audit_log.findings import ADDED, EDITED, NAMED, REMOVED, Findings, time_in, time_of
from tests.builders import NOON

DAY = NOON.date()


def test_one_fault_is_told_alone() -> None:
    found = Findings()
    found.row(EDITED, "01ABC", "24 November 2026 12:00", 7, "its ending was taken away")

    assert found.says == "Row 01ABC of 24 November 2026 12:00 was edited: its ending was taken away."
    assert found.first_bad == 7


def test_several_are_counted_by_what_was_done() -> None:
    found = Findings()
    for what in (REMOVED, ADDED, ADDED):
        found.row(what, "01ABC", "24 November 2026", None)
    found.add("The totals are wrong.", 3)

    assert found.says.endswith("was removed. In all: 1 row removed, 2 rows added, 1 other fault.")
    assert found.first_bad == 1


def test_only_so_many_are_named() -> None:
    found = Findings()
    for number in range(1234):
        found.row(REMOVED, f"{number}", "24 November 2026", 1)

    assert len(found.named) == NAMED
    assert "1,234 rows removed" in found.says


def test_the_id_of_a_row_that_is_gone_tells_its_time() -> None:
    gone = new_event_id(int(NOON.timestamp()) * 10**9)

    assert time_in(gone, DAY) == "24 November 2026 12:00"
    assert time_in(gone, DAY - timedelta(days=1)) == "23 November 2026", (
        "it is not of the day it was sealed in"
    )
    assert time_in("not one of ours", DAY) == time_in("Z" * 26, DAY) == "24 November 2026"


def test_what_is_no_time_is_shown_as_far_as_it_can_be() -> None:
    assert time_of("2026-11-24 09:05:00.123456") == "24 November 2026 09:05"
    assert time_of("one fine day" * 9) == ("one fine day" * 9)[:40]
    assert date(2026, 11, 24) == DAY
