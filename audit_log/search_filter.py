"""What to look for in the filtering log, and how the database is asked for it.

Columns are named without a table: the same words serve the log and each of its parts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    Connection,
    and_,
    column,
    func,
    not_,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.sql.visitors import replacement_traverse

from audit_log.corrections import Correction, corrections, rows_of
from audit_log.event_id import reference_from
from audit_log.rows import host_key
from audit_log.tables import SHOWN, filtering_log, who_set
from filter_lists.names import SCHEME, NameFault, canonical_host, is_ip, parse_url
from filter_lists.search_terms import tidy

CONNECT, REQUEST, BLOCK = "connect", "request", "block"
CANARY = "canary"  # the gate asked itself: shown only to who asks for this kind
COLUMNS: dict[str, ColumnClause[Any]] = {each.name: column(each.name, each.type) for each in filtering_log.c}
NO_REQUEST = or_(and_(COLUMNS["kind"] == CONNECT, COLUMNS["decrypted"] == true()), COLUMNS["kind"] == CANARY)


@dataclass(frozen=True, slots=True)
class Filter:
    """What to look for; None does not matter. Times are half-open.

    `pages_only`: of requests, those that a person opened; what was blocked and all other kinds are shown as
    well. A CONNECT that was then decrypted is no request: it is found by who asks for its kind.
    """

    from_at: datetime | None = None
    to_at: datetime | None = None
    person_id: str | None = None  # corrections applied
    filter_group: str | None = None
    class_name: str | None = None
    host: str | None = None  # this host and all below it; below an address is nothing
    host_exact: str | None = None  # this host alone
    category: str | None = None
    verdict: str | None = None
    reason: str | None = None
    unblock_id: str | None = None
    kind: str | None = None
    reference: str | None = None  # as somebody typed it from a block page: what was blocked
    search_terms: str | None = None  # text in them, made as tidy as they are kept
    pages_only: bool | None = None
    upto_seal: int | None = None  # what was stored by then: the same rows however often it is asked
    without_roles: frozenset[str] = frozenset()  # rows of these are as if they were not there; "": nobody's


@dataclass(frozen=True, slots=True)
class Sought:
    """A filter, and what the database knows: who is meant by a group or class, and whose rows are whose."""

    what: Filter
    whos: tuple[int, ...] | None = None  # of who_set; None: whoever
    agreed: tuple[Correction, ...] = ()
    without_who: tuple[int, ...] = ()  # of who_set, where `whos` does not say it already

    @property
    def recorded_as(self) -> tuple[str, ...]:
        """Under which ids rows of the person sought may stand."""
        who = self.what.person_id
        if who is None:
            return ()
        return tuple(sorted({who} | {each.person_id for each in self.agreed if each.right_person_id == who}))

    @property
    def is_shown(self) -> bool:
        """Whether all that is sought is among the rows that people look through."""
        what = self.what
        if what.kind == CONNECT:
            return False
        blocked = what.verdict == BLOCK or what.reference is not None
        return bool(what.pages_only) or blocked or what.kind not in (None, REQUEST)


def sought(conn: Connection, what: Filter) -> Sought:
    narrowed = what.filter_group is not None or what.class_name is not None
    if not narrowed and not what.without_roles:
        return Sought(what, None, corrections(conn))
    sets = conn.execute(select(who_set).order_by(who_set.c.id)).all()
    without = tuple(row.id for row in sets if (row.role or "") in what.without_roles)
    if not narrowed:
        return Sought(what, None, corrections(conn), without)
    whos = tuple(
        row.id
        for row in sets
        if (what.filter_group is None or what.filter_group in row.filter_groups)
        and (what.class_name is None or what.class_name in row.classes)
        and row.id not in without
    )
    return Sought(what, whos, corrections(conn))


def named(said: str) -> str:
    """The host of what somebody typed or pasted, as the log has it. Raises NameFault."""
    bare = said.strip().removeprefix("*").removeprefix(".")
    try:
        host = canonical_host(bare)
    except NameFault:  # no host by itself, but perhaps something with one: a port, or a whole address
        host = parse_url(bare if SCHEME.match(bare) else f"https://{bare}").host
    if "*" in host:
        raise NameFault(said, "a * stands only before all of a host")
    return host


def key_of(host: str) -> str:
    """Raises NameFault."""
    return host_key(named(host)) or ""


def stands_alone(host: str) -> bool:
    """Nothing is below an address. Raises NameFault."""
    return is_ip(named(host))


def below(host: str) -> tuple[str, str]:
    """Between which keys this host and all below it lie; the second is no longer one of them."""
    key = key_of(host)
    return key, key[:-1] + chr(ord(".") + 1)


def conditions(conn: Connection, of: Sought) -> dict[str, ColumnElement[bool]]:
    """All that a row must be, by what it is about."""
    what, col = of.what, COLUMNS
    same = {
        "category": what.category,
        "verdict": what.verdict,
        "reason": what.reason,
        "unblock_id": what.unblock_id,
        "kind": what.kind,
        "reference": what.reference and reference_from(what.reference),
    }
    found: dict[str, ColumnElement[bool]] = {
        name: col[name] == value for name, value in same.items() if value is not None
    }
    if what.reference is not None:
        found["blocked"] = text(f"verdict = '{BLOCK}'")  # type: ignore[assignment]  # as its index says it
    if of.is_shown:
        found["shown"] = text(f"({SHOWN})")  # type: ignore[assignment]  # as the indexes say it, word for word
        if what.kind is None:
            found["no_request"] = COLUMNS["kind"] != CANARY
    elif what.kind is None:
        found["no_request"] = not_(NO_REQUEST)
    if of.whos is not None:
        found["who"] = col["who"].in_(of.whos)
    elif of.without_who:
        found["who"] = col["who"].not_in(of.without_who)
    if what.person_id is not None:
        found["person_id"] = _plain(rows_of(what.person_id, of.agreed))
    found |= _host_conditions(what)
    if what.upto_seal is not None:
        found["upto_seal"] = col["opened_in"] <= what.upto_seal
    if what.search_terms is not None:
        place = func.instr if conn.dialect.name == "sqlite" else func.strpos
        found["search_terms"] = place(col["search_terms"], tidy(what.search_terms)) > 0
    return found


def _host_conditions(what: Filter) -> dict[str, ColumnElement[bool]]:
    key = COLUMNS["host_key"]
    found: dict[str, ColumnElement[bool]] = {}
    if what.host is not None:
        first, end = below(what.host)
        found["host"] = key == first if stands_alone(what.host) else and_(key >= first, key < end)
    if what.host_exact is not None:
        found["host_exact"] = key == key_of(what.host_exact)
    return found


def between(from_at: datetime | None, to_at: datetime | None) -> list[ColumnElement[bool]]:
    at = COLUMNS["at"]
    found: list[ColumnElement[bool]] = [] if from_at is None else [at >= from_at]
    return found if to_at is None else [*found, at < to_at]


def older_than(at: datetime, event_id: str) -> ColumnElement[bool]:
    col = COLUMNS
    return and_(col["at"] <= at, or_(col["at"] < at, col["event_id"] < event_id))


def _plain(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same of columns without their table."""

    def bare(element: Any, **_: Any) -> Any:
        return COLUMNS[element.name] if getattr(element, "table", None) is filtering_log else None

    plain: ColumnElement[bool] = replacement_traverse(condition, {}, replace=bare)
    return plain
