"""What the filtering log was asked for, in as few groups as decide alike.

Rows that differ in nothing a decision goes by are one group: the same role, groups and classes (`who`), the
same stretch of school time, what was kept of the address, and the person only where a policy names persons.
Several processes may each take their share.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, TextClause, bindparam, select, text

from audit_log.db import reading
from audit_log.parts import LOG, PartTable, tables
from audit_log.tables import who_set
from filter_policy.model import Reason

# What a policy decides by itself. Whatever else stands in a row (an unblock, a suspension, what the gate
# refuses before it asks) would be the same under any policy, or was never its doing.
JUDGED = (
    Reason.CATEGORY_ALLOWED,
    Reason.UNLISTED_ALLOWED,
    Reason.SITE_ALLOWED,
    Reason.CATEGORY_NOT_ALLOWED,
    Reason.UNLISTED_NOT_ALLOWED,
    Reason.SITE_BLOCKED,
    Reason.LOCKED,
    Reason.NOT_AT_THIS_TIME,
    Reason.NOT_SELECTED,
    Reason.NEEDS_STAFF_PERMISSION,
    Reason.NO_RULE,
)
ROWS = 500_000  # of one statement on SQLite
DAYS = 5  # of one statement on PostgreSQL, which has a partition for each
MEMORY = "96MB"  # for PostgreSQL to count in, without sorting on disk
MOST_HOSTS = 5000  # named in a statement

type Group = tuple[int, int, str | None, str | None, bool, bool, str | None]
"""who, slot, person, what was kept of the address, whether pages, whether blocked; and the reason where no
policy decided: then nothing is told of the address."""
type Tell = Callable[[int, int], None]
ALL = (0, 1)  # the first share of one


class Stretch(NamedTuple):
    """From when on, and which slot of school time it is; until the next stretch begins."""

    starts_at: datetime
    slot: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows, and what tells them apart. `stretches` are in order and not empty; half-open."""

    stretches: tuple[Stretch, ...]
    ends_at: datetime
    people: tuple[str, ...] = ()  # told apart by their ids; everybody else only by `who`
    everybody: bool = False  # each person apart, and only what policies decided
    host_keys: tuple[str, ...] | None = None  # these alone

    @property
    def starts_at(self) -> datetime:
        return self.stretches[0].starts_at


@dataclass(frozen=True, slots=True)
class Whose:
    """What `who` stands for. `role` is "" where nobody had signed in."""

    role: str
    filter_groups: tuple[str, ...]
    classes: tuple[str, ...]


class _Some(NamedTuple):
    """A statement's share of the log: of which table, and which of its rows."""

    table: str
    where: str
    starts_at: datetime
    ends_at: datetime


def whose(conn: Connection) -> dict[int, Whose]:
    found = conn.execute(select(who_set.c.id, who_set.c.role, who_set.c.filter_groups, who_set.c.classes))
    return {number: Whose(role, tuple(groups), tuple(classes)) for number, role, groups, classes in found}


def groups(
    engine: Engine, wanted: Wanted, share: tuple[int, int] = ALL, tell: Tell = lambda _done, _of: None
) -> Iterator[tuple[Group, int]]:
    """Groups with the number of their rows; one may come again. `share`: which of how many.

    `tell` hears how many statements of how many are done. A row that comes late, while this is going on, may
    be in or not.
    """
    if wanted.host_keys is not None and len(wanted.host_keys) > MOST_HOSTS:
        wanted = replace(wanted, host_keys=None)
    with reading(engine) as conn:
        mine = _statements(conn, wanted)[share[0] :: share[1]]
    for done, some in enumerate(mine, 1):
        with reading(engine) as conn:
            yield from _counted(conn, wanted, some)
        tell(done, len(mine))


def _counted(conn: Connection, wanted: Wanted, some: _Some) -> Iterable[tuple[Group, int]]:
    """PostgreSQL counts by itself. SQLite would have to sort for it, which takes more than twice as long."""
    sqlite = conn.dialect.name == "sqlite"
    said, given = _statement(wanted, some, sqlite=sqlite)
    if not sqlite:
        conn.execute(text(f"SET LOCAL work_mem = '{MEMORY}'"))
    rows: Any = conn.execute(said, given).cursor  # bare tuples: there are hundreds of thousands
    return Counter(rows).items() if sqlite else ((row[:-1], row[-1]) for row in rows)


