"""A log of the time before there were parts, as the migration leaves it: for tests of what remains of it."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from audit_log.first_seals import EARLIER, FIRST_OPENING, seal_text
from audit_log.parts import ensure, table_for
from audit_log.rollups import DAYS, HOURS, Totals, counted_as, named
from audit_log.rows import CLOSING, OPENING, Values, closing_values, host_key, opening_values, who_key
from audit_log.seal import GENESIS, leaf_of, stamp
from audit_log.tables import rollup_day, rollup_hour
from tests.audit_log.records import a_whole
from tests.builders import NOON

ROWS = (1, 2, 3, 4)  # two in each of two seals, on two days


def store_earlier(conn: Connection, persons: tuple[str, ...] = ("p_anna",) * 4) -> None:
    totals, prev = Totals(), GENESIS
    ensure(conn, [(NOON + timedelta(days=n)).date() for n in (0, 1)])
    for seq, numbers in ((1, ROWS[:2]), (2, ROWS[2:])):
        at = NOON + timedelta(days=seq - 1)
        halves = []
        for number in numbers:
            record = a_whole(number, at=stamp(at), person=persons[number - 1])
            opening = (*opening_values(record, "gate-1")[: len(FIRST_OPENING)], None, True, EARLIER)
            closing = closing_values(record)
            totals.add(counted_as(opening))
            _insert_row(conn, at, opening, closing, seq)
            halves.append((opening[: len(FIRST_OPENING)], (opening[0], *closing)))
        entry = seal_text(seq, at, opened=[a for a, _ in halves], closed=[b for _, b in halves])
        conn.execute(
            text("INSERT INTO filtering_seal (seq, entry, prev, leaf) VALUES (:seq, :entry, :prev, :leaf)"),
            {"seq": seq, "entry": entry, "prev": prev, "leaf": leaf_of(prev, entry)},
        )
        prev = leaf_of(prev, entry)
    _insert_totals(conn, totals)


def _insert_row(conn: Connection, at: datetime, opening: Values, closing: Values, seq: int) -> None:
    if conn.scalar(text("SELECT count(*) FROM who_set")) == 0:
        role, groups, classes = who_key(opening)
        row = {"role": role, "groups": groups, "classes": classes}
        conn.execute(text("INSERT INTO who_set VALUES (1, :role, :groups, :classes)"), row)
    values = dict(zip((*OPENING, *CLOSING), (*opening, *closing), strict=True))
    values |= {"host_key": host_key(values["host"]), "who": 1, "opened_in": seq, "closed_in": seq}
    if conn.dialect.name == "postgresql":
        values["at"] += "+00"
    columns = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    conn.execute(text(f"INSERT INTO {table_for(conn, at.date())} ({columns}) VALUES ({marks})"), values)  # noqa: S608  # our own names


def _insert_totals(conn: Connection, totals: Totals) -> None:
    hours = named((*HOURS, "requests", "pages"), totals.hours())
    days = named((*DAYS, "requests", "pages"), totals.days())
    zone = "" if conn.dialect.name == "sqlite" else "+00"
    for table, rows in ((rollup_hour, hours), (rollup_day, days)):
        for row in rows:
            if "hour" in row:
                row["hour"] += f":00:00.000000{zone}"
            columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
            conn.execute(text(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"), row)  # noqa: S608  # our own names
