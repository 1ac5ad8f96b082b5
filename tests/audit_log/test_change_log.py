"""Sealed lines: one for each change, chained, with the texts beside them, and no way to rewrite them."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import rfc8785
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from audit_log.change_log import NO_TIME, UNREADABLE, EntryError, append, entries, erase_text, verify
from audit_log.db import reading, writing
from audit_log.seal import GENESIS, NO_SALT, leaf_of
from audit_log.tables import change_log, change_text
from tests.builders import NOON


def seal(conn: Connection, event: str = "unblock:approve", **changes: Any) -> int:
    line: dict[str, Any] = {
        "at": NOON,
        "event": event,
        "actor": "p_terry",
        "role": "technician",
        "object_id": "u_1",
        "detail": {"state": "approved", "sites": ["bbc.example"]},
        "texts": {"reason": "for the lesson on rivers"},
    }
    return append(conn, **line | changes)


def test_entries_are_numbered_from_one_and_chained(engine: Engine) -> None:
    with writing(engine) as conn:
        assert [seal(conn), seal(conn), seal(conn)] == [1, 2, 3]

    with reading(engine) as conn:
        rows = conn.execute(select(change_log).order_by(change_log.c.seq)).all()
    assert [row.prev for row in rows] == [GENESIS, rows[0].leaf, rows[1].leaf]
    assert all(row.leaf == leaf_of(row.prev, row.entry) for row in rows)


def test_an_entry_is_canonical_json_of_the_named_fields(engine: Engine) -> None:
    with writing(engine) as conn:
        seal(conn)

    with reading(engine) as conn:
        stored = conn.scalar(select(change_log.c.entry)) or ""
    entry = json.loads(stored)
    assert set(entry) == {"seq", "at", "event", "actor", "role", "object", "detail", "texts"}
    assert rfc8785.dumps(entry).decode() == stored
    assert entry["at"] == "2026-11-24T12:00:00.000000Z"


def test_what_people_wrote_is_sealed_by_hash_and_kept_beside(engine: Engine) -> None:
    with writing(engine) as conn:
        seal(conn, texts={"reason": "Ünïque words: ∞"})

    with reading(engine) as conn:
        assert "words" not in (conn.scalar(select(change_log.c.entry)) or "")
        assert entries(conn)[0].texts == {"reason": "Ünïque words: ∞"}


def test_equal_texts_have_different_seals(engine: Engine) -> None:
    with writing(engine) as conn:
        seal(conn)
        seal(conn)

    with reading(engine) as conn:
        one, two = (json.loads(e.sealed)["texts"]["reason"] for e in entries(conn))
    assert one != two


@pytest.mark.parametrize(
    "wrong",
    [
        {"detail": {"share": 0.5}},
        {"detail": {"when": NOON}},
        {"detail": {"many": 2**53}},
        {"detail": {"deep": [{"set": {1, 2}}]}},
        {"detail": {1: "one"}},
        {"detail": {"text": "a\ud800b"}},
        {"detail": {"bytes": b"x"}},
        {"texts": {"reason": 3}},
        {"texts": {"reason": "nul\0"}},
        {"texts": {"reason": "\ud83d"}},
        {"texts": {"a name with blanks": "x"}},
        {"event": "approve"},
        {"event": "Unblock:approve"},
        {"actor": None},
        {"role": 1},
        {"object_id": 7},
        {"at": datetime(2026, 11, 24, 12, 0)},
    ],
)
def test_what_cannot_be_sealed_the_same_everywhere_is_refused(
    sqlite_engine: Engine, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"."), writing(sqlite_engine) as conn:
        seal(conn, **wrong)

    with reading(sqlite_engine) as conn:
        assert conn.scalar(select(func.count()).select_from(change_log)) == 0


def test_an_entry_goes_with_its_change_or_not_at_all(engine: Engine) -> None:
    def fail() -> None:
        with writing(engine) as conn:
            seal(conn)
            raise EntryError("the change failed")

    with pytest.raises(EntryError):
        fail()

    with writing(engine) as conn:
        assert seal(conn) == 1


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE change_log SET entry = '{}' WHERE seq = 2",
        "UPDATE change_log SET seq = 9 WHERE seq = 3",
        "DELETE FROM change_log WHERE seq = 3",
        "DELETE FROM change_log",
        "INSERT INTO change_log SELECT 9, entry, prev, leaf FROM change_log WHERE seq = 3",
        "INSERT INTO change_log SELECT 4, entry, prev, leaf FROM change_log WHERE seq = 3",
        "INSERT INTO change_log SELECT 0, entry, prev, leaf FROM change_log WHERE seq = 1",
        "UPDATE change_text SET text = 'another reason' WHERE seq = 2",
        "UPDATE change_text SET text = NULL, seq = 8 WHERE seq = 2",
        "DELETE FROM change_text WHERE seq = 2",
    ],
)
def test_the_database_itself_refuses_to_rewrite(engine: Engine, attack: str) -> None:
    with writing(engine) as conn:
        for _ in range(3):
            seal(conn)

    with pytest.raises(DBAPIError, match=r"append-only|a chain|only be erased"), writing(engine) as conn:
        conn.execute(text(attack))


@pytest.mark.parametrize(
    "attack",
    [
        "INSERT OR REPLACE INTO change_log SELECT 2, '{}', prev, leaf FROM change_log WHERE seq = 2",
        "REPLACE INTO change_log SELECT * FROM change_log WHERE seq = 3",
        "INSERT INTO change_log SELECT * FROM change_log WHERE seq = 2 ON CONFLICT DO UPDATE SET entry = ''",
        "UPDATE OR REPLACE change_log SET seq = 2 WHERE seq = 3",
        "REPLACE INTO change_text SELECT seq, field, salt, 'x' FROM change_text WHERE seq = 2",
    ],
)
def test_sqlite_cannot_be_talked_into_replacing(sqlite_engine: Engine, attack: str) -> None:
    with writing(sqlite_engine) as conn:
        for _ in range(3):
            seal(conn)

    refused = pytest.raises(DBAPIError, match=r"append-only|a chain|only be erased")
    with refused, writing(sqlite_engine) as conn:
        conn.execute(text(attack))


@pytest.mark.parametrize(
    "attack",
    [
        "TRUNCATE change_log",
        "SET LOCAL session_replication_role = replica; DELETE FROM change_log",
        "INSERT INTO change_log SELECT 4, 'not what the leaf says', leaf, leaf FROM change_log WHERE seq = 3",
    ],
)
def test_postgresql_cannot_be_talked_into_rewriting(postgresql_engine: Engine, attack: str) -> None:
    with writing(postgresql_engine) as conn:
        for _ in range(3):
            seal(conn)

    with pytest.raises(DBAPIError, match=r"append-only|a chain"), writing(postgresql_engine) as conn:
        conn.execute(text(attack))


def test_two_who_append_at_once_make_one_chain(engine: Engine) -> None:
    def work() -> None:
        for _ in range(8):
            with writing(engine) as conn:
                seal(conn)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with reading(engine) as conn:
        answer = verify(conn)
    assert (answer.whole, answer.entries) == (True, 24)


def test_entries_come_newest_first_and_by_pages(engine: Engine) -> None:
    with writing(engine) as conn:
        for _ in range(7):
            seal(conn)

    with reading(engine) as conn:
        assert [e.seq for e in entries(conn, limit=3)] == [7, 6, 5]
        assert [e.seq for e in entries(conn, limit=3, before=5)] == [4, 3, 2]
        assert [e.seq for e in entries(conn, limit=3, after=5)] == [6, 7]


def test_entries_are_found_by_what_they_say(engine: Engine) -> None:
    with writing(engine) as conn:
        seal(conn, "unblock:request", actor="p_tess", role="staff")
        seal(conn, "unblock:approve", at=NOON + timedelta(hours=1))
        seal(conn, "policy:propose", object_id="c_9", at=NOON + timedelta(hours=2))

    def found(**filters: Any) -> list[int]:
        with reading(engine) as conn:
            return [e.seq for e in entries(conn, **filters)]

    assert found(event="unblock:approve") == [2]
    assert found(event="unblock:") == [2, 1]
    assert found(actor="p_tess") == [1]
    assert found(object_id="c_9") == [3]
    assert found(since=NOON + timedelta(hours=1)) == [3, 2]
    assert found(until=NOON + timedelta(hours=1)) == [1]
    assert found(event="un%:") == []


def test_an_entry_comes_back_as_it_was_given(engine: Engine) -> None:
    with writing(engine) as conn:
        seal(conn, detail={"none": None, "yes": True, "list": [1, {"a": "b"}]})

    with reading(engine) as conn:
        (entry,) = entries(conn)
    assert (entry.at, entry.actor, entry.role, entry.object_id) == (NOON, "p_terry", "technician", "u_1")
    assert entry.detail == {"none": None, "yes": True, "list": [1, {"a": "b"}]}


def test_a_text_is_erased_with_a_line_that_says_so(engine: Engine) -> None:
    with writing(engine) as conn:
        seal(conn)
        erase_text(conn, 1, "reason", at=NOON, actor="p_head", role="headteacher", reason="S104")

    with reading(engine) as conn:
        kept = select(change_text.c.text, change_text.c.salt).where(change_text.c.seq == 1)
        assert conn.execute(kept).all() == [(None, NO_SALT)]  # with a salt it could be guessed
        answer = verify(conn)
    assert answer.whole
    assert "1 text was erased" in answer.says


def test_a_text_is_erased_once(engine: Engine) -> None:
    with writing(engine) as conn:
        seal(conn)
        erase_text(conn, 1, "reason", at=NOON, actor="p_head", role="headteacher", reason="S104")

        with pytest.raises(EntryError, match="no text"):
            erase_text(conn, 1, "reason", at=NOON, actor="p_head", role="headteacher", reason="S104")


def test_the_system_itself_can_be_an_actor(engine: Engine) -> None:
    with writing(engine) as conn:
        seal(conn, "unblock:lapse", actor="system", role="system")

    with reading(engine) as conn:
        assert entries(conn)[0].actor == "system"


UNREADABLES = ["'nonsense'", "''", "'[]'", "'{\"seq\":2}'", "'" + "[" * 20_000 + "'"]


@pytest.mark.parametrize("damage", UNREADABLES)
def test_a_line_that_cannot_be_read_is_shown_so_and_hides_no_other(
    engine: Engine, without_guards: Callable[[Engine], None], damage: str
) -> None:
    damaged(engine, without_guards, f"UPDATE change_log SET entry = {damage} WHERE seq = 2")  # noqa: S608  # our own words

    shown_with_the_others(engine)


@pytest.mark.parametrize(
    "damage",
    [
        "entry = cast(x'ff' AS TEXT)",
        "entry = cast(entry AS BLOB)",
        "entry = replace(entry, 'p_terry', cast(x'ff' AS TEXT))",
        "entry = '{', prev = 'text', leaf = 7",
    ],
)
def test_bytes_that_are_no_text_are_shown_so_too(
    sqlite_engine: Engine, without_guards: Callable[[Engine], None], damage: str
) -> None:
    damaged(sqlite_engine, without_guards, f"UPDATE change_log SET {damage} WHERE seq = 2")  # noqa: S608  # our own words

    shown_with_the_others(sqlite_engine)


@pytest.mark.parametrize("value", ["cast(x'61ff' AS TEXT)", "x'61ff'"])
def test_a_text_that_is_no_text_is_shown_as_far_as_it_goes(
    sqlite_engine: Engine, without_guards: Callable[[Engine], None], value: str
) -> None:
    damaged(sqlite_engine, without_guards, f"UPDATE change_text SET text = {value} WHERE seq = 2")  # noqa: S608  # our own words

    with reading(sqlite_engine) as conn:
        assert entries(conn)[1].texts == {"reason": "a\N{REPLACEMENT CHARACTER}"}


def damaged(engine: Engine, without_guards: Callable[[Engine], None], damage: str) -> None:
    with writing(engine) as conn:
        for _ in range(3):
            seal(conn)
    without_guards(engine)
    with writing(engine) as conn:
        conn.exec_driver_sql(damage)


def shown_with_the_others(engine: Engine) -> None:
    with reading(engine) as conn:
        found = entries(conn)
        for wanted in ({"event": "unblock:"}, {"actor": "p_terry"}, {"since": NOON}):
            assert [e.seq for e in entries(conn, **wanted) if e.event != UNREADABLE] == [3, 1]
    assert [e.event for e in found] == ["unblock:approve", UNREADABLE, "unblock:approve"]
    assert (found[1].seq, found[1].at, found[1].actor, dict(found[1].detail)) == (2, NO_TIME, "", {})
    assert found[1].sealed.encode() is not None


@pytest.mark.parametrize("length", [0, 15, 17])
def test_the_database_itself_refuses_a_salt_of_another_length(engine: Engine, length: int) -> None:
    insert = text("INSERT INTO change_text (seq, field, salt, text) VALUES (1, 'purpose', :salt, 'x')")
    with writing(engine) as conn:
        seal(conn)

    with pytest.raises(DBAPIError, match="change_text_salt"), writing(engine) as conn:
        conn.execute(insert, {"salt": bytes(length)})
