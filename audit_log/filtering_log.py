"""Reading the filtering log: newest first, page by page, by whatever a reader may ask for.

A CONNECT that was then decrypted is kept but is no request: it is shown only to who asks for its kind.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, true

from audit_log.event_id import reference_from
from audit_log.seal import stamp
from audit_log.tables import filtering_log

CONNECT = "connect"
LOG = filtering_log.c


class CursorError(ValueError):
    """This is no cursor of ours."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What to look for; None does not matter. Times are half-open."""

    from_at: datetime | None = None
    to_at: datetime | None = None
    person_id: str | None = None
    filter_group: str | None = None
    class_name: str | None = None
    host: str | None = None  # this host and all below it
    category: str | None = None
    verdict: str | None = None
    reason: str | None = None
    unblock_id: str | None = None
    kind: str | None = None
    reference: str | None = None  # as somebody typed it


@dataclass(frozen=True, slots=True)
class LogRow:
    """One request, as it was decided and as it ended. `outcome` is None while it is open."""

    event_id: str
    reference: str
    at: datetime
    kind: str
    person_id: str | None
    role: str | None
    filter_groups: tuple[str, ...]
    classes: tuple[str, ...]
    client_address: str | None
    method: str | None
    url: str | None
    host: str | None
    category: str | None
    list_id: str | None
    entry: str | None
    verdict: str
    reason: str
    rule: str | None
    unblock_id: str | None
    policy_revision: str
    status: int | None
    bytes_up: int | None
    bytes_down: int | None
    duration_ms: int | None
    outcome: str | None


NAMES = tuple(field.name for field in fields(LogRow))


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[LogRow, ...]
    next: str | None  # the cursor of the page after this one


def search(conn: Connection, what: Filter | None = None, limit: int = 100, cursor: str | None = None) -> Page:
    """Newest first. Raises CursorError."""
    what = what or Filter()
    conditions = [*_conditions(conn.dialect.name == "sqlite", what), *_after(cursor)]
    query = (
        select(*(LOG[name] for name in NAMES)).order_by(LOG.at.desc(), LOG.event_id.desc()).limit(limit + 1)
    )
    rows = _found(conn, query.where(*conditions), by_reference=what.reference is not None)
    more = len(rows) > limit
    return Page(tuple(rows[:limit]), _cursor(rows[limit - 1]) if more else None)


def _found(conn: Connection, query: Select[Any], *, by_reference: bool) -> list[LogRow]:
    """Block pages carry references, and their rows are indexed; only what is not among them takes long."""
    if by_reference and (blocked := conn.execute(query.where(LOG.verdict == "block")).all()):
        return [_row(row) for row in blocked]
    return [_row(row) for row in conn.execute(query)]


def by_event_id(conn: Connection, event_id: str) -> LogRow | None:
    row = conn.execute(select(*(LOG[name] for name in NAMES)).where(LOG.event_id == event_id)).one_or_none()
    return None if row is None else _row(row)


def without_people(row: LogRow) -> LogRow:
    """The governor's view: what was asked for and why it was answered so, but not who asked or what page."""
    return replace(
        row,
        person_id=None,
        client_address=None,
        url=None,
        entry=_host_of(row.entry),
        rule=_host_of(row.rule),
    )


def _host_of(named: str | None) -> str | None:
    """A list's entry, or the school's own, may name a page of a site."""
    return None if named is None else named.partition("/")[0]


def _conditions(sqlite: bool, what: Filter) -> list[ColumnElement[bool]]:
    same = {
        LOG.person_id: what.person_id,
        LOG.category: what.category,
        LOG.verdict: what.verdict,
        LOG.reason: what.reason,
        LOG.unblock_id: what.unblock_id,
        LOG.kind: what.kind,
        LOG.reference: what.reference and reference_from(what.reference),
    }
    found: list[ColumnElement[bool]] = [
        column == value for column, value in same.items() if value is not None
    ]
    if what.kind is None:
        found.append(~and_(LOG.kind == CONNECT, LOG.decrypted == true()))
    if what.from_at is not None:
        found.append(LOG.at >= what.from_at)
    if what.to_at is not None:
        found.append(LOG.at < what.to_at)
    if what.host is not None:
        host = what.host.lower().removeprefix("*").strip(".")
        found.append(or_(LOG.host == host, LOG.host.endswith(f".{host}", autoescape=True)))
    for column, name in ((LOG.filter_groups, what.filter_group), (LOG.classes, what.class_name)):
        if name is not None:
            found.append(_holds(sqlite, column, name))
    return found


def _holds(sqlite: bool, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a JSON list of names has this one in it."""
    if sqlite:
        each = func.json_each(column).table_valued("value")
        return select(each.c.value).where(each.c.value == name).exists()
    named = func.json_array_elements_text(column).column_valued("named")
    return select(named).where(named == name).exists()


def _cursor(last: LogRow) -> str:
    return f"{stamp(last.at)}~{last.event_id}"


def _after(cursor: str | None) -> list[ColumnElement[bool]]:
    if cursor is None:
        return []
    said, tilde, event_id = cursor.partition("~")
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise CursorError(f"not a cursor: {cursor!r}") from None
    if not tilde or at.tzinfo is None:
        raise CursorError(f"not a cursor: {cursor!r}")
    return [LOG.at <= at, or_(LOG.at < at, LOG.event_id < event_id)]


def _row(row: Row[Any]) -> LogRow:
    values = dict(row._mapping)
    for name in ("filter_groups", "classes"):
        values[name] = tuple(values[name])
    return LogRow(**values)
