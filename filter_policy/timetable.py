"""When a period is open: school time in, UTC out. Half-open; periods exist only in term (S116, S151)."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from filter_policy.model import Period, Timetable

Span = tuple[datetime, datetime]  # half-open, aware UTC
HORIZON_DAYS = 2  # how far ahead the next change is looked for; beyond it the answer is asked again


def in_term(timetable: Timetable, day: date) -> bool:
    return any(first <= day <= last for first, last in timetable.terms)


@lru_cache(maxsize=4096)
def open_spans(timetable: Timetable, names: tuple[str, ...], day: date) -> tuple[Span, ...]:
    """The stretches of a local `day` in which any of the periods `names` is open, in order, joined."""
    if not in_term(timetable, day):
        return ()
    found = sorted(span for name in names for span in _period_spans(timetable, name, day))
    joined: list[Span] = []
    for starts, ends in found:
        if joined and starts <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(ends, joined[-1][1]))
        else:
            joined.append((starts, ends))
    return tuple(joined)


def is_open(timetable: Timetable, names: tuple[str, ...], now: datetime) -> bool:
    day = now.astimezone(timetable.zone).date()
    return any(starts <= now < ends for starts, ends in open_spans(timetable, names, day))


def next_change(timetable: Timetable, names: tuple[str, ...], now: datetime) -> datetime:
    """The next instant after `now` at which one of the periods opens or shuts, or the horizon."""
    today = now.astimezone(timetable.zone).date()
    for ahead in range(HORIZON_DAYS):
        for span in open_spans(timetable, names, today + timedelta(days=ahead)):
            for instant in span:
                if instant > now:
                    return instant
    return _utc(timetable, today + timedelta(days=HORIZON_DAYS), time(0))


def _period_spans(timetable: Timetable, name: str, day: date) -> list[Span]:
    period = timetable.periods[name]
    if day.weekday() not in period.days:
        return []
    spans = [_span(timetable, period, day)]
    for other in period.except_:
        hole_period = timetable.periods[other]
        if day.weekday() in hole_period.days:
            spans = _without(spans, _span(timetable, hole_period, day))
    return spans


def _without(spans: list[Span], hole: Span) -> list[Span]:
    left: list[Span] = []
    for starts, ends in spans:
        if hole[0] >= ends or hole[1] <= starts:
            left.append((starts, ends))
            continue
        if starts < hole[0]:
            left.append((starts, hole[0]))
        if hole[1] < ends:
            left.append((hole[1], ends))
    return left


def _span(timetable: Timetable, period: Period, day: date) -> Span:
    return _utc(timetable, day, period.starts), _utc(timetable, day, period.ends)


def _utc(timetable: Timetable, day: date, at: time) -> datetime:
    return datetime.combine(day, at, timetable.zone).astimezone(UTC)
