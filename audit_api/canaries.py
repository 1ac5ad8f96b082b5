"""How the canaries stand: the filter asks itself for each group and each kind of site (S93, D7).

Nobody's browsing is in it: the gate asked, as somebody of a group whom nobody is.
"""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection

from audit_api.answers import Instant, _Out
from audit_api.reasons import REASONS
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit
from audit_log.canaries import UNLISTED, Canary, latest, newest
from audit_log.db import reading
from audit_log.recorded_hours import first_recorded_hour
from change_control.in_force import parsed_policy
from filter_policy.model import Policy

MISSED = 3  # runs: then nobody asks any more


class CanaryOut(_Out):
    id: Annotated[str, Field(description="of its row in the filtering log (kind canary)")]
    at: Instant
    group: str
    about: Annotated[str, Field(description="a kind of site; unlisted; or the site that a check names")]
    is_check: bool
    verdict: Annotated[str, Field(description="what the gate answered: allow or block")]
    reason: str
    rule: str | None
    works: Annotated[bool, Field(description="whether that is what the policy says")]
    says: str


class CanariesOut(_Out):
    """`rows`: what fails comes first. `late`: none ran for three times the interval."""

    ran_at: Instant | None
    every_minutes: int
    late: bool
    failed: int
    rows: list[CanaryOut]


def canaries_of(visit: Visit) -> CanariesOut:
    """Raises ChangeError or PolicyError where no policy can be read."""
    with reading(visit.desk.engine) as conn:
        policy = parsed_policy(conn)
        found = latest(conn, interval(policy))
        late = is_late(conn, policy, visit.now)
    rows = [_told(each) for each in found]
    return CanariesOut(
        ran_at=iso_or_none(max((each.at for each in found), default=None)),
        every_minutes=policy.watch.canary_minutes,
        late=late,
        failed=sum(not each.works for each in rows),
        rows=rows,
    )


def interval(policy: Policy) -> timedelta:
    return timedelta(minutes=policy.watch.canary_minutes)


def is_late(conn: Connection, policy: Policy, now: datetime) -> bool:
    """Where there never was one: whether requests have been recorded for longer than that."""
    last = newest(conn) or first_recorded_hour(conn)
    return last is not None and now - last > MISSED * interval(policy)


def _told(one: Canary) -> CanaryOut:
    return CanaryOut(
        id=one.event_id,
        at=iso(one.at),
        group=one.group,
        about=one.about,
        is_check=one.is_check,
        verdict=one.verdict,
        reason=one.reason,
        rule=one.rule,
        works=one.works,
        says=in_words(one),
    )


def in_words(one: Canary) -> str:
    """A sentence for people who do not know the policy's words."""
    what = "sites on no list" if one.about == UNLISTED and not one.is_check else one.about.replace("-", " ")
    what = one.about if one.is_check else what
    got = "let by" if one.verdict == "allow" else "blocked"
    why = REASONS.get(one.reason, one.reason.replace("-", " "))
    if one.works:
        return f"{what}, for {one.group}: {got} ({why}), as the policy says."
    return f"{what}, for {one.group}: {got} ({why}). That is not what the policy says."
