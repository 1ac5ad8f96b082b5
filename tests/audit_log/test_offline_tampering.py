"""Two hundred entries and one old checkpoint: whatever is done to any of them is found in the export alone.

The one who does it owns the server. Where it helps, they link and sign everything anew.
"""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_log.change_export import export_lines
from audit_log.db import open_engine, reading
from audit_log.offline.verify_changes import check
from tests.audit_log.exports import Lines, export_of
from tests.audit_log.forging import Log, edited
from tests.audit_log.offline_school import KEPT, SIZE, real
from tests.builders import NOON
from tests.change_control.school import KEY

OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ROWS = range(1, KEPT + 1)


def forged(entry: str) -> str:
    return edited(entry, lambda said: said.update(actor="p_nobody"))


def edit(log: Log, row: int) -> Log:
    entries = list(log.entries)
    entries[row - 1] = (forged(entries[row - 1][0]), entries[row - 1][1])
    return log.with_entries(entries)


def delete(log: Log, row: int) -> Log:
    return log.with_entries([*log.entries[: row - 1], *log.entries[row:]])


def swap(log: Log, row: int) -> Log:
    entries = list(log.entries)
    entries[row - 1], entries[row] = entries[row], entries[row - 1]
    return log.with_entries(entries)


def insert(log: Log, row: int) -> Log:
    """A copy, and every later one with its number and its link."""
    return log.with_entries([*log.entries[:row], *log.entries[row - 1 :]])


def cut(log: Log, row: int) -> Log:
    return log.cut(row - 1).signed()


def rechain(log: Log, row: int) -> Log:
    return edit(log, row).rechained(row)


def sign_with_another_key(log: Log, row: int) -> Log:
    return rechain(log, row).signed(OTHER)


def sign_with_the_same_key(log: Log, row: int) -> Log:
    return rechain(log, row).signed()


def delete_and_sign_with_the_same_key(log: Log, row: int) -> Log:
    entries = [*log.entries[: row - 1], *log.entries[row:]]
    return Log(entries, [], [], log.names, log.key).rechained(row).signed()


ATTACKS: list[Callable[[Log, int], Log]] = [
    *(edit, delete, swap, insert, cut, rechain),
    *(sign_with_another_key, sign_with_the_same_key, delete_and_sign_with_the_same_key),
]


def is_found(lines: Lines, kept: str) -> bool:
    answer = check(lines, [kept])
    return (
        answer["status"] == 1
        and bool(answer["faults"])
        and answer["headline"].startswith("The record is NOT")
    )


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.__name__)
def test_any_entry_that_is_attacked_is_found(attack: Callable[[Log, int], Log]) -> None:
    whole = Log.of(real().lines, KEY)

    assert not [row for row in ROWS if not is_found(attack(whole, row).lines(), real().kept)]


@pytest.fixture(scope="module")
def opened() -> Iterator[sqlite3.Connection]:
    """The database itself, copied into memory, and its guards gone."""
    with closing(sqlite3.connect(real().database)) as there, closing(sqlite3.connect(":memory:")) as here:
        there.backup(here)
        for (name,) in here.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            here.execute(f"DROP TRIGGER {name}")
        here.commit()
        yield here


EDIT = "UPDATE change_log SET entry = ?2, prev = ?3, leaf = ?4 WHERE seq = ?1"
REPLACE = "INSERT OR REPLACE INTO change_log (seq, entry, prev, leaf) VALUES (?1, ?2, ?3, ?4)"


def test_any_entry_rewritten_in_the_database_is_found_in_the_export(opened: sqlite3.Connection) -> None:
    """In either way: what comes of it is the same."""
    missed = []
    for row in ROWS:
        entry, prev = opened.execute("SELECT entry, prev FROM change_log WHERE seq = ?", (row,)).fetchone()
        exports = []
        for statement in (EDIT, REPLACE):
            opened.execute(statement, (row, forged(entry), prev, _leaf(prev, forged(entry))))
            exports.append(export_of(opened, KEY.public_key(), newest=4))
            opened.rollback()
        if exports[0] != exports[1] or not is_found(exports[0], real().kept):
            missed.append(row)

    assert not missed


def _leaf(prev: bytes, entry: str) -> bytes:
    return hashlib.sha256(b"\0" + prev + entry.encode()).digest()


def test_what_is_not_attacked_is_whole() -> None:
    answer = check(Log.of(real().lines, KEY).lines(), [real().kept])

    assert (answer["status"], answer["entries"]) == (0, SIZE)
    assert answer["headline"].startswith(f"The record is whole: {SIZE} entries, from ")
    assert answer["headline"].endswith(f"({KEPT} entries).")


@pytest.mark.parametrize("row", range(KEPT + 1, SIZE + 1))
def test_what_the_owner_of_the_key_rewrites_after_the_old_checkpoint_is_not_found_and_is_said(
    row: int,
) -> None:
    whole = Log.of(real().lines, KEY)
    entries = list(whole.entries)
    entries[row - 1] = (
        edited(entries[row - 1][0], lambda said: said.update(at="2026-12-24T12:00:00.000000Z")),
        "",
    )

    for attacked in (whole.with_entries(entries).rechained(row).signed(), whole.cut(row - 1).signed()):
        answer = check(attacked.lines(), [real().kept])
        said = [line for section in answer["sections"] for line in section["lines"]]

        assert answer["status"] == 0
        assert row - 1 == KEPT or any("could still be written anew" in line for line in said)


@pytest.mark.parametrize("row", [1, 50, KEPT])
def test_a_record_signed_with_another_key_is_found_by_the_key_alone(row: int) -> None:
    attacked = sign_with_another_key(Log.of(real().lines, KEY), row)

    assert check(attacked.lines())["faults"] == []
    assert check(attacked.lines(), key=KEY.public_key().public_bytes_raw())["faults"][0]["code"] == "key"


def _our_export(database: Path) -> Lines:
    engine = open_engine(f"sqlite:///{database}")
    with reading(engine) as conn:
        lines = [line.rstrip("\n").encode() for line in export_lines(conn, KEY.public_key(), NOON)]
    engine.dispose()
    return lines


def test_our_own_export_is_whole_and_says_what_an_outsider_would_read() -> None:
    ours, theirs = _our_export(real().database), real().lines
    answer = check(ours, [real().kept])

    assert answer["status"] == 0
    assert answer["headline"] == check(theirs, [real().kept])["headline"]


@pytest.mark.parametrize("row", [1, 57, KEPT])
def test_our_own_export_hides_nothing_of_what_was_rewritten_in_the_database(row: int, tmp_path: Path) -> None:
    database = Path(shutil.copy(real().database, tmp_path))
    with closing(sqlite3.connect(database)) as conn, conn:
        for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            conn.execute(f"DROP TRIGGER {name}")
        entry, prev = conn.execute("SELECT entry, prev FROM change_log WHERE seq = ?", (row,)).fetchone()
        conn.execute(EDIT, (row, forged(entry), prev, _leaf(prev, forged(entry))))

    assert is_found(_our_export(database), real().kept)
