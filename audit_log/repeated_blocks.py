"""Who asked again and again for what is not open (S31): so many pages, within so many minutes.

Pages that a person opened count, and no parts of pages; and only where the policy shut them because of what
they are. A page that asks for itself because somebody is suspended is no try.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from audit_log.filtering_log import Filter, LogRow, search

BLOCK, REQUEST = "block", "request"
TRIES = frozenset(
    {"locked", "category-not-allowed", "site-blocked", "not-at-this-time", "not-selected", "term"},
)  # illegal content, and ways round the filter, are sightings: one is enough
OTHERWISE_NOTICED = "circumvention"
MOST_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Repeated:
    """The row that was the last of them, and when the first of them was."""

    event_id: str
    at: datetime
    first_at: datetime
    person_id: str
    role: str | None
    device: str | None


def repeated(conn: Connection, since: datetime, times: int, minutes: int) -> list[Repeated]:
    """Of each person at most one: the newest row from `since` on that was so many within that time."""
    within = timedelta(minutes=minutes)
    new = search(conn, Filter(verdict=BLOCK, pages_only=True, from_at=since), MOST_ROWS).rows
    people = dict.fromkeys(row.person_id for row in new if row.person_id and _is_try(row))
    found = (_of(conn, person, since, times, within) for person in sorted(people))
    return [each for each in found if each is not None]


def _of(conn: Connection, person: str, since: datetime, times: int, within: timedelta) -> Repeated | None:
    asked = Filter(person_id=person, verdict=BLOCK, pages_only=True, from_at=since - within)
    rows = [row for row in search(conn, asked, MOST_ROWS).rows if _is_try(row)]  # newest first
    return next(_runs(rows, since, times, within), None)


def _runs(rows: Sequence[LogRow], since: datetime, times: int, within: timedelta) -> Iterator[Repeated]:
    for last, first in zip(rows, rows[times - 1 :], strict=False):
        if last.at >= since and last.at - first.at <= within and last.person_id is not None:
            yield Repeated(last.event_id, last.at, first.at, last.person_id, last.role, last.client_address)


def _is_try(row: LogRow) -> bool:
    is_page = row.kind == REQUEST and row.page
    return is_page and row.reason in TRIES and row.category != OTHERWISE_NOTICED
