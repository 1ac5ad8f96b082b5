"""Is the system able to do its work? And a few figures about it; nothing personal in either."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from audit_api.checkpoint_delivery import overdue_ways
from audit_api.drift import lists_drift, policy_drift
from audit_api.list_ages import overdue
from audit_api.lists import ages_in_force
from audit_api.problems import Problem
from audit_api.reviews import counts
from audit_api.watch_figures import watch_figures
from audit_api.window import Window
from audit_log.db import reading
from audit_log.fault import Fault
from audit_log.heartbeat import JOURNAL, Heartbeat, read_heartbeat
from audit_log.segments import segments
from audit_log.sessions import IDLE
from audit_log.sizes import database_bytes, rows_about
from audit_log.tables import change_log, journal_aside, proposal, session
from change_control.checkpoint_delivery import deliveries
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.lists import agreed_lists
from change_control.log_reviews import review_due
from change_control.publish import is_published
from change_control.queries import get_proposal
from change_control.retention import overdue_days
from filter_lists.summary import IndexFault
from filter_policy.parse import PolicyError

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
    if (gate := window.probe_gate()) is not None:
        told.append(("gate", gate or None))
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
    unproven = window.desk.published.unproven
    try:
        if not is_published(window.desk):
            return unproven.says if unproven else "is older than the last change"
    except SQLAlchemyError:
        return None  # the database is another check; the gates have their bundle
    return unproven.says if unproven else None


def _recorder(window: Window) -> str | None:
    told = read_heartbeat(window.desk.state)
    if told is None:
        return "has not been seen"
    late = window.clock() - told.at
    if late >= LATE_AFTER:
        return f"was last seen {int(late.total_seconds())} seconds ago"
    if told.stopped:
        return says_stopped(told)
    return "cannot reach the database; records wait on disk" if told.sql_away else None


def says_stopped(told: Heartbeat) -> str:
    places = f"{len(told.stopped)} damaged place{'s' if len(told.stopped) > 1 else ''} of the journal"
    return f"waits at {places}; what came after is on disk: schoolgate log damage"


def metrics(window: Window) -> str:
    """In Prometheus' text format."""
    now = window.clock()
    with reading(window.desk.engine) as conn:
        aside = window.counted.value(now, lambda: _aside(conn))
        lines = list(_figures(conn, now, aside))
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
    says = "1: the change log does not prove what is in the database; nothing newly agreed on reaches a gate"
    unproven = int(window.desk.published.unproven is not None)
    lines += _gauge("schoolgate_bundle_unproven", says, "", unproven)
    says = "1: the change log is not the one that this server has seen"
    lines += _gauge("schoolgate_change_log_below_floor", says, "", int(bool(window.desk.published.below)))
    lines += list_figures(window, now)
    lines += retention_figures(window, now)
    lines += journal_figures(window.desk.state)
    lines += review_figures(window, now)
    lines += outside_figures(window, now)
    for figure in watch_figures(window, now):
        lines += _gauge(*figure)
    return "\n".join(lines) + "\n"


def journal_figures(state: Path) -> Iterator[str]:
    """What waits on disk, and how much room there is."""
    if told := read_heartbeat(state):
        says = "Bytes of the journal that are not in the database yet"
        yield from _gauge("schoolgate_recorder_behind_bytes", says, "", told.behind_bytes)
        says = "Bytes of the journal that could not be read"
        yield from _gauge("schoolgate_recorder_damaged_bytes", says, "", told.damaged_bytes)
        says = "Files of the journal that wait for somebody to look at a damaged place"
        waiting = len({each.segment for each in told.stopped})
        yield from _gauge("schoolgate_recorder_stopped_segments", says, "", waiting)
    folder = state / JOURNAL
    if folder.is_dir():
        yield from _gauge("schoolgate_journal_bytes", "The journal on disk", "", journal_bytes(folder))
        free = shutil.disk_usage(folder).free
        yield from _gauge("schoolgate_journal_disk_free_bytes", "Room where the journal is", "", free)


