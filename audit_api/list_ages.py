"""Each list in force: how long it is, what of it was not understood, how old it is; never an entry.

Imports nothing of the window itself, so that the command line can tell the same with no window open.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from audit_api.list_answers import CountOut, LinesOut, ListOut
from audit_api.times import iso_or_none
from filter_lists.lists_config import ListConfig, ListsConfig, ListsError, parse_lists
from filter_lists.quantities import duration_text
from filter_lists.source_store import Record, SourceStore, is_due, is_overdue
from filter_lists.summary import Counted, ListSummary


@dataclass(frozen=True, slots=True)
class Age:
    """One list as agreed on, and what is known of where it comes from."""

    config: ListConfig
    record: Record
    due: bool
    overdue: bool


@lru_cache(maxsize=8)
def config_of(text: str, folder: Path) -> ListsConfig | None:
    """None: agreed on by nobody yet, or of an older version that cannot be read any more."""
    try:
        return parse_lists(text, folder) if text else None
    except ListsError:
        return None


def ages(config: ListsConfig | None, state: Path, now: datetime) -> dict[str, Age]:
    store = SourceStore(state)
    found = {}
    for each in config.lists if config else ():
        record = store.record(each)
        found[each.list_id] = Age(each, record, is_due(each, record, now), is_overdue(each, record, now))
    return found


def overdue(found: Iterable[Age]) -> list[str]:
    return sorted(each.config.list_id for each in found if each.overdue)


def told(summary: ListSummary, age: Age | None) -> ListOut:
    """`age` None: lists.yaml as agreed does not name it any more, or cannot be read."""
    record = age.record if age else Record()
    every = age.config.every if age else None
    return ListOut(
        list_id=summary.list_id,
        categories=list(summary.categories),
        format=summary.format,
        licence=summary.licence,
        source=None if summary.sealed else summary.source,
        entries=summary.entries,
        counts=[
            CountOut(
                category=each.category,
                entries=each.entries,
                exceptions=each.exceptions,
                expressions=each.expressions,
            )
            for each in summary.counts
        ],
        lines=summary.lines,
        understood=summary.understood,
        not_understood=_lines(summary.skipped),
        noted=_lines(summary.noted),
        left_out=list(summary.left_out),
        sha256=summary.sha256,
        sealed=summary.sealed,
        checked_at=iso_or_none(record.checked_at),
        fetched_at=iso_or_none(record.fetched_at),
        every=duration_text(every) if every else None,
        due_at=iso_or_none(record.checked_at + every if every and record.checked_at else None),
        due=age is not None and age.due,
        overdue=age is not None and age.overdue,
        fault=record.fault or None,
    )


def _lines(counted: Counted) -> list[LinesOut]:
    return [LinesOut(what=what, count=count, first_line=line) for what, count, line in counted]
