"""A month for governors (S8, S12, S18): figures from the totals, never from rows, and nobody in them.

Everybody who reads gets the same report: it is printed, and lies on tables. What could point at one child is
not in it, whoever asks: groups of at most three people are told as one, and a site is named only when it was
blocked more than ten times.
"""

from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from audit_api.months import Month, month_asked
from audit_api.report_counts import Readings, readings_of
from audit_api.report_groups import OTHER, key_of, named, people_by_groups, regrouped_since, with_requests
from audit_api.report_sentences import Gaps, sentences
from audit_api.report_shapes import (
    ComparedOut,
    FiguresOut,
    GroupOut,
    KindOut,
    ReadingsOut,
    ReportOut,
    RoleOut,
    SiteOut,
    UnblocksOut,
)
from audit_api.silent_hours import hours_with_records_due
from audit_api.times import iso
from audit_api.unblock_figures import figures_of
from audit_api.window import Visit
from audit_log import reports
from audit_log.db import reading
from audit_log.heartbeat import read_heartbeat
from audit_log.recorded_hours import first_recorded_hour, kinds_between, recorded_hours
from audit_log.reports import Counts, Report

OFTEN = 10  # a site that was blocked no more than this is not named
UNLISTED = "on no list"
LONG_BACKLOG = 1_000_000  # bytes
COLUMNS = ("table", "name", "figure", "value", "month_before")


def report_of(visit: Visit, asked: str | None) -> ReportOut:
    """Raises Problem naming the field."""
    month = month_asked(asked, visit.now, visit.zone)
    with reading(visit.desk.engine) as conn:
        first = first_recorded_hour(conn)
        now = reports.month(conn, month.first, month.next.first - timedelta(days=1), month.zone)
        before = _before(conn, month, first)
        recorded = recorded_hours(conn, month.starts_at, month.ends_at)
        unblocks = figures_of(conn, month, visit.now), figures_of(conn, month.before, visit.now)
        readings = readings_of(conn, month)
        regrouped = regrouped_since(conn, month.ends_at)
    lessons = hours_with_records_due(visit.window.bundle().policy.timetable, month, first, visit.now)
    silent = [at for at in lessons if at not in recorded]
    is_over = month.ends_at <= visit.now
    sites = _sites(now)
    made = ReportOut(
        **{"from": iso(month.starts_at)},
        to=iso(month.ends_at),
        month=str(month),
        name=month.name,
        zone=month.zone.key,
        complete=is_over,
        before=str(month.before),
        next=str(month.next) if is_over else None,
        says=[],
        total=ComparedOut(**_compared(now.total, None if before is None else _sum(before.values()))),
        kinds=_kinds(now, before),
        groups=_groups(visit, month, now, regrouped),
        sites=sites,
        other_sites_blocked=max(0, now.total.blocked - sum(each.blocked for each in sites)),
        unblocks=UnblocksOut(**asdict(unblocks[0])),
        unblocks_before=UnblocksOut(**asdict(unblocks[1])),
        readings=_readings(readings),
        silent_hours=[iso(at) for at in silent],
    )
    made.says = list(sentences(made, month, Gaps(bool(lessons), silent, _waits(visit))))
    return made


def _before(conn: Connection, month: Month, first: datetime | None) -> dict[str, Counts] | None:
    """By kind of site. None: there was no record then, or it is no longer kept."""
    if first is None or first >= month.starts_at:
        return None
    found = kinds_between(conn, month.before.starts_at, month.before.ends_at)
    return {category or UNLISTED: counts for category, counts in found.items()}


def _waits(visit: Visit) -> bool:
    """Whether there are records on disk that are in no total yet."""
    told = read_heartbeat(visit.desk.state)
    return told is not None and bool(told.sql_away or told.stopped or told.behind_bytes > LONG_BACKLOG)


def _groups(visit: Visit, month: Month, found: Report, unsure: Container[str]) -> list[GroupOut]:
    """Without the month before: other groups may have been few then, and two reports can be compared."""
    bundle = visit.window.bundle()
    everybody = (account.person for account in bundle.accounts.values())
    people = people_by_groups(everybody, month.starts_at, month.ends_at, unsure)
    sums = _summed((key_of(each.filter_groups), each.counts) for each in found.groups)
    asked = {groups: counts.requests for groups, counts in sums.items()}
    names = named(sums, with_requests(people, asked), bundle.policy)
    called = _summed((names[groups], counts) for groups, counts in sums.items())
    rows = [GroupOut(name=name, **_figures(counts)) for name, counts in called.items()]
    return sorted(rows, key=lambda row: (row.name == OTHER, -row.requests, row.name))


def _kinds(found: Report, before: Mapping[str, Counts] | None) -> list[KindOut]:
    """Most blocked first; those of the month before that nobody asked for any more come last."""
    now = _summed((each.category or UNLISTED, each.counts) for each in found.categories)
    none = None if before is None else Counts()
    then = before or {}
    rows = [
        KindOut(name=name, **_compared(now.get(name, Counts()), then.get(name, none)))
        for name in {**now, **then}
    ]
    return sorted(rows, key=lambda row: (-row.blocked, -row.requests, row.name))


def _sites(found: Report) -> list[SiteOut]:
    return [
        SiteOut(site=each.site, blocked=each.blocked) for each in found.blocked_sites if each.blocked > OFTEN
    ]


def _sum(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


def _summed[Key: Hashable](counted: Iterable[tuple[Key, Counts]]) -> dict[Key, Counts]:
    sums: dict[Key, Counts] = {}
    for key, counts in counted:
        sums[key] = sums.get(key, Counts()) + counts
    return sums


def _compared(now: Counts, before: Counts | None) -> dict[str, Any]:
    return _figures(now) | {"before": None if before is None else FiguresOut(**_figures(before))}


def _figures(counts: Counts) -> dict[str, int]:
    return {"requests": counts.requests, "pages": counts.pages, "blocked": counts.blocked}


def _readings(found: Readings) -> ReadingsOut:
    by_role = [RoleOut(role=role, times=times) for role, times in found.by_role]
    return ReadingsOut(by_name=found.by_name, by_role=by_role, accesses=found.accesses, exports=found.exports)


def rows_of(found: ReportOut) -> Iterator[dict[str, Any]]:
    """For a spreadsheet: a figure to a line."""
    yield from _lines("total", "", found.total, found.total.before)
    for kind in found.kinds:
        yield from _lines("kind", kind.name, kind, kind.before)
    for group in found.groups:
        yield from _lines("group", group.name, group, None)
    for site in found.sites:
        yield _line("site", site.site, "blocked", site.blocked)
    yield _line("site", "other sites", "blocked", found.other_sites_blocked)
    for figure, value in found.unblocks.model_dump().items():
        yield _line("unblocks", "", figure, value, getattr(found.unblocks_before, figure))
    for role in found.readings.by_role:
        yield _line("readings by name", role.role, "times", role.times)
    yield _line("readings by name", "", "times", found.readings.by_name)
    yield _line("readings by name", "to hand over", "times", found.readings.accesses)
    yield _line("exports", "", "times", found.readings.exports)
    for at in found.silent_hours:
        yield _line("silent hour", at, "requests", 0)


def _lines(table: str, name: str, now: FiguresOut, before: FiguresOut | None) -> Iterator[dict[str, Any]]:
    for figure in FiguresOut.model_fields:
        yield _line(table, name, figure, getattr(now, figure), getattr(before, figure) if before else None)


def _line(table: str, name: str, figure: str, value: int | None, before: int | None = None) -> dict[str, Any]:
    return dict(zip(COLUMNS, (table, name, figure, value, before), strict=True))
