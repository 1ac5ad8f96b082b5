"""Incidents in numbers, for governors (S11, S24): of which kinds, in which states, how long they took, what
is overdue, and against last term. Nobody is named, and a number tells of no case about a member of staff, nor
of one from which whoever reported left a leader out: they read the figures too.

Those together are one number, which says "at most 3" from the first day on; no other figure counts them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import Connection, select

from audit_api.answers import Instant, _Out
from audit_api.few import FEW
from audit_api.times import iso
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.incident_model import ERASED_KIND, IncidentState, Lane, Task
from audit_log.incident_rows import OPEN_TASKS, case_rows, ids_of, raw
from audit_log.incidents import readable
from audit_log.tables import incident_entry
from change_control.in_force import parsed_policy
from change_control.incident_kinds import kinds
from filter_policy.model import Policy

ONE_DAY = timedelta(days=1)
LEFT_OUT = '%"exclude":["%'  # as it stands in sealed facts, and in no text: there a quote has a stroke
STATES = tuple(IncidentState)


class KindOut(_Out):
    kind: str
    says: str
    open: int
    closed: int
    this_term: Annotated[int, Field(description="opened since this term began")]
    last_term: Annotated[int, Field(description="opened in as many days of last term")]


class StateOut(_Out):
    state: str
    count: int


class TimesOut(_Out):
    """Of those that were closed since this term began; days, null where there are at most 3."""

    closed: int
    median_days: int | None
    longest_days: int | None


class TasksOut(_Out):
    open: int
    overdue: int
    longest_overdue_days: int


class TermOut(_Out):
    from_: Annotated[date, Field(serialization_alias="from")]
    to: Annotated[date, Field(description="the last day that is counted")]
    opened: int


class FiguresOut(_Out):
    as_of: Instant
    open: int
    illegal: Annotated[int, Field(description="of the open ones, those for the police")]
    kinds: list[KindOut]
    states: list[StateOut]
    times_to_close: TimesOut
    tasks: TasksOut
    this_term: TermOut | None
    last_term: Annotated[TermOut | None, Field(description="its first days, as many as this term has had")]
    about_staff: Annotated[
        str,
        Field(
            description=(
                'how many are about a member of staff, or kept from a leader: "at most 3", or the number'
            )
        ),
    ]
    no_longer_told: Annotated[
        int, Field(description="closed so long ago that nothing is kept but that they were")
    ]


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted of one case."""

    id: str
    state: str
    kind: str
    lane: str
    restricted: bool  # or kept from a leader
    opened_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state != IncidentState.CLOSED


@dataclass(frozen=True, slots=True)
class Terms:
    """As many days of this term as there have been, and as many of the one before; holidays count on."""

    this: tuple[date, date] | None
    last: tuple[date, date] | None


def figures_of(visit: Visit) -> FiguresOut:
    with reading(visit.desk.engine) as conn:
        policy = parsed_policy(conn)
        every = _counted(conn)
        tasks = _tasks(conn, [each.id for each in every if not each.restricted])
    return figures(every, tasks, policy, visit.now)


def figures(every: Sequence[Counted], tasks: Sequence[Task], policy: Policy, now: datetime) -> FiguresOut:
    """All but one of these numbers are of cases that are about nobody on the staff."""
    shown = [each for each in every if not each.restricted and each.kind != ERASED_KIND]
    zone, terms = policy.timetable.zone, terms_of(policy, now)
    this, last = (_opened_in(shown, term, zone) for term in (terms.this, terms.last))
    states = Counter(each.state for each in shown)
    return FiguresOut(
        as_of=iso(now),
        open=sum(each.is_open for each in shown),
        illegal=sum(each.is_open and each.lane == Lane.ILLEGAL for each in shown),
        kinds=_kinds(shown, this, last),
        states=[StateOut(state=str(state), count=states[state]) for state in STATES],
        times_to_close=_times(shown, terms, zone),
        tasks=_overdue(tasks, now),
        this_term=_term(terms.this, this),
        last_term=_term(terms.last, last),
        about_staff=_few(sum(each.restricted for each in every)),
        no_longer_told=sum(each.kind == ERASED_KIND for each in every),
    )