def journal_bytes(folder: Path) -> int:
    """The recorder deletes some of it meanwhile."""
    found = 0
    for segment in segments(folder):
        with suppress(FileNotFoundError):
            found += segment.path.stat().st_size
    return found


def _aside(conn: Connection) -> int:
    return conn.scalar(select(func.count()).select_from(journal_aside)) or 0


def _figures(conn: Connection, now: datetime, aside: int) -> Iterator[str]:
    yield from _gauge("schoolgate_filtering_log_rows", "Requests on record, about", "", rows_about(conn))
    yield from _gauge("schoolgate_database_bytes", "The database on disk", "", database_bytes(conn))
    says = "Records that could not become rows"
    yield from _gauge("schoolgate_journal_aside_records", says, "", aside)
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


def retention_figures(window: Window, now: datetime) -> Iterator[str]:
    """Nothing before the founding, nor where what is kept for how long cannot be read: verify tells."""
    try:
        with reading(window.desk.engine) as conn:
            days = overdue_days(conn, parsed_policy(conn), now)
    except (ChangeError, PolicyError, Fault):
        return
    yield from _gauge(
        "schoolgate_retention_overdue_days", "Since rows that are over should be gone", "", days
    )


def outside_figures(window: Window, now: datetime) -> Iterator[str]:
    """What has left this server, who looked, and whether the files here are what is in force."""
    try:
        with reading(window.desk.engine) as conn:
            policy = parsed_policy(conn)
            known, late = deliveries(conn), overdue_ways(window, conn, policy, now)
            unreviewed = review_due(conn, policy).is_overdue(now)
            drifts = {"policy": policy_drift(window, conn), "lists": lists_drift(window, conn)}
    except (ChangeError, PolicyError):
        return
    ages = {way: now - done.at for way, done in known.items() if done.at is not None}
    says = "Since a checkpoint last arrived outside"
    yield from _gauges("schoolgate_checkpoint_delivered_seconds", says, "way", _seconds(ages))
    says = "Ways by which no checkpoint has arrived for more than 26 hours"
    yield from _gauge("schoolgate_checkpoint_delivery_overdue", says, "", len(late))
    says = "Ways whose last try to deliver failed, or contradicts what was delivered before"
    failed = sum(1 for done in known.values() if done.fault is not None)
    yield from _gauge("schoolgate_checkpoint_delivery_failed", says, "", failed)
    says = "1: no governor has reviewed the change log within the time that the policy sets"
    yield from _gauge("schoolgate_change_log_review_overdue", says, "", int(unreviewed))
    for what, drift in drifts.items():
        if drift is not None:
            says = f"1: {what}.yaml on this disk is not what is in force"
            yield from _gauge(f"schoolgate_{what}_drift", says, "", int(drift.differs))


def _seconds(ages: Mapping[str, timedelta]) -> dict[str, int]:
    return {name: int(age.total_seconds()) for name, age in ages.items()}


def _gauges(name: str, says: str, label: str, values: Mapping[str, int]) -> Iterator[str]:
    yield f"# HELP {name} {says}"
    yield f"# TYPE {name} gauge"
    for each in sorted(values):
        yield f'{name}{{{label}="{each}"}} {values[each]}'


def review_figures(window: Window, now: datetime) -> Iterator[str]:
    """What one person did, and others have not looked at."""
    with reading(window.desk.engine) as conn:
        _, overdue, envelopes = counts(conn, now)
    says = "What one person did at once, and nobody looked at in time"
    yield from _gauge("schoolgate_reviews_overdue", says, "", overdue)
    says = "Uses of the sealed envelope that two others have not signed yet"
    yield from _gauge("schoolgate_break_glass_unreviewed", says, "", envelopes)


def _gauge(name: str, says: str, labels: str, value: int) -> Iterator[str]:
    yield f"# HELP {name} {says}"
    yield f"# TYPE {name} gauge"
    yield f"{name}{labels} {value}"
