"""What is told of one list: counts and ages, and never an entry."""

from datetime import timedelta
from pathlib import Path

from audit_api.list_ages import ages, config_of, overdue, told
from audit_api.list_answers import CountOut, LinesOut
from filter_lists.source_store import Record, SourceStore
from filter_lists.summary import CategoryCount, ListSummary, PartSummary
from tests.builders import NOON

TEXT = """\
lists:
  feed: {category: gambling, format: plain, source: 'https://lists.example/a', every: 1 day}
  own: {category: gambling, format: plain, source: own.txt}
"""
PART = PartSummary("", 9, 7, (("too-wide", 2, 4),), (("port", 1, 6),))
SUMMARY = ListSummary(
    "feed", "plain", "ab", "CC0-1.0", "https://…", (CategoryCount("gambling", 5, 1, 1),), (PART,)
)


def test_a_list_is_due_after_its_schedule_and_overdue_after_half_as_much_again(tmp_path: Path) -> None:
    config = config_of(TEXT, tmp_path)
    assert config is not None
    feed = config.lists[0]
    SourceStore(tmp_path).write(feed, Record(source=feed.source, checked_at=NOON, fetched_at=NOON))

    found = {hours: ages(config, tmp_path, NOON + timedelta(hours=hours)) for hours in (23, 24, 37)}

    assert {hours: each["feed"].due for hours, each in found.items()} == {23: False, 24: True, 37: True}
    assert [overdue(each.values()) for each in found.values()] == [[], [], ["feed"]]
    told_then = told(SUMMARY, found[23]["feed"])
    assert (told_then.every, told_then.checked_at) == ("1 day", "2026-11-24T12:00:00Z")
    assert told_then.due_at == "2026-11-25T12:00:00Z"


def test_each_line_is_accounted_for() -> None:
    found = told(SUMMARY, None)

    assert (found.entries, found.lines, found.understood) == (7, 9, 7)
    assert found.counts == [CountOut(category="gambling", entries=5, exceptions=1, expressions=1)]
    assert found.not_understood == [LinesOut(what="too-wide", count=2, first_line=4)]
    assert found.noted == [LinesOut(what="port", count=1, first_line=6)]
    assert (found.every, found.due, found.overdue, found.fault) == (None, False, False, None)


def test_where_a_sealed_list_comes_from_is_not_told() -> None:
    sealed = ListSummary("iwf", "plain", "ab", source="https://lists.example/secret", sealed=True)

    assert told(sealed, None).source is None


def test_what_nobody_agreed_on_or_cannot_be_read_any_more_has_no_schedule(tmp_path: Path) -> None:
    assert config_of("", tmp_path) is None
    assert config_of("lists: {a: {}}", tmp_path) is None
    assert ages(None, tmp_path, NOON) == {}
