"""What the clock did to the filtering log is told in a sentence."""

from zoneinfo import ZoneInfo

from audit_api.row_sentences import (
    aside_removed,
    hour_stated,
    incidents_removed,
    part_removed,
    totals_removed,
)

ZONE = ZoneInfo("Europe/London")
PURGED = {"keep": "pupils", "day": "2026-08-22", "days": 90, "rows": 1204, "kept_back": 0}


def test_an_hour_says_what_came_and_silence_is_told() -> None:
    hour = {"from": "2026-06-01T09:00:00Z", "to": "2026-06-01T10:00:00Z", "rows": 1200, "closed": 3}
    sealed = hour_stated(hour | {"first": 7, "last": 9}, ZONE)
    silent = hour_stated(hour | {"to": "2026-06-03T09:00:00Z", "first": None, "last": None}, ZONE)

    assert sealed == (
        "the filtering log, Monday 1 June 2026, 10:00 to 11:00: 1,200 requests were recorded, and"
        " how 3 requests ended. This is under seals 7 to 9."
    )
    assert silent == (
        "nothing was recorded in the filtering log, Mon 1 Jun 2026, 10:00 to Wed 3 Jun 2026, 10:00."
    )


def test_what_was_removed_says_why_and_what_stays() -> None:
    said = "1,204 requests of 22 August 2026, kept as pupils, were removed, since their 90 days are over."

    assert part_removed(PURGED) == said
    assert part_removed(PURGED | {"kept_back": 3}) == f"{said} 3 stay, for a legal hold or an incident."
    assert part_removed(PURGED | {"day": None}) == (
        "1,204 requests of before were removed, since their 90 days are over."
    )


def test_totals_and_incidents_that_went_are_told() -> None:
    assert totals_removed({"before": "2023-11-25"}) == (
        "the totals of the days before 25 November 2023 were removed, since their time is over."
    )
    assert incidents_removed({"before": "2025-11-25", "incidents": 2}) == (
        "2 incidents of before 25 November 2025 were removed, since their time is over."
    )


def test_what_was_set_aside_and_went_is_counted() -> None:
    assert aside_removed({"records": 1, "files": 0}) == (
        "1 record that could not become a row was removed, since their time is over."
    )
    assert aside_removed({"records": 1200, "files": 1}) == (
        "1,200 records that could not become rows and 1 copy of damaged bytes of the journal were removed,"
        " since their time is over."
    )
