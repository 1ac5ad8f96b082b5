"""How long people wait for an answer, and what becomes of what was asked for: figures of a month (S74)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Connection, or_, select

from audit_api.months import Month, month_asked
from audit_api.unblock_shapes import FiguresOfUnblocksOut
from audit_api.unblock_words import lapses_at
from audit_api.unblocks import KIND, use_of
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.tables import proposal
from change_control.in_force import parsed_policy
from change_control.proposal import Proposal, proposal_of, state_at
from filter_policy.life_cycle import State


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request comes to: when it was asked and answered, its state now, and when it was over."""

    asked_at: datetime
    state: State
    answered_at: datetime | None = None
    over_at: datetime | None = None  # its last end, or when it was shut, or when it lapsed
    used: bool | None = None  # None: it was never agreed to


@dataclass(frozen=True, slots=True)
class Figures:
    asked: int
    agreed: int
    declined: int
    waited_minutes: int | None  # half of the answers took no longer
    lapsed: int = 0
    never_used: int = 0

    @property
    def answered(self) -> int:
        return self.agreed + self.declined


def figures(requests: Iterable[Asked], starts_at: datetime, ends_at: datetime) -> Figures:
    """Each is counted when it happened: asked, answered, lapsed, or over without having been used."""

    def within(at: datetime | None) -> bool:
        return at is not None and starts_at <= at < ends_at

    every = list(requests)
    answered = [each for each in every if within(each.answered_at)]
    declined = sum(each.state is State.DECLINED for each in answered)
    waits = [(each.answered_at - each.asked_at).total_seconds() / 60 for each in answered if each.answered_at]
    over = [each for each in every if within(each.over_at)]
    return Figures(
        asked=sum(within(each.asked_at) for each in every),
        agreed=len(answered) - declined,
        declined=declined,
        waited_minutes=round(median(waits)) if waits else None,
        lapsed=sum(each.state is State.LAPSED for each in over),
        never_used=sum(each.used is False for each in over),
    )


def monthly(visit: Visit, asked: str | None) -> FiguresOfUnblocksOut:
    """Raises Problem naming the field."""
    month = month_asked(asked, visit.now, visit.zone)
    with reading(visit.desk.engine) as conn:
        found = figures_of(conn, month, visit.now)
    return FiguresOfUnblocksOut(month=str(month), answered=found.answered, **asdict(found))


def figures_of(conn: Connection, month: Month, now: datetime) -> Figures:
    """Of the school's requests."""
    hours = parsed_policy(conn).limits.lapse_after_hours
    times = proposal.c.proposed_at, proposal.c.decided_at, proposal.c.ended_at, proposal.c.ends_at
    bears = or_(*(column.between(month.starts_at, month.ends_at) for column in times))
    query = select(proposal, state_at(now, hours).label("state_now")).where(proposal.c.kind == KIND, bears)
    found = [proposal_of(row) for row in conn.execute(query).mappings()]
    return figures([_asked(conn, each, hours, now) for each in found], month.starts_at, month.ends_at)


def _asked(conn: Connection, found: Proposal, hours: int, now: datetime) -> Asked:
    over_at = found.ended_at
    if found.state is State.LAPSED and found.ends_at:
        over_at = lapses_at(found.proposed_at, found.ends_at, hours)
    elif found.state is State.ENDED:
        over_at = found.ends_at
    used = use_of(conn, found, now)
    return Asked(
        found.proposed_at,
        found.state,
        found.decided_at,
        over_at,
        {"yes": True, "no": False}.get(used or ""),
    )
