"""What is kept for how long, and what went lately (S104): for whoever may read the log."""

from datetime import date

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from audit_api.times import iso
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.first_seals import EARLIER
from audit_log.holds import holds
from audit_log.sealed_lines import purge_lines
from change_control.in_force import parsed_policy
from change_control.retention import EVERYONE, days_kept, oldest_days, what_waits
from filter_policy.model import Policy, Record

LATELY = 20  # purges


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KeptOut(_Out):
    """One row of the policy's `record` table, or what stands in for it."""

    keep: str
    days: int
    url: str | None
    address: bool | None
    search_terms: bool | None
    oldest_day: date | None


class PurgeOut(_Out):
    entry: int
    at: str
    keep: str
    day: date | None
    rows: int
    kept_back: int


class RetentionOut(_Out):
    kept: list[KeptOut]
    incidents_days: int
    totals_days: int
    holds: int
    last_purges: list[PurgeOut]
    waits: str | None


def retention_of(visit: Visit) -> RetentionOut:
    with reading(visit.desk.engine) as conn:
        policy = parsed_policy(conn)
        lines = purge_lines(conn)
        return RetentionOut(
            kept=_kept(conn, policy),
            incidents_days=policy.retention.incidents,
            totals_days=policy.retention.totals,
            holds=len(holds(conn)),
            last_purges=[
                PurgeOut(
                    entry=line.seq,
                    at=iso(line.at),
                    keep=line.keep,
                    day=line.day,
                    rows=line.rows,
                    kept_back=line.kept_back,
                )
                for line in reversed(lines[-LATELY:])
            ],
            waits=what_waits(conn, policy, visit.now),
        )


def _kept(conn: Connection, policy: Policy) -> list[KeptOut]:
    """The rows of the table, and whatever else rows of the log are kept as."""
    oldest = oldest_days(conn)
    return [_one(policy, keep, oldest.get(keep)) for keep in sorted({*policy.record, EVERYONE, *oldest})]


def _one(policy: Policy, keep: str, oldest: date | None) -> KeptOut:
    record = policy.record.get(keep) or policy.record.get(EVERYONE) or Record()
    days = days_kept(policy, keep)
    if keep == EARLIER:
        return KeptOut(keep=keep, days=days, url=None, address=None, search_terms=None, oldest_day=oldest)
    return KeptOut(
        keep=keep,
        days=days,
        url=record.url,
        address=record.address,
        search_terms=record.search_terms,
        oldest_day=oldest,
    )
