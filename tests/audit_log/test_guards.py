"""What the database itself refuses, on both kinds; and what its owner does past it is found (FACTS 3.3)."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, insert, text
from sqlalchemy.exc import DBAPIError

from audit_log.change_log import append, verify
from audit_log.checkpoint import sign_checkpoint
from audit_log.db import keep_its_own_rules, reading, writing
from audit_log.tables import break_glass, log_review, preview, review, review_signature
from tests.builders import NOON

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
REFUSED = r"append-only|is a chain|only be erased|a checkpoint stays|not said yet"
REVIEW = {"id": "r_1", "kind": "tightening", "object_id": "c_1", "about_seq": 1, "opened_by": "p_1",
          "opened_at": NOON, "due_at": NOON, "needed": 1}  # fmt: skip
ENVELOPE = {"id": "g_1", "code_hash": "x", "made_by": "p_1", "agreed_by": "p_2", "made_at": NOON}


def fill(conn: Connection) -> None:
    for number in (1, 2, 3):
        append(
            conn,
            at=NOON,
            event="unblock:approve",
            actor="p_1",
            role="technician",
            object_id=f"u_{number}",
            texts={"reason": f"lesson {number}"},
        )
        sign_checkpoint(conn, KEY, NOON)
    conn.execute(insert(review).values(REVIEW))
    signed = {"review_id": "r_1", "person_id": "p_2", "at": NOON, "agrees": True}
    conn.execute(insert(review_signature).values(signed))
    conn.execute(insert(break_glass).values(ENVELOPE))
    conn.execute(insert(preview).values(proposal_id="c_1", sha256="x", made_at=NOON, report="{}"))
    seen = {"kind": "seen", "person_id": "p_1", "at": NOON, "size": 2, "sha256": "x"}
    conn.execute(insert(log_review).values(seq=3, **seen))


@pytest.fixture
def log(engine: Engine) -> Engine:
    with writing(engine) as conn:
        fill(conn)
    return engine


@pytest.fixture
def sqlite_log(sqlite_engine: Engine) -> Engine:
    with writing(sqlite_engine) as conn:
        fill(conn)
    return sqlite_engine


def refuse(engine: Engine, attack: str, match: str = REFUSED, first: str = "SELECT 1") -> None:
    with writing(engine) as conn:
        conn.execute(text(first))
        with pytest.raises(DBAPIError, match=match):
            conn.execute(text(attack))
        conn.rollback()


GUARDED = ("change_log", "change_text", "checkpoint", "review", "review_signature", "break_glass",
           "preview", "log_review")  # fmt: skip
ATTACKS = (
    "UPDATE change_log SET entry = entry WHERE seq = 2",
    "DELETE FROM change_log WHERE seq = 3",
    "DELETE FROM change_log",
    "INSERT INTO change_log SELECT 5, entry, leaf, leaf FROM change_log WHERE seq = 3",  # a gap
    "INSERT INTO change_log SELECT 4, entry, prev, leaf FROM change_log WHERE seq = 3",  # a fork
    "INSERT INTO change_log SELECT 2, entry, prev, leaf FROM change_log WHERE seq = 2",
    "UPDATE change_text SET text = 'x' WHERE seq = 2",
    "UPDATE change_text SET text = NULL, salt = (SELECT salt FROM change_text WHERE seq = 1) WHERE seq = 2",
    "UPDATE change_text SET seq = 3, field = 'purpose', text = NULL WHERE seq = 2",
    "DELETE FROM change_text WHERE seq = 2",
    "INSERT INTO change_text SELECT seq, 'purpose', salt, 'x' FROM change_text WHERE seq = 2",
    "INSERT INTO change_text SELECT 9, field, salt, text FROM change_text WHERE seq = 2",
    "UPDATE checkpoint SET note = 'x'",
    "DELETE FROM checkpoint WHERE size = 3",
    "INSERT INTO checkpoint SELECT 0, made_at, note, frontier FROM checkpoint WHERE size = 1",
    "UPDATE review SET needed = 2",
    "UPDATE review SET due_at = '2030-01-01 00:00:00+00:00'",
    "UPDATE review SET opened_by = 'p_9'",
    "DELETE FROM review",
    "UPDATE review_signature SET person_id = 'p_9'",
    "DELETE FROM review_signature",
    "UPDATE break_glass SET code_hash = 'mine'",
    "UPDATE break_glass SET agreed_by = 'p_9'",
    "DELETE FROM break_glass",
    "UPDATE preview SET report = '[]'",
    "UPDATE log_review SET size = 3",
    "DELETE FROM log_review",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_itself_refuses(log: Engine, attack: str) -> None:
    refuse(log, attack)


@pytest.mark.parametrize("table", GUARDED)
@pytest.mark.parametrize("how", ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"])
def test_sqlite_replaces_no_row(sqlite_log: Engine, table: str, how: str) -> None:
    """`recursive_triggers` off, as another program has it: REPLACE then fires no delete trigger."""
    with writing(sqlite_log) as conn:
        before = conn.execute(text(f"SELECT * FROM {table}")).all()  # noqa: S608  # our own words
        conn.exec_driver_sql("PRAGMA recursive_triggers=OFF")

    refuse(sqlite_log, f"{how} INTO {table} SELECT * FROM {table}")  # noqa: S608  # our own words

    with reading(sqlite_log) as conn:
        assert conn.execute(text(f"SELECT * FROM {table}")).all() == before  # noqa: S608  # our own words


@pytest.mark.parametrize("table", GUARDED)
def test_postgresql_empties_no_table(postgresql_engine: Engine, table: str) -> None:
    refuse(postgresql_engine, f"TRUNCATE {table}", "append-only")


def test_a_superuser_who_plays_the_replica_is_refused_too(postgresql_engine: Engine) -> None:
    with writing(postgresql_engine) as conn:
        fill(conn)
    for attack in ATTACKS:
        refuse(postgresql_engine, attack, first="SET LOCAL session_replication_role = replica")


def test_no_leaf_is_stored_that_is_not_the_hash_of_its_line(postgresql_engine: Engine) -> None:
    """Even where somebody has turned the triggers off."""
    with writing(postgresql_engine) as conn:
        fill(conn)
        conn.execute(text("ALTER TABLE change_log DISABLE TRIGGER USER"))

    refuse(postgresql_engine, "UPDATE change_log SET entry = '{}' WHERE seq = 2", "change_log_leaf")
    refuse(postgresql_engine, "UPDATE change_log SET leaf = prev WHERE seq = 2", "change_log_leaf")


@pytest.mark.parametrize(
    "once",
    [
        "UPDATE review SET done_at = due_at",
        "UPDATE break_glass SET used_at = made_at, used_by = 'p_3'",
        "UPDATE break_glass SET replaced_at = made_at",
    ],
)
def test_what_is_set_once_is_set_once(log: Engine, once: str) -> None:
    with writing(log) as conn:
        conn.execute(text(once))
        conn.execute(text(once))  # to what it is already

    table, column = once.split()[1], once.split()[3]
    refuse(log, f"UPDATE {table} SET {column} = NULL")  # noqa: S608  # our own words
    refuse(log, f"UPDATE {table} SET {column} = '2030-01-01 00:00:00+00:00'")  # noqa: S608  # our own words


def test_a_text_is_erased_and_does_not_come_back(log: Engine) -> None:
    with writing(log) as conn:
        conn.execute(text("UPDATE change_text SET text = NULL WHERE seq = 2"))

    refuse(log, "UPDATE change_text SET text = 'lesson 2' WHERE seq = 2")


def test_the_salt_goes_with_its_text_and_not_before(log: Engine) -> None:
    no_salt = text("UPDATE change_text SET text = NULL, salt = :zero WHERE seq = 2")
    alone = text("UPDATE change_text SET salt = :zero WHERE seq = 3")
    with writing(log) as conn:
        conn.execute(no_salt, {"zero": bytes(16)})
        with pytest.raises(DBAPIError, match="only be erased"):
            conn.execute(alone, {"zero": bytes(16)})
        conn.rollback()


def test_what_the_owner_of_the_database_does_past_the_guards_is_found(
    log: Engine, without_guards: Callable[[Engine], None]
) -> None:
    without_guards(log)
    with writing(log) as conn:
        conn.execute(text("UPDATE change_log SET entry = replace(entry, 'u_2', 'u_9') WHERE seq = 2"))

    with reading(log) as conn:
        found = verify(conn, KEY.public_key())

    assert (found.whole, found.first_bad) == (False, 2)


def test_no_connection_of_ours_writes_the_schema_of_sqlite(tmp_path: Path) -> None:
    """Where Python can say so: dropping a trigger by rewriting the table of the schema does nothing."""
    with sqlite3.connect(tmp_path / "a.sqlite") as made:
        made.execute("CREATE TABLE a (b)")
        made.execute("CREATE TRIGGER t BEFORE DELETE ON a BEGIN SELECT RAISE(ABORT, 'no'); END")
    connection = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    keep_its_own_rules(connection)

    connection.execute("PRAGMA writable_schema=ON")
    with pytest.raises(sqlite3.OperationalError, match="may not be modified"):
        connection.execute("DELETE FROM sqlite_master WHERE name = 't'")
    connection.close()
    made.close()