_JUDGED = f"reason IN ({', '.join(repr(str(reason)) for reason in JUDGED)})"
# A connection that was decrypted became requests, and they are counted; the others are no requests at all.
_COUNTS = "NOT (kind = 'connect' AND decrypted) AND kind NOT IN ('canary', 'event')"


def _statement(wanted: Wanted, some: _Some, *, sqlite: bool) -> tuple[TextClause, dict[str, list[str]]]:
    person = "NULL"
    given: dict[str, list[str]] = {}
    where = [some.where, _COUNTS]
    if wanted.everybody:
        person = "person_id"
        where.append(_JUDGED)
    elif wanted.people:
        person, given["people"] = "CASE WHEN person_id IN :people THEN person_id END", list(wanted.people)
    if wanted.host_keys is not None:
        where.append(f"{'+' if sqlite else ''}host_key IN :host_keys")
        given["host_keys"] = list(wanted.host_keys)
    slot = _slot_of(_within(wanted.stretches, some), sqlite=sqlite)
    url, reason = f"CASE WHEN {_JUDGED} THEN url END", f"CASE WHEN NOT {_JUDGED} THEN reason END"
    said = f"SELECT who, {slot}, {person}, {url}, page, verdict = 'block', {reason}"
    rows = f"FROM {some.table} WHERE {' AND '.join(where)}"  # names and times of ours
    counted = f"{said} {rows}" if sqlite else f"{said}, count(*) {rows} GROUP BY 1, 2, 3, 4, 5, 6, 7"
    return text(counted).bindparams(*(bindparam(name, expanding=True) for name in given)), given


def _within(stretches: Sequence[Stretch], some: _Some) -> list[Stretch]:
    """Those that any of the rows can be in."""
    before = [each for each in stretches if each.starts_at <= some.starts_at][-1:]
    return [*before, *(each for each in stretches if some.starts_at < each.starts_at < some.ends_at)]


def _slot_of(stretches: Sequence[Stretch], *, sqlite: bool) -> str:
    """As SQL. Each row is held against few of many boundaries."""
    if not sqlite:
        slots = ", ".join(str(each.slot) for each in stretches)
        begin = ", ".join(f"'{each.starts_at.astimezone(UTC).isoformat()}'" for each in stretches)
        return f"(ARRAY[{slots}])[width_bucket(at, ARRAY[{begin}]::timestamptz[])]"
    if len(stretches) == 1:
        return str(stretches[0].slot)
    half = len(stretches) // 2
    before, after = (_slot_of(each, sqlite=True) for each in (stretches[:half], stretches[half:]))
    return f"CASE WHEN at < '{_written(stretches[half].starts_at)}' THEN {before} ELSE {after} END"


def _statements(conn: Connection, wanted: Wanted) -> list[_Some]:
    if conn.dialect.name != "sqlite":
        return list(_days(wanted))
    first, last = wanted.starts_at.astimezone(UTC).date(), wanted.ends_at.astimezone(UTC).date()
    months = [part for part in reversed(tables(conn)) if part.first <= last and first < part.end]
    return [some for part in months for some in _rows_of(conn, wanted, part)]


def _days(wanted: Wanted) -> Iterator[_Some]:
    at = wanted.starts_at
    while at < wanted.ends_at:
        end = min(at + timedelta(days=DAYS), wanted.ends_at)
        yield _Some(LOG, f"at >= '{at.isoformat()}' AND at < '{end.isoformat()}'", at, end)
        at = end


def _rows_of(conn: Connection, wanted: Wanted, part: PartTable) -> Iterator[_Some]:
    """By the numbers of the rows, as they lie. (A `+` keeps SQLite from going by an index: a second look at
    some hosts must find in each share the rows that the first one found in it.)"""
    starts_at, ends_at = _written(wanted.starts_at), _written(wanted.ends_at)
    between = f"at >= '{starts_at}' AND at < '{ends_at}'"
    first, last = conn.execute(text(f"SELECT min(rowid), max(rowid) FROM {part.name} WHERE {between}")).one()  # noqa: S608  # a name of ours
    month = [datetime.combine(day, time(), UTC) for day in (part.first, part.end)]
    span = max(wanted.starts_at, month[0]), min(wanted.ends_at, month[1])
    if first is None:
        return
    for begin in range(first, last + 1, ROWS):
        some = f"rowid BETWEEN {begin} AND {min(begin + ROWS - 1, last)}"
        yield _Some(part.name, f"{some} AND +at >= '{starts_at}' AND +at < '{ends_at}'", *span)


def _written(at: datetime) -> str:
    """As SQLite has it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