def terms_of(policy: Policy, now: datetime) -> Terms:
    today = now.astimezone(policy.timetable.zone).date()
    begun = sorted(first for first, _ in policy.timetable.terms if first <= today)
    if not begun:
        return Terms(None, None)
    this = begun[-1], today
    if len(begun) == 1:
        return Terms(this, None)
    end = min(begun[-2] + (today - begun[-1]), begun[-1] - ONE_DAY)
    return Terms(this, (begun[-2], end))


def _counted(conn: Connection) -> list[Counted]:
    found, _odd = case_rows(conn)  # `verify` names those that cannot be read
    kept = _kept_from_somebody(conn)
    return [
        Counted(
            *(row.id, row.state, row.kind, row.lane),
            row.restricted or row.id in kept,
            *(row.opened_at, row.closed_at),
        )
        for row in found
    ]


def _kept_from_somebody(conn: Connection) -> set[str]:
    entry = incident_entry.c
    asked = select(*raw(conn, entry.incident_id)).where(entry.act == "report", entry.facts.like(LEFT_OUT))
    return set(ids_of(conn, asked.distinct())[0])


def _tasks(conn: Connection, ids: Sequence[str]) -> list[Task]:
    """Of closed cases too: what was not done stays."""
    entry = incident_entry.c
    wanted = set(ids)
    asked, _ = ids_of(conn, select(*raw(conn, entry.incident_id)).where(OPEN_TASKS).distinct())
    cases, _odd = readable(conn, [id_ for id_ in asked if id_ in wanted])
    return [task for case in cases for task in case.tasks]


def _opened_in(shown: Sequence[Counted], term: tuple[date, date] | None, zone: ZoneInfo) -> list[Counted]:
    if term is None:
        return []
    first, last = term
    start, end = (datetime.combine(day, time(), zone) for day in (first, last + ONE_DAY))
    return [each for each in shown if start <= each.opened_at < end]


def _kinds(shown: Sequence[Counted], this: Sequence[Counted], last: Sequence[Counted]) -> list[KindOut]:
    """Those that there are, the most frequent first."""
    every, known = Counter(each.kind for each in shown), kinds()
    still, now, then = (
        Counter(each.kind for each in some) for some in ((e for e in shown if e.is_open), this, last)
    )
    return [
        KindOut(
            kind=kind,
            says=known[kind].says if kind in known else kind,
            open=still[kind],
            closed=count - still[kind],
            this_term=now[kind],
            last_term=then[kind],
        )
        for kind, count in sorted(every.items(), key=lambda each: (-each[1], each[0]))
    ]


def _times(shown: Sequence[Counted], terms: Terms, zone: ZoneInfo) -> TimesOut:
    since = datetime.combine(terms.this[0], time(), zone) if terms.this else None
    days = [
        (each.closed_at - each.opened_at) / ONE_DAY
        for each in shown
        if each.closed_at is not None and (since is None or each.closed_at >= since)
    ]
    if len(days) <= FEW:
        return TimesOut(closed=len(days), median_days=None, longest_days=None)
    return TimesOut(closed=len(days), median_days=round(median(days)), longest_days=round(max(days)))


def _overdue(tasks: Sequence[Task], now: datetime) -> TasksOut:
    undone = [each for each in tasks if each.done_at is None]
    late = [now - each.due_at for each in undone if each.due_at <= now]
    longest = max(late, default=timedelta(0))
    return TasksOut(open=len(undone), overdue=len(late), longest_overdue_days=longest.days)


def _term(term: tuple[date, date] | None, opened: Sequence[Counted]) -> TermOut | None:
    return None if term is None else TermOut(from_=term[0], to=term[1], opened=len(opened))


def _few(count: int) -> str:
    return f"at most {FEW}" if count <= FEW else str(count)
