"""Checkpoints: signed over what is there, never against what was signed before."""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, event, text

from audit_log.change_log import append
from audit_log.checkpoint import (
    CheckpointError,
    Head,
    NoteError,
    checkpoints,
    read_note,
    sign_checkpoint,
    write_note,
)
from audit_log.db import reading, writing
from audit_log.merkle import root_of
from audit_log.recorder import Recorder
from audit_log.written import remember_line, written_lines
from tests.audit_log.records import a_segment, a_whole
from tests.builders import NOON

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def add(engine: Engine, count: int = 1, *, sign: bool = True, at: datetime = NOON) -> str:
    note = ""
    for _ in range(count):
        with writing(engine) as conn:
            append(conn, at=at, event="a:b", actor="system", role="system", object_id="x")
            note = sign_checkpoint(conn, KEY, at) if sign else ""
    return note


def test_a_note_is_what_the_standard_says() -> None:
    note = write_note(3, bytes(32), KEY)

    origin, size, root, blank, signature, end = note.split("\n")
    assert (origin, size, root) == ("schoolgate/change-log", "3", base64.b64encode(bytes(32)).decode())
    assert (blank, end) == ("", "")
    dash, name, blob = signature.split(" ")
    public = KEY.public_key().public_bytes_raw()
    assert (dash, name) == ("\u2014", origin)
    assert base64.b64decode(blob)[:4] == hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    KEY.public_key().verify(base64.b64decode(blob)[4:], note.partition("\n\n")[0].encode() + b"\n")


def test_a_note_comes_back_as_it_was_written() -> None:
    checkpoint = read_note(write_note(12, bytes(range(32)), KEY))

    assert (checkpoint.size, checkpoint.root) == (12, bytes(range(32)))
    assert checkpoint.is_signed_by(KEY.public_key())
    assert not checkpoint.is_signed_by(Ed25519PrivateKey.generate().public_key())


@pytest.mark.parametrize("change", [("12", "13"), ("change-log\n12", "other-log\n12"), ("AAEC", "AAED")])
def test_a_changed_note_is_not_signed(change: tuple[str, str]) -> None:
    note = write_note(12, bytes(range(32)), KEY).replace(*change, 1)

    try:
        assert not read_note(note).is_signed_by(KEY.public_key())
    except NoteError:
        assert "other-log" in note


@pytest.mark.parametrize(
    "text_", ["", "\n\n", "a\nb\nc\n\nd\n", "schoolgate/change-log\n-1\nAAAA\n\n\u2014 x AA=="]
)
def test_what_is_no_note_is_refused(text_: str) -> None:
    with pytest.raises(NoteError):
        read_note(text_)


def test_each_checkpoint_covers_the_log_so_far(engine: Engine) -> None:
    add(engine, 11)

    with reading(engine) as conn:
        leaves = list(conn.execute(text("SELECT leaf FROM change_log ORDER BY seq")).scalars())
        for signed in checkpoints(conn):
            assert read_note(signed.note).root == root_of(leaves[: signed.size])


def test_several_entries_may_come_between_two_checkpoints(engine: Engine) -> None:
    add(engine, 3)
    with writing(engine) as conn:
        for _ in range(5):
            append(conn, at=NOON, event="a:b", actor="system", role="system", object_id="x")
        note = sign_checkpoint(conn, KEY, NOON)

    with reading(engine) as conn:
        leaves = conn.execute(text("SELECT leaf FROM change_log ORDER BY seq")).scalars()
        assert read_note(note).root == root_of(leaves)


def test_a_line_of_another_transaction_is_not_signed_though_it_is_of_the_same_instant(engine: Engine) -> None:
    add(engine, 3)
    add(engine, sign=False)

    with pytest.raises(CheckpointError, match="entry 4 was not signed when it was made"):
        add(engine)


def test_a_line_that_a_trigger_put_beside_ours_is_not_signed(
    engine: Engine, without_guards: Callable[[Engine], None]
) -> None:
    """Whoever owns the database can do so, with the very instant of ours and the right hashes."""
    add(engine, 2)
    without_guards(engine)
    values = "NEW.seq + 1, NEW.entry, NEW.leaf, NEW.prev"
    attack = f"INSERT INTO change_log (seq, entry, prev, leaf) SELECT {values} WHERE NEW.seq = 3"
    when = "CREATE TRIGGER beside AFTER INSERT ON change_log FOR EACH ROW"

    def add_with_a_trigger() -> None:
        with writing(engine) as conn:
            if engine.dialect.name == "sqlite":
                conn.exec_driver_sql(f"{when} BEGIN {attack}; END")
            else:
                body = f"BEGIN {attack}; RETURN NEW; END"
                conn.exec_driver_sql(
                    f"CREATE FUNCTION beside() RETURNS trigger LANGUAGE plpgsql AS $f$ {body} $f$"
                )
                conn.exec_driver_sql(f"{when} EXECUTE FUNCTION beside()")
            append(conn, at=NOON, event="a:b", actor="system", role="system", object_id="x")
            sign_checkpoint(conn, KEY, NOON)

    with pytest.raises(CheckpointError, match="entry 4 was not signed"):
        add_with_a_trigger()


