"""A month's report in plain English, for people who read no tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from audit_api import times
from audit_api.months import Month
from audit_api.names import a_role
from audit_api.report_shapes import ReadingsOut, ReportOut

HOUR = timedelta(hours=1)
MOST = 3  # kinds of site in a sentence
LONGEST = 5  # days in a sentence


@dataclass(frozen=True, slots=True)
class Gaps:
    """What the figures may lack."""

    lessons: bool  # the month has some that are over
    silent: Sequence[datetime]  # the beginnings of hours of lessons without a record
    waits: bool  # some records are still on disk


def sentences(report: ReportOut, month: Month, gaps: Gaps) -> Iterator[str]:
    if not report.complete:
        yield f"{report.name} is not over: these are the figures so far."
    if gaps.waits:
        yield "Some records still wait on disk and are in none of these figures. The technician knows why."
    if report.total.requests:
        yield _asked(report, month)
        yield _blocked(report, month)
    else:
        yield f"Nothing is on record for {report.name}."
    yield _unblocks(report, month)
    yield _readings(report)
    if gaps.silent:
        yield _silence(gaps.silent, month)
    elif gaps.lessons:
        yield "In lesson time, every hour has records."


def _asked(report: ReportOut, month: Month) -> str:
    total = report.total
    change = _change(total.pages, total.before.pages, month) if total.before and report.complete else ""
    return (
        f"{_count(total.pages, 'page')} {'was' if total.pages == 1 else 'were'} opened or tried{change}; "
        f"with all their parts, that is {_count(total.requests, 'request')}."
    )


def _blocked(report: ReportOut, month: Month) -> str:
    total = report.total
    before = ""
    if total.before and total.before.requests:
        before = f"; in {month.before.name} it was {_share(total.before.blocked, total.before.requests)}"
    says = f"{_count(total.blocked, 'request')} {'was' if total.blocked == 1 else 'were'} blocked, "
    says += f"{_share(total.blocked, total.requests)} of all{before}."
    kinds = [f"{kind.name} ({kind.blocked:,})" for kind in report.kinds[:MOST] if kind.blocked]
    return f"{says} Most of it: {_and(kinds)}." if kinds else says


def _unblocks(report: ReportOut, month: Month) -> str:
    now, before = report.unblocks, report.unblocks_before
    if not (now.asked or now.agreed or now.declined or now.lapsed or now.never_used):
        return f"Nobody asked to open a site for a lesson ({month.before.name}: {before.asked:,})."
    says = f"Sites for a lesson were asked for {_times(now.asked)} ({month.before.name}: {before.asked:,}); "
    says += (
        f"{now.agreed:,} {_were(now.agreed)} agreed to and {now.declined:,} {_were(now.declined)} declined."
    )
    if now.waited_minutes is not None:
        says += f" Half of the answers came within {_lasting(now.waited_minutes)}."
    if now.lapsed:
        says += f" {now.lapsed:,} lapsed, since nobody answered in time."
    if now.never_used:
        says += (
            f" {now.never_used:,} that {_were(now.never_used)} agreed to {_were(now.never_used)} never used."
        )
    return says


def _readings(report: ReportOut) -> str:
    readings = report.readings
    if readings.by_name:
        says = f"Browsing was read by name {_times(readings.by_name)}, {_by_whom(readings)}."
        if readings.accesses:
            says += f" {_times(readings.accesses).capitalize()} it was all that is kept about one person,"
            says += " taken out to be handed over."
        says += " The change log tells each, with its purpose."
    else:
        says = "Nobody's browsing was read by name."
    if readings.exports:
        says += f" Rows of the filtering log were exported {_times(readings.exports)}."
    return says


def _by_whom(readings: ReadingsOut) -> str:
    if len(readings.by_role) == 1:
        return f"by {a_role(readings.by_role[0].role)}"
    return _and([f"{_times(each.times)} by {a_role(each.role)}" for each in readings.by_role])


def _silence(silent: Sequence[datetime], month: Month) -> str:
    days = [list(hours) for _, hours in groupby(silent, lambda at: at.astimezone(month.zone).date())]
    told = [f"{times.day(hours[0], month.zone)}, {_stretches(hours, month)}" for hours in days[:LONGEST]]
    more = len(days) - LONGEST
    if more > 0:
        told.append(f"{more} more {'day' if more == 1 else 'days'}")
    hours = "1 hour has" if len(silent) == 1 else f"{len(silent):,} hours have"
    return (
        f"In lesson time, {hours} no record at all: {'; '.join(told)}. Perhaps nobody was there; perhaps the "
        "filter was off, or devices went round it. Ask what it was."
    )


def _stretches(hours: Sequence[datetime], month: Month) -> str:
    """`09:00 to 12:00 and 13:00 to 15:00`."""
    spans: list[list[datetime]] = []
    for at in hours:
        if spans and spans[-1][1] == at:
            spans[-1][1] = at + HOUR
        else:
            spans.append([at, at + HOUR])
    return _and([f"{times.clock(a, month.zone)} to {times.clock(b, month.zone)}" for a, b in spans])


def _change(now: int, before: int, month: Month) -> str:
    then = month.before.name
    if not before:
        return f" (none in {then})" if now else ""
    percent = round(100 * (now - before) / before)
    if not percent:
        return f", about as many as in {then}"
    if percent >= 200:
        return f", {now / before:.1f} times as many as in {then}"
    return f", {abs(percent)}% {'more' if percent > 0 else 'fewer'} than in {then}"


def _share(part: int, whole: int) -> str:
    percent = 100 * part / whole
    if not part or percent >= 10:
        return f"{percent:.0f}%"
    return f"{percent:.1f}%" if percent >= 0.1 else "less than 0.1%"


def _lasting(minutes: int) -> str:
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{round(minutes / 60)} hours" if minutes < 2880 else f"{round(minutes / 1440)} days"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _and(words: Sequence[str]) -> str:
    *some, last = words
    return f"{', '.join(some)} and {last}" if some else last
