"""Whom a reading was about: what its line in the change log says (S17, S101), and whether they are few.

A reading that showed at most three people is a reading about each of them, whatever it was asked by.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from audit_api.few import FEW, shared_role
from audit_log.filtering_log import Filter, LogRow, search, stream
from audit_log.tables import who_set

FIRST, MORE = 50, 1000  # rows read at a time, to find out who is behind a filter
MOST = 20_000  # and no more than these: then it counts as few
About = tuple[str | None, int]  # whom, and how many rows are theirs


def few_of(people: Collection[str]) -> tuple[str, ...]:
    """All of them, if there are few."""
    return tuple(sorted(people)) if 0 < len(people) <= FEW else ()


def abouts(
    shown: Sequence[Collection[str]], otherwise: str | None = None, besides: Iterable[str] = ()
) -> list[About]:
    """A line for each of the few whose rows are shown, or one for all. `shown`: whose each row is.
    `besides`: who was looked for, found or not. `otherwise`: what they are together."""
    rows = Counter(person for whose in shown for person in set(whose))
    few = few_of(rows.keys() | set(besides))
    return [(person, rows[person]) for person in few] or [(otherwise, len(shown))]


def people_of(row: LogRow) -> frozenset[str]:
    return frozenset(each for each in (row.person_id, row.recorded_as) if each)


def people_found(conn: Connection, what: Filter) -> frozenset[str]:
    """Whose rows a filter finds; of many, some more than a few. It looks at all of them if it must."""
    found: set[str] = set()
    for row in stream(conn, what):
        found |= people_of(row)
        if len(found) > FEW:
            break
    return frozenset(found)


def roles_behind(conn: Connection, what: Filter) -> tuple[frozenset[str], frozenset[str]]:
    """The roles of which a few people have rows there, and those of which many have."""
    few: set[str] = set()
    many: set[str] = set()
    roles = set(conn.scalars(select(who_set.c.role).distinct())) - what.without_roles
    for shared in {shared_role(role) for role in roles if role}:
        alike = {role for role in roles if shared_role(role or None) == shared}
        count = _how_many(conn, replace(what, without_roles=what.without_roles | (roles - alike)))
        (many if count > FEW else few if count else set()).update(alike)
    return frozenset(few), frozenset(many)


def _how_many(conn: Connection, what: Filter) -> int:
    """At most one more than a few. In doubt, few."""
    found: set[str] = set()
    cursor, looked = None, 0
    while looked < MOST:
        page = search(conn, what, MORE if looked else FIRST, cursor)
        found |= {row.recorded_as or row.person_id or "" for row in page.rows} - {""}
        if len(found) > FEW or page.next is None:
            return min(len(found), FEW + 1)
        if page.searched_to is not None:
            break
        cursor, looked = page.next, looked + len(page.rows)
    return len(found) or 1