@pytest.mark.parametrize(
    ("seq", "says"), [(3, "entry 3 was not signed when it was made"), (4, "entry 4 was written, and is not")]
)
def test_a_line_that_was_changed_on_its_way_in_or_kept_out_is_not_signed(
    engine: Engine, seq: int, says: str
) -> None:
    add(engine, 2)

    def write() -> None:
        with writing(engine) as conn:
            append(conn, at=NOON, event="a:b", actor="system", role="system", object_id="x")
            remember_line(conn, seq, bytes(32))
            sign_checkpoint(conn, KEY, NOON)

    with pytest.raises(CheckpointError, match=says):
        write()


def test_what_one_transaction_wrote_is_forgotten_with_it(engine: Engine) -> None:
    with writing(engine) as conn:
        append(conn, at=NOON, event="a:b", actor="system", role="system", object_id="x")
        assert list(written_lines(conn)) == [1]
        sign_checkpoint(conn, KEY, NOON)
    with writing(engine) as conn:
        assert written_lines(conn) == {}


def test_with_nothing_new_the_last_note_is_given_again(engine: Engine) -> None:
    note = add(engine, 2)

    with writing(engine) as conn:
        assert sign_checkpoint(conn, KEY, NOON) == note
        assert [c.size for c in checkpoints(conn)] == [2, 1]


def test_a_checkpoint_reads_only_what_is_new(sqlite_engine: Engine) -> None:
    add(sqlite_engine, 40)
    fetched: list[str] = []
    event.listen(sqlite_engine, "before_cursor_execute", lambda *a: fetched.append(f"{a[2]} {a[3]}"))

    add(sqlite_engine)

    leaves = [said for said in fetched if "leaf" in said and "seq >" in said]
    assert len(leaves) == 1
    assert "40" in leaves[0]
    assert not [said for said in fetched if "seq <=" in said]


def test_a_frontier_that_was_tampered_with_is_computed_again(
    engine: Engine, without_guards: Callable[[Engine], None]
) -> None:
    add(engine, 5)
    without_guards(engine)
    with writing(engine) as conn:
        conn.execute(text("UPDATE checkpoint SET frontier = :junk WHERE size = 5"), {"junk": bytes(64)})

    note = add(engine)

    with reading(engine) as conn:
        leaves = conn.execute(text("SELECT leaf FROM change_log ORDER BY seq")).scalars()
        assert read_note(note).root == root_of(leaves)


def test_nothing_is_signed_over_a_log_that_was_cut(
    engine: Engine, without_guards: Callable[[Engine], None]
) -> None:
    add(engine, 5)
    without_guards(engine)
    with writing(engine) as conn:
        conn.execute(text("DELETE FROM change_log WHERE seq > 3"))

    with pytest.raises(CheckpointError, match="over 5 entries, and only 3"), writing(engine) as conn:
        sign_checkpoint(conn, KEY, NOON)


def test_nothing_is_signed_over_a_log_that_contradicts_what_was_signed(
    engine: Engine, without_guards: Callable[[Engine], None]
) -> None:
    add(engine, 5)
    without_guards(engine)
    with writing(engine) as conn:
        conn.execute(text("UPDATE checkpoint SET frontier = :none"), {"none": b""})
        conn.execute(text("UPDATE change_log SET leaf = prev WHERE seq = 2"))

    with pytest.raises(CheckpointError, match="not those that were signed"):
        add(engine)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE checkpoint SET note = 'x'",
        "DELETE FROM checkpoint WHERE size = 2",
        "INSERT INTO checkpoint SELECT 0, made_at, note, frontier FROM checkpoint WHERE size = 1",
    ],
)
def test_the_database_itself_keeps_checkpoints(engine: Engine, attack: str) -> None:
    add(engine, 2)

    with pytest.raises(Exception, match=r"append-only|a checkpoint stays"), writing(engine) as conn:
        conn.execute(text(attack))


