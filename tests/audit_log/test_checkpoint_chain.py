"""Each checkpoint names the one before it: one good signature stands for all, and none can be taken away."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, text

from audit_log.checkpoint import checkpoints, note_hash, read_note, trusted, write_note
from audit_log.db import writing
from tests.audit_log.test_verification import KEY, PUBLIC, answer, attack, fill

OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def log(sqlite_engine: Engine, without_guards: Callable[[Engine], None]) -> Engine:
    """Nine entries, each with its checkpoint, in a database whose triggers are gone."""
    fill(sqlite_engine)
    without_guards(sqlite_engine)
    return sqlite_engine


def test_one_signature_stands_for_all_that_came_before() -> None:
    first = write_note(1, bytes(32), OTHER)  # as if it were ours: what names it is
    second = write_note(2, bytes(32), KEY, before=note_hash(first))
    third = write_note(3, bytes(32), OTHER, before=note_hash(second))
    notes = [(note, read_note(note)) for note in (first, second, third)]

    assert trusted(notes, PUBLIC) == {0, 1}
    assert trusted(notes[:1], PUBLIC) == set()
    assert trusted([notes[0], notes[2]], PUBLIC) == set()


def test_a_checkpoint_that_was_taken_away_is_missed(log: Engine) -> None:
    """Each names the one before it."""
    attack(log, "DELETE FROM checkpoint WHERE size = 4")

    found = answer(log)
    assert (found.whole, found.first_bad) == (False, 5)
    assert found.says == "The checkpoint that was signed before that of 5 entries is not there any more."


def test_the_first_checkpoints_taken_away_are_missed(log: Engine) -> None:
    attack(log, "DELETE FROM checkpoint WHERE size < 8")

    assert answer(log).first_bad == 8


@pytest.mark.parametrize("size", [1, 4, 9])
def test_a_false_signature_under_the_right_root_is_found(log: Engine, size: int) -> None:
    """It proves nothing about the log, and somebody has put it there."""
    with writing(log) as conn:
        (kept,) = (each for each in checkpoints(conn) if each.size == size)
        body, _, _ = kept.note.partition("\n\n")
        forged = write_note(size, bytes(32), OTHER).partition("\n\n")[2]
        note = {"note": f"{body}\n\n{forged}", "size": size}
        conn.execute(text("UPDATE checkpoint SET note = :note WHERE size = :size"), note)

    found = answer(log)
    says = f"The checkpoint of {size} entries is not signed with this school's key."
    assert (found.whole, found.first_bad, found.says) == (False, size, says)


def test_a_note_that_we_signed_at_another_time_does_not_take_the_place_of_one(log: Engine) -> None:
    """Even with the right root: it names no other note before it."""
    with writing(log) as conn:
        (kept,) = (each for each in checkpoints(conn) if each.size == 4)
        root = read_note(kept.note).root
        note = {"note": write_note(4, root, KEY)}
        conn.execute(text("UPDATE checkpoint SET note = :note WHERE size = 4"), note)

    assert answer(log).first_bad == 5


def test_notes_of_a_version_that_named_none_before_are_each_held_against_the_key(log: Engine) -> None:
    with writing(log) as conn:
        for kept in checkpoints(conn):
            note = {"note": write_note(kept.size, read_note(kept.note).root, KEY), "size": kept.size}
            conn.execute(text("UPDATE checkpoint SET note = :note WHERE size = :size"), note)
    assert answer(log).whole

    with writing(log) as conn:
        forged = write_note(4, read_note(checkpoints(conn, before=5)[0].note).root, OTHER)
        conn.execute(text("UPDATE checkpoint SET note = :note WHERE size = 4"), {"note": forged})

    assert answer(log).first_bad == 4
