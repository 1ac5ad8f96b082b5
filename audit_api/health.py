"""Is the system able to do its work? And a few figures about it; nothing personal in either."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from audit_api.list_ages import overdue
from audit_api.lists import ages_in_force
from audit_api.problems import Problem
from audit_api.window import Window
from audit_log.db import reading
from audit_log.recorder import HEARTBEAT
from audit_log.sessions import IDLE
from audit_log.tables import change_log, filtering_log, proposal, session
from change_control.errors import ChangeError
from change_control.lists import agreed_lists
from change_control.publish import is_published
from change_control.queries import get_proposal
from filter_lists.summary import IndexFault

JOURNAL = "journal"
LATE_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    works: bool
    says: str


def checks(window: Window) -> list[Check]:
    looks: tuple[tuple[str, Callable[[Window], str | None]], ...] = (
        ("database", _database),
        ("bundle", _bundle),
        ("recorder", _recorder),
    )
    told = [(name, look(window)) for name, look in looks]
    return [Check(name, fault is None, fault or "works") for name, fault in told]


def _database(window: Window) -> str | None:
    try:
        with reading(window.desk.engine) as conn:
            conn.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "cannot be reached"
    return None


def _bundle(window: Window) -> str | None:
    try:
        window.bundle()
    except Problem as problem:
        return problem.detail
    try:
        return None if is_published(window.desk) else "is older than the last change"
    except SQLAlchemyError:
        return None  # the database is another check; the gates have their bundle


def _recorder(window: Window) -> str | None:
    told = _heartbeat(window)
    if told is None:
        return "has not been seen"
    late = window.clock() - told.at
    if late >= LATE_AFTER:
        return f"was last seen {int(late.total_seconds())} seconds ago"
    return "cannot reach the database; records wait on disk" if told.sql_away else None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What the recorder last said of itself."""

    at: datetime
    sql_away: bool
    behind_bytes: int
    damaged_bytes: int


def _heartbeat(window: Window) -> Heartbeat | None:
    try:
        told = json.loads((window.desk.state / JOURNAL / HEARTBEAT).read_text())
        return Heartbeat(
            at=datetime.fromisoformat(told["at"]),
            sql_away=told["sql"] != "ok",
            behind_bytes=int(told["behind_bytes"]),
            damaged_bytes=int(told["damaged_bytes"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def metrics(window: Window) -> str:
    """In Prometheus' text format."""
    now = window.clock()
    with reading(window.desk.engine) as conn:
        rows = window.counted.value(now, lambda: _rows(conn))
        lines = list(_figures(conn, now, rows))
    try:
        bundle = window.bundle()
        lines += _gauge(
            "schoolgate_policy_info", "The policy in force", f'{{revision="{bundle.revision}"}}', 1
        )
        lines += _gauge(
            "schoolgate_unblocks_in_bundle", "Approved, not over", "", len(bundle.policy.unblocks)
        )
    except Problem:
        lines += _gauge("schoolgate_policy_missing", "No policy in force: everything is blocked", "", 1)
    lines += list_figures(window, now)
    if told := _heartbeat(window):
        says = "Bytes of the journal that are not in the database yet"
        lines += _gauge("schoolgate_recorder_behind_bytes", says, "", told.behind_bytes)
        says = "Bytes of the journal that could not be read"
        lines += _gauge("schoolgate_recorder_damaged_bytes", says, "", told.damaged_bytes)
    return "\n".join(lines) + "\n"


def _rows(conn: Connection) -> int:
    return conn.scalar(select(func.count()).select_from(filtering_log)) or 0


def _figures(conn: Connection, now: datetime, rows: int) -> Iterator[str]:
    yield from _gauge("schoolgate_filtering_log_rows", "Requests on record", "", rows)
    entries = conn.scalar(select(func.max(change_log.c.seq))) or 0
    yield from _gauge("schoolgate_change_log_entries", "Sealed changes", "", entries)
    live = session.c.ended_at.is_(None) & (session.c.seen_at > now - IDLE)
    signed_in = conn.scalar(select(func.count()).where(live)) or 0
    yield from _gauge("schoolgate_sessions", "People signed in", "", signed_in)
    yield "# HELP schoolgate_proposals Proposals by kind and state"
    yield "# TYPE schoolgate_proposals gauge"
    grouped = select(proposal.c.kind, proposal.c.state, func.count()).group_by(
        proposal.c.kind, proposal.c.state
    )
    for kind, state, count in conn.execute(grouped):
        yield f'schoolgate_proposals{{kind="{kind}",state="{state}"}} {count}'


def list_figures(window: Window, now: datetime) -> Iterator[str]:
    """Nothing before the founding."""
    desk = window.desk
    try:
        with reading(desk.engine) as conn:
            agreed = agreed_lists(conn)
            row = get_proposal(conn, agreed.id, now)
        index = desk.lists_of(agreed.generation)
    except (ChangeError, IndexFault):
        return
    late = overdue(ages_in_force(desk, agreed, now).values())
    says = "Lists older than their schedule and a half"
    yield from _gauge("schoolgate_lists_overdue", says, "", len(late))
    age = int((now - (row.decided_at or row.proposed_at)).total_seconds())
    yield from _gauge("schoolgate_lists_generation_age_seconds", "Since these lists are in force", "", age)
    entries = sum(each.entries for each in index.lists)
    yield from _gauge("schoolgate_lists_entries", "Entries of all lists in force", "", entries)


def _gauge(name: str, says: str, labels: str, value: int) -> Iterator[str]:
    yield f"# HELP {name} {says}"
    yield f"# TYPE {name} gauge"
    yield f"{name}{labels} {value}"