@pytest.mark.parametrize("note", ["cast(x'61ff' AS TEXT)", "x'61ff'"])
def test_a_note_that_is_no_text_hides_no_other(
    sqlite_engine: Engine, without_guards: Callable[[Engine], None], note: str
) -> None:
    add(sqlite_engine, 3)
    without_guards(sqlite_engine)
    with writing(sqlite_engine) as conn:
        conn.exec_driver_sql(f"UPDATE checkpoint SET note = {note} WHERE size = 2")  # noqa: S608  # our own words

    with reading(sqlite_engine) as conn:
        assert [c.note[:1] for c in checkpoints(conn)] == ["s", "a", "s"]


def test_checkpoints_come_newest_first_and_by_pages(engine: Engine) -> None:
    add(engine, 5)

    with reading(engine) as conn:
        assert [c.size for c in checkpoints(conn, limit=2)] == [5, 4]
        assert [c.size for c in checkpoints(conn, before=4)] == [3, 2, 1]
        assert checkpoints(conn)[0].made_at == NOON


def test_a_note_can_hold_the_head_of_the_filtering_log() -> None:
    head = Head(7, bytes(range(32)))
    note = write_note(12, bytes(32), KEY, head)

    assert read_note(note).rows == head
    assert read_note(note).is_signed_by(KEY.public_key())
    assert not read_note(note.replace("filtering-log 7", "filtering-log 6")).is_signed_by(KEY.public_key())
    with pytest.raises(NoteError):
        read_note(note.replace("filtering-log 7", "filtering-log seven"))


def test_every_checkpoint_signs_the_filtering_log_as_it_stands(engine: Engine, tmp_path: Path) -> None:
    before = add(engine)
    a_segment(tmp_path, [a_whole(1)])
    Recorder(engine, tmp_path).run_once()

    note = add(engine)

    with reading(engine) as conn:
        leaf = conn.scalar(text("SELECT leaf FROM filtering_seal WHERE seq = 1"))
    assert read_note(before).rows is None
    assert read_note(note).rows == Head(1, leaf)


@pytest.mark.parametrize("removed", ["", " WHERE size = 5"])
def test_entries_that_lost_their_checkpoint_are_not_signed_with_the_next_change(
    engine: Engine, without_guards: Callable[[Engine], None], removed: str
) -> None:
    """Else the next change would sign whatever somebody had made of the log."""
    add(engine, 5)
    without_guards(engine)
    with writing(engine) as conn:
        conn.execute(text(f"DELETE FROM checkpoint{removed}"))  # noqa: S608  # our own words

    with pytest.raises(CheckpointError, match="was not signed when it was made"):
        add(engine, at=NOON + timedelta(minutes=1))


@pytest.mark.parametrize("note", ["", "x", write_note(5, bytes(32), Ed25519PrivateKey.generate())])
def test_nothing_is_signed_on_top_of_a_checkpoint_that_is_not_ours(
    engine: Engine, without_guards: Callable[[Engine], None], note: str
) -> None:
    add(engine, 5)
    without_guards(engine)
    with writing(engine) as conn:
        conn.execute(text("UPDATE checkpoint SET note = :note WHERE size = 5"), {"note": note})

    with pytest.raises(CheckpointError, match="the last checkpoint"):
        add(engine)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE checkpoint SET note = cast(x'ff' AS TEXT) WHERE size = 5",
        "UPDATE checkpoint SET note = cast(note AS BLOB) WHERE size = 5",
        "UPDATE change_log SET leaf = 'text'; UPDATE checkpoint SET frontier = 'text'",
    ],
)
def test_values_of_a_wrong_type_stop_the_signer_with_its_own_error(
    sqlite_engine: Engine, without_guards: Callable[[Engine], None], damage: str
) -> None:
    add(sqlite_engine, 5)
    without_guards(sqlite_engine)
    with writing(sqlite_engine) as conn:
        for statement in damage.split(";"):
            conn.exec_driver_sql(statement)

    with pytest.raises(CheckpointError), writing(sqlite_engine) as conn:
        sign_checkpoint(conn, KEY, NOON)


def test_a_frontier_and_a_time_of_a_wrong_type_stop_nobody(
    sqlite_engine: Engine, without_guards: Callable[[Engine], None]
) -> None:
    add(sqlite_engine, 5)
    without_guards(sqlite_engine)
    with writing(sqlite_engine) as conn:
        conn.exec_driver_sql("UPDATE checkpoint SET frontier = 'text', made_at = 'never' WHERE size = 5")

    assert read_note(add(sqlite_engine)).size == 6
