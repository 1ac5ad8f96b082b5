"""What the filter noticed about itself: canaries that got another answer, or none; fewer blocks than usual
(E1). As alarms for the console, as figures, and as one letter a day.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Connection

from audit_api import times
from audit_api.canaries import in_words, interval, is_late
from audit_api.months import Month
from audit_api.silent_hours import lesson_hours
from audit_api.telling_people import tell_at_once
from audit_api.window import Window
from audit_log.block_share import HOUR, WEEK, WEEKS, Finding, Share, share_of, totals_of, weeks_before
from audit_log.canaries import latest, newest
from audit_log.db import reading
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from filter_policy.model import Policy
from filter_policy.parse import PolicyError

LATELY = timedelta(hours=24)
TOLD = "block-share-told"  # in the state folder: the last day on which a letter went
ABOUT = "Fewer blocks than usual"

log = structlog.get_logger()


def canary_sentences(conn: Connection, policy: Policy, now: datetime) -> Iterator[str]:
    found = latest(conn, interval(policy))
    failed = [each for each in found if not each.works]
    if failed:
        more = f" And {len(failed) - 1} more." if len(failed) > 1 else ""
        said = in_words(failed[0])
        yield f"The filter asked itself and got a wrong answer: {said}{more} Ask the technician at once."
    if is_late(conn, policy, now):
        last = newest(conn)
        since = f"since {times.when(last, policy.timetable.zone)}" if last else "yet"
        yield f"The filter has not asked itself {since}. Is the gate running? Ask the technician."


def shares(conn: Connection, policy: Policy, now: datetime) -> dict[datetime, Share]:
    """Of each hour of lessons that ended within a day; nothing at night and in holidays."""
    zone = policy.timetable.zone
    lessons = _lessons(policy, now)
    due = [hour for hour in lessons if now - LATELY <= hour + HOUR <= now]
    if not due:
        return {}
    wanted = {at for hour in due for at in (hour, *weeks_before(hour, zone))}
    totals = totals_of(conn, wanted)
    percent = policy.watch.fall_percent
    return {hour: share_of(totals, hour, lessons, zone, percent) for hour in due}


def _lessons(policy: Policy, now: datetime) -> list[datetime]:
    """Hours of lessons of this month and of those that are looked back to."""
    month = Month.of(now, policy.timetable.zone)
    months = [month]
    while months[-1].first > (now - WEEKS * WEEK - LATELY).date():
        months.append(months[-1].before)
    return sorted({hour for each in months for hour in lesson_hours(policy.timetable, each)})


def fallen(found: dict[datetime, Share]) -> dict[datetime, Share]:
    return {hour: share for hour, share in found.items() if share.finding is Finding.FALLEN}


def fall_sentence(found: dict[datetime, Share], policy: Policy) -> str | None:
    """Of the newest hour in which less was blocked than usual."""
    if not (low := fallen(found)):
        return None
    hour = max(low)
    share, zone = low[hour], policy.timetable.zone
    when = times.stretch(hour, hour + HOUR, zone)
    return (
        f"Fewer requests were blocked than usual: {_percent(share.now)}, {when}. At this hour of the week it"
        f" is {_percent(share.usual or 0.0)}. New devices or a new browser can be why; so can a filter that"
        " no longer sees what is asked for. Ask the technician to look."
    )


def share_words(found: dict[datetime, Share], policy: Policy) -> str:
    """How it stands, for the page: also where nothing can be said."""
    if not found:
        return "No hour of lessons has ended within a day, so the share of blocks is not looked at."
    hour = max(found)
    share, when = found[hour], times.stretch(hour, hour + HOUR, policy.timetable.zone)
    if share.finding is Finding.NOT_KNOWN:
        return f"Which share of requests is usually blocked is not known yet ({when}): it takes three weeks."
    if share.finding is Finding.TOO_FEW:
        return f"There were too few requests to compare the share of blocks ({when})."
    usual = _percent(share.usual or 0.0)
    return f"Blocked: {_percent(share.now)} of requests, {when}. At this hour of the week it is {usual}."


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def look(window: Window, now: datetime) -> None:
    """Tells the people of `notify` of a fall, once a day. Never raises what the next look may mend."""
    try:
        with reading(window.desk.engine) as conn:
            policy = parsed_policy(conn)
            says = fall_sentence(shares(conn, policy, now), policy)
    except (ChangeError, PolicyError):
        return
    today = now.astimezone(policy.timetable.zone).date()
    if says is None or _told_on(window.desk.state) == today:
        return
    (window.desk.state / TOLD).write_text(today.isoformat())
    log.warning("blocks.fallen", day=today.isoformat())
    tell_at_once(window, ABOUT, says)


def _told_on(state: Path) -> date | None:
    try:
        return date.fromisoformat((state / TOLD).read_text())
    except (OSError, ValueError):
        return None
