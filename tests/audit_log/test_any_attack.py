"""Whatever is changed in a sealed log is found: attacks drawn at random, on copies of one file."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import text

from audit_log.change_log import Verification
from audit_log.db import migrate, open_engine
from tests.audit_log.test_verification import SIZE, answer, fill


@pytest.fixture(scope="module")
def sealed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole log in one SQLite file, to be copied and attacked."""
    path = tmp_path_factory.mktemp("sealed") / "whole.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    fill(engine)
    with engine.connect() as conn:
        names = conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in names:
            conn.execute(text(f"DROP TRIGGER {name}"))
        conn.commit()
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


def attacked(whole: Path, statement: str, values: tuple[object, ...] = ()) -> Verification:
    """What verify says of a copy of the log after one statement."""
    copy = whole.with_name("copy.sqlite")
    shutil.copy(whole, copy)
    with closing(sqlite3.connect(copy)) as conn, conn:
        conn.execute("PRAGMA journal_mode=DELETE")
        conn.execute(statement, values)
    engine = open_engine(f"sqlite:///{copy}")
    try:
        return answer(engine)
    finally:
        engine.dispose()


COLUMNS = [
    *[("change_log", "seq", "entry"), ("change_log", "seq", "prev"), ("change_log", "seq", "leaf")],
    *[("change_text", "seq", "salt"), ("change_text", "seq", "text"), ("checkpoint", "size", "note")],
]


@given(
    where=st.sampled_from(COLUMNS),
    seq=st.integers(1, SIZE),
    place=st.integers(0, 400),
    bit=st.integers(0, 7),
)
def test_any_single_changed_bit_is_found(
    sealed_file: Path, where: tuple[str, str, str], seq: int, place: int, bit: int
) -> None:
    table, key, column = where
    with closing(sqlite3.connect(sealed_file)) as conn:
        (value,) = conn.execute(f"SELECT {column} FROM {table} WHERE {key} = ?", (seq,)).fetchone()  # noqa: S608  # our own names
    data = bytearray(value if isinstance(value, bytes) else value.encode())
    data[place % len(data)] ^= 1 << bit
    changed = bytes(data) if isinstance(value, bytes) else data.decode("utf-8", "replace")

    found = attacked(sealed_file, f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (changed, seq))  # noqa: S608  # our own names

    assert not found.whole
    assert found.first_bad is not None
    assert found.first_bad <= seq + 1


@given(seq=st.integers(1, SIZE))
def test_any_removed_line_is_found(sealed_file: Path, seq: int) -> None:
    found = attacked(sealed_file, "DELETE FROM change_log WHERE seq = ?", (seq,))

    assert (found.whole, found.first_bad) == (False, seq)


@given(one=st.integers(1, SIZE), other=st.integers(1, SIZE))
def test_any_two_swapped_lines_are_found(sealed_file: Path, one: int, other: int) -> None:
    assume(one != other)
    swap = """UPDATE change_log SET (entry, prev, leaf) = (SELECT entry, prev, leaf FROM change_log AS c
              WHERE c.seq = CASE change_log.seq WHEN ?1 THEN ?2 ELSE ?1 END) WHERE seq IN (?1, ?2)"""

    assert not attacked(sealed_file, swap, (one, other)).whole


def test_the_copy_that_is_not_attacked_is_whole(sealed_file: Path) -> None:
    assert attacked(sealed_file, "SELECT 1").whole
