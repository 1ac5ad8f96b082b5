"""What the canaries were answered last: rows of the filtering log that the gate wrote when it asked itself.

One row says what was answered; where that was not what the policy says, a second one follows, `failed`. The
newest of a group and a kind of site is how it stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from audit_log.filtering_log import Filter, LogRow, search
from audit_log.rollups import CANARY

DOMAIN = "canary.schoolgate.invalid"  # of the made-up sites, as the gate names them
UNLISTED = "unlisted"
ILLEGAL_SAID = (
    "block (illegal) "  # begins the rule where that was the answer: no recorder may take it for a person's
)
FAILED = "failed"  # the outcome of the second row
MOST = 5000  # rows that one look reads: groups times kinds of site, twice, and room


@dataclass(frozen=True, slots=True)
class Canary:
    """`about`: the kind of site, UNLISTED, or the host that a check of the policy names."""

    event_id: str
    at: datetime
    gate_revision: str
    group: str
    about: str
    is_check: bool
    verdict: str
    reason: str
    rule: str | None
    works: bool


def newest(conn: Connection) -> datetime | None:
    """When the last one was asked."""
    rows = search(conn, Filter(kind=CANARY), 1).rows
    return rows[0].at if rows else None


def latest(conn: Connection, every: timedelta) -> list[Canary]:
    """Of each group and kind the newest, of the last run and the one before; what fails comes first."""
    at = newest(conn)
    if at is None:
        return []
    what = Filter(kind=CANARY, from_at=at - 2 * every)
    return in_order(search(conn, what, MOST).rows)


def in_order(rows: Iterable[LogRow]) -> list[Canary]:
    """`rows` newest first."""
    found: dict[tuple[str, str, bool], Canary] = {}
    for row in rows:
        one = _canary(row)
        found.setdefault((one.group, one.about, one.is_check), one)
    return sorted(found.values(), key=lambda one: (one.works, one.group, one.is_check, one.about))


def _canary(row: LogRow) -> Canary:
    is_check = row.host is not None and not row.host.endswith(DOMAIN)
    about = row.host if is_check and row.host is not None else row.category or UNLISTED
    was_illegal = (row.rule or "").startswith(ILLEGAL_SAID)
    return Canary(
        event_id=row.event_id,
        at=row.at,
        gate_revision=row.policy_revision,
        group=row.filter_groups[0] if row.filter_groups else "",
        about=about,
        is_check=is_check,
        verdict=row.verdict,
        reason="illegal" if was_illegal else row.reason,
        rule=row.rule,
        works=row.outcome != FAILED,
    )
