"""Rows lie in parts that can be made ahead and dropped whole, and are read by one name."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from audit_log import parts
from audit_log.db import reading, writing

DAY = date(2041, 11, 30)  # no other test has rows of that year


def names(conn: Connection) -> list[str]:
    return [part.name for part in parts.tables(conn)]


def test_a_table_is_made_for_each_day_or_month_that_has_none(engine: Engine) -> None:
    days = [DAY, DAY, DAY + timedelta(days=1)]
    with writing(engine) as conn:
        before = names(conn)
        parts.ensure(conn, days)
        parts.ensure(conn, days)
        made = [name for name in names(conn) if name not in before]
        assert made == [parts.table_for(conn, DAY + timedelta(days=1)), parts.table_for(conn, DAY)]
        for name in made:
            parts.drop(conn, name)
        assert names(conn) == before


def test_each_table_knows_its_days(engine: Engine) -> None:
    with writing(engine) as conn:
        parts.ensure(conn, [date(2041, 12, 31)])
        newest = parts.tables(conn)[0]
        parts.drop(conn, newest.name)

    sqlite = engine.dialect.name == "sqlite"
    assert newest.first == (date(2041, 12, 1) if sqlite else date(2041, 12, 31))
    assert newest.end == date(2042, 1, 1)


def test_an_empty_log_can_be_read_by_its_name(engine: Engine) -> None:
    with reading(engine) as conn:
        assert conn.execute(text("SELECT event_id FROM filtering_log ORDER BY at DESC LIMIT 1")).all() == []


def test_only_a_table_of_the_log_can_be_dropped(engine: Engine) -> None:
    with writing(engine) as conn, pytest.raises(ValueError, match="not a table"):
        parts.drop(conn, "person")


def test_months_on_sqlite_have_the_indexes_that_days_on_postgresql_have(
    sqlite_engine: Engine, postgresql_engine: Engine
) -> None:
    with writing(sqlite_engine) as conn:
        parts.ensure(conn, [DAY])
        found = conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
        ours = {
            n.removeprefix("filtering_log_2041_11_") for n in found.scalars() if n.startswith("filtering_log")
        }
    with writing(postgresql_engine) as conn:
        found = conn.execute(text("SELECT indexname FROM pg_indexes WHERE tablename = 'filtering_log'"))
        theirs = {name.removeprefix("filtering_log_") for name in found.scalars()} - {"pkey"}

    assert ours == theirs
