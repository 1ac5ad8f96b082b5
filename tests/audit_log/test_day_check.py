"""Whatever single value is changed in the log or beside it is found: drawn at random, each in a fresh log."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from audit_log.db import open_engine, writing
from audit_log.parts import table_for
from audit_log.rows import CLOSING, OPENING
from tests.audit_log.attacks import store, verified
from tests.audit_log.records import event_id
from tests.builders import NOON

TODAY = NOON.date()


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(1, 5),
    column=st.sampled_from((*OPENING, "host_key", "who", *CLOSING, "opened_in", "closed_in")),
    value=st.none() | st.integers(-3, 600) | st.text(max_size=5) | st.binary(max_size=5),
)
def test_any_changed_value_is_found(
    empty_log: Callable[[], Path], number: int, column: str, value: object
) -> None:
    folder = empty_log()
    engine = open_engine(f"sqlite:///{folder / 'log.sqlite'}")
    store(engine, folder)
    sql = f"SELECT {column} FROM filtering_log WHERE event_id = ?"  # noqa: S608  # our own names
    with writing(engine) as conn:
        before = conn.exec_driver_sql(sql, (event_id(number),)).scalar()
        with suppress(DBAPIError), conn.begin_nested():
            table = table_for(conn, TODAY)
            conn.exec_driver_sql(
                f"UPDATE {table} SET {column} = ? WHERE event_id = ?",  # noqa: S608  # our own names
                (value, event_id(number)),
            )
        after = conn.exec_driver_sql(sql, (event_id(number),)).scalar()
    whole = verified(engine).whole
    engine.dispose()

    unsealed = column == "outcome" and {before, after} <= {None, "interrupted"}
    assert whole == (unsealed or (before == after and type(before) is type(after)))


SEALED = (
    *[("filtering_seal", name) for name in ("seq", "entry", "prev", "leaf", "part")],
    *[("filtering_leaf", name) for name in ("seq", "opened", "closed")],
    *[
        ("rollup_hour", name)
        for name in ("hour", "filter_groups", "category", "verdict", "list_id", "requests", "pages")
    ],
    *[("rollup_day", name) for name in ("day", "site", "filter_groups", "verdict", "requests", "pages")],
    *[("who_set", name) for name in ("id", "role", "filter_groups", "classes")],
)


@settings(max_examples=60, deadline=None)
@given(
    where=st.sampled_from(SEALED),
    row=st.integers(0, 2),
    value=st.none() | st.integers(-3, 9) | st.text(max_size=5) | st.binary(max_size=5) | st.just(b"x" * 116),
)
def test_any_changed_value_beside_the_rows_is_found(
    empty_log: Callable[[], Path], where: tuple[str, str], row: int, value: object
) -> None:
    folder, (table, column) = empty_log(), where
    engine = open_engine(f"sqlite:///{folder / 'log.sqlite'}")
    store(engine, folder)
    with writing(engine) as conn:
        for trigger in (
            conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        ):
            conn.exec_driver_sql(f"DROP TRIGGER {trigger}")
        info = conn.exec_driver_sql(f"PRAGMA table_info({table})").all()
        key = ", ".join(each.name for each in info if each.pk)
        sql = f"SELECT * FROM {table}"  # noqa: S608  # our own names
        before = sorted(map(repr, conn.exec_driver_sql(sql).all()))
        nth = f"SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET ?"  # noqa: S608  # our own names
        change = f"UPDATE {table} SET {column} = ? WHERE ({key}) = ({nth})"  # noqa: S608  # our own names
        with suppress(DBAPIError), conn.begin_nested():
            conn.exec_driver_sql(change, (value, row))
        after = sorted(map(repr, conn.exec_driver_sql(sql).all()))
    whole = verified(engine).whole
    engine.dispose()

    assert whole == (before == after)
