"""One day's rows as they are stored, and what follows from them: read once, in whatever order they lie."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, text

from audit_log.day_totals import day_bounds
from audit_log.event_id import reference_of
from audit_log.first_seals import EARLIER
from audit_log.row_seal import ID_BYTES, half
from audit_log.rows import AT, CLOSING, DERIVED, HOST, KEEP, OPENING, PAGE, SEALS, Values, host_key, who_key
from audit_log.streaming import streaming

NAMES = (*OPENING, *DERIVED, *CLOSING, *SEALS)
CLOSING_AT, SEALS_AT = len(OPENING) + len(DERIVED), len(OPENING) + len(DERIVED) + len(CLOSING)
DECRYPTED, OUTCOME = CLOSING.index("decrypted"), CLOSING.index("outcome")
REFERENCE, TERMS = OPENING.index("reference"), OPENING.index("search_terms")
BYTES = re.compile(rf"[\x21-\x7e]{{{ID_BYTES}}}")
WHO_SETS = text("SELECT id, role, filter_groups, classes FROM who_set")
UNUSUAL = "no value of ours"  # of a yes-or-no that is neither; no seal fits it


@dataclass(frozen=True, slots=True)
class StoredRow:
    opening: Values
    derived: Values
    closing: Values
    opened_in: Any
    closed_in: Any

    @property
    def event_id(self) -> Any:
        return self.opening[0]

    @property
    def at(self) -> Any:
        return self.opening[AT]

    @property
    def halves(self) -> tuple[bytes, bytes] | None:
        """None where the id is none of ours."""
        if not isinstance(self.event_id, str) or not BYTES.fullmatch(self.event_id):
            return None
        return half(self.event_id, self.opening), half(self.event_id, self.closing)

    @property
    def claims_to_have_ended(self) -> bool:
        """`interrupted` only says that no closing ever came."""
        decrypted, *numbers, outcome = self.closing
        return (
            decrypted is not False
            or any(x is not None for x in numbers)
            or outcome not in {None, "interrupted"}
        )

    @property
    def is_plainly_earlier(self) -> bool:
        """The first seals do not cover what a row had not yet."""
        return (self.opening[TERMS], self.opening[PAGE], self.opening[KEEP]) == (None, True, EARLIER)


def rows_of_day(conn: Connection, day: date) -> Iterator[StoredRow]:
    """Through the name that readers use, so that what they see is what is checked."""
    with streaming(conn, _query(conn, ""), day_bounds(conn, day)) as rows:
        for row in rows:
            yield _stored(tuple(row), sqlite=conn.dialect.name == "sqlite")


def rows_by_id(conn: Connection, day: date, ids: Sequence[str]) -> Iterator[StoredRow]:
    query = _query(conn, " AND event_id IN :ids").bindparams(bindparam("ids", expanding=True))
    for row in conn.execute(query, {**day_bounds(conn, day), "ids": ids}):
        yield _stored(tuple(row), sqlite=conn.dialect.name == "sqlite")


def _query(conn: Connection, more: str) -> TextClause:
    columns = ", ".join(_as_sealed(name, sqlite=conn.dialect.name == "sqlite") for name in NAMES)
    return text(f"SELECT {columns} FROM filtering_log WHERE at >= :first AND at < :end{more}")  # noqa: S608  # our own names


def _as_sealed(name: str, *, sqlite: bool) -> str:
    return name if sqlite or name != "at" else "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"


def _stored(values: Values, *, sqlite: bool) -> StoredRow:
    opening, closing = values[: len(OPENING)], values[CLOSING_AT:SEALS_AT]
    if sqlite:
        opening = (*opening[:PAGE], _yes_or_no(opening[PAGE]), *opening[PAGE + 1 :])
        closing = (_yes_or_no(closing[DECRYPTED]), *closing[DECRYPTED + 1 :])
    return StoredRow(opening, values[len(OPENING) : CLOSING_AT], closing, *values[SEALS_AT:])


def _yes_or_no(value: object) -> object:
    return bool(value) if type(value) is int and value in {0, 1} else UNUSUAL


class Derived:
    """What the columns that are not sealed must be."""

    def __init__(self, conn: Connection) -> None:
        rows = conn.execute(WHO_SETS)
        self._who: Mapping[Any, Values] = {row[0]: tuple(row)[1:] for row in rows}

    def fault(self, row: StoredRow) -> str:
        """Which of them is not; "" where all are."""
        key, who = row.derived
        host = row.opening[HOST]
        if key != (host_key(host) if isinstance(host, str | None) else UNUSUAL):
            return "host_key does not follow from its host"
        if self._who.get(who) != who_key(row.opening):
            return "who does not follow from its role, groups and classes"
        if row.opening[REFERENCE] != reference_of(row.opening[0]):
            return "its reference is another's"
        return ""
