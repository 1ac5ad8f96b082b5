"""The seal holds: whoever owns the database and rewrites the change log is found out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, text

from audit_log.change_log import Verification, append, verify
from audit_log.checkpoint import checkpoints, sign_checkpoint, write_note
from audit_log.db import reading, writing
from audit_log.seal import leaf_of
from tests.builders import NOON

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
SIZE = 9


def fill(engine: Engine, count: int = SIZE, *, sign: bool = True) -> None:
    for number in range(1, count + 1):
        with writing(engine) as conn:
            append(
                conn,
                at=NOON,
                event="unblock:approve",
                actor="p_terry",
                role="technician",
                object_id=f"u_{number}",
                detail={"state": "approved"},
                texts={"reason": f"lesson {number}"},
            )
            if sign:
                sign_checkpoint(conn, KEY, NOON)


def attack(engine: Engine, *statements: str, **values: Any) -> None:
    with writing(engine) as conn:
        for statement in statements:
            conn.execute(text(statement), values)


def answer(engine: Engine, **more: Any) -> Verification:
    with reading(engine) as conn:
        return verify(conn, PUBLIC, **more)


def rechain(engine: Engine, first: int, change: Callable[[str], str]) -> None:
    """Change one entry and compute every link after it again, as somebody would who knows how."""
    with writing(engine) as conn:
        lines = text("SELECT seq, entry, prev, leaf FROM change_log WHERE seq >= :seq ORDER BY seq")
        rows = conn.execute(lines, {"seq": first}).all()
        prev = rows[0].prev
        for row in rows:
            entry = change(row.entry) if row.seq == first else row.entry
            leaf = leaf_of(prev, entry)
            conn.execute(
                text("UPDATE change_log SET entry = :entry, prev = :prev, leaf = :leaf WHERE seq = :seq"),
                {"entry": entry, "prev": prev, "leaf": leaf, "seq": row.seq},
            )
            prev = leaf


@pytest.fixture
def log(engine: Engine, without_guards: Callable[[Engine], None]) -> Engine:
    """Nine entries, each with its checkpoint, in a database whose triggers are gone."""
    fill(engine)
    without_guards(engine)
    return engine


@pytest.fixture
def unsigned(engine: Engine, without_guards: Callable[[Engine], None]) -> Engine:
    """Nine entries and no checkpoint."""
    fill(engine, sign=False)
    without_guards(engine)
    return engine


def test_an_untouched_log_is_whole(log: Engine) -> None:
    assert answer(log) == Verification(
        True,
        SIZE,
        None,
        "All 9 entries are as they were sealed, and agree with every checkpoint up to entry 9.",
    )


def test_a_log_of_one_entry_agrees_with_its_checkpoint(engine: Engine) -> None:
    fill(engine, 1)

    says = "The one entry is as it was sealed, and agrees with every checkpoint up to entry 1."
    assert answer(engine).says == says


def test_an_empty_log_is_whole(engine: Engine) -> None:
    assert answer(engine) == Verification(True, 0, None, "The change log is empty.")


def forge(engine: Engine) -> None:
    rechain(engine, 7, lambda entry: entry.replace("approved", "declined"))


@pytest.mark.parametrize(("removed", "first_bad"), [("", 1), (" WHERE size >= 7", 7), (" WHERE size = 9", 9)])
def test_a_log_that_lost_its_last_checkpoints_is_not_whole(log: Engine, removed: str, first_bad: int) -> None:
    if first_bad <= 7:
        forge(log)
    attack(log, f"DELETE FROM checkpoint{removed}")  # noqa: S608  # our own words

    found = answer(log)
    assert (found.whole, found.first_bad) == (False, first_bad)
    assert "covered by no signed checkpoint" in found.says


def test_an_entry_added_past_the_signer_is_not_whole(log: Engine) -> None:
    fill(log, 2, sign=False)

    assert answer(log).first_bad == SIZE + 1
    assert answer(log).says.startswith("Entries 10 to 11 are covered by no signed checkpoint.")


def test_a_log_emptied_with_its_texts_and_checkpoints_is_not_whole(log: Engine) -> None:
    attack(
        log,
        "DELETE FROM change_log",
        "DELETE FROM change_text",
        "DELETE FROM checkpoint",
        "INSERT INTO person (id, username, name, role, filter_groups, classes, agreement_signed,"
        " password_must_change, console_must_change, created_at) VALUES ('p', 'p', 'P', 'staff', '[]', '[]',"
        " true, true, true, '2026-11-24 12:00:00')",
    )

    assert answer(log) == Verification(
        False,
        0,
        1,
        "The change log is empty, and it cannot be: people or proposals are in the database.",
    )


def test_a_salt_that_took_in_the_beginning_of_a_text_is_found(
    engine: Engine, without_guards: Callable[[Engine], None]
) -> None:
    fill(engine)
    without_guards(engine)
    with writing(engine) as conn:
        salt, said = conn.execute(text("SELECT salt, text FROM change_text WHERE seq = 8")).one()
    moved = {"salt": salt + said[:6].encode(), "text": said[6:]}
    with without_check(engine):
        attack(engine, "UPDATE change_text SET salt = :salt, text = :text WHERE seq = 8", **moved)

    assert answer(engine).says == "The text 'reason' of entry 8 is not what was sealed: it was changed."


@contextmanager
def without_check(engine: Engine) -> Iterator[None]:
    if engine.dialect.name == "postgresql":
        attack(engine, "ALTER TABLE change_text DROP CONSTRAINT change_text_salt")
        yield
        check = "ADD CONSTRAINT change_text_salt CHECK (length(salt) = 16) NOT VALID"
        attack(engine, f"ALTER TABLE change_text {check}")
        return
    with engine.connect() as conn:  # this one connection, which goes back to the pool
        conn.exec_driver_sql("PRAGMA ignore_check_constraints = 1")
    yield


def test_a_checkpoint_of_the_empty_log_is_held_too(engine: Engine) -> None:
    with writing(engine) as conn:
        sign_checkpoint(conn, KEY, NOON)
    fill(engine, 2)

    assert answer(engine).whole


def test_an_edited_entry_is_named(log: Engine) -> None:
    attack(log, "UPDATE change_log SET entry = replace(entry, 'terry', 'harry') WHERE seq = 7")

    assert answer(log) == Verification(
        False, SIZE, 7, "Entry 7 is not what was sealed: its contents were changed."
    )


def test_a_removed_entry_is_missed(log: Engine) -> None:
    attack(log, "DELETE FROM change_log WHERE seq = 4")

    assert answer(log) == Verification(False, SIZE - 1, 4, "Entry 4 is missing.")


def test_removing_an_entry_and_closing_the_gap_is_found(log: Engine) -> None:
    attack(log, "DELETE FROM change_log WHERE seq = 4", "UPDATE change_log SET seq = seq - 1 WHERE seq = 5")

    assert answer(log).first_bad in (3, 4)


def test_swapped_entries_are_found(log: Engine) -> None:
    attack(
        log,
        "UPDATE change_log SET seq = 99 WHERE seq = 3",
        "UPDATE change_log SET seq = 3 WHERE seq = 6",
        "UPDATE change_log SET seq = 6 WHERE seq = 99",
    )

    assert answer(log).first_bad in (2, 3)


def test_an_entry_in_the_wrong_place_is_found_even_when_it_was_sealed_again(unsigned: Engine) -> None:
    rechain(unsigned, 5, lambda entry: entry.replace('"seq":5', '"seq":6'))

    assert answer(unsigned) == Verification(
        False, SIZE, 5, "Entry 5 is in the wrong place: it was sealed as entry 6."
    )


def test_an_inserted_entry_is_found(log: Engine) -> None:
    for moved in range(SIZE, 4, -1):
        attack(log, "UPDATE change_log SET seq = seq + 1 WHERE seq = :moved", moved=moved)
    attack(log, "INSERT INTO change_log SELECT 5, entry, prev, leaf FROM change_log WHERE seq = 4")

    found = answer(log)
    assert not found.whole
    assert found.first_bad in (4, 5)


def test_an_added_entry_that_follows_well_but_was_never_signed_is_still_held_against_later_checkpoints(
    log: Engine,
) -> None:
    rechain(log, SIZE, lambda entry: entry.replace("terry", "harry"))

    assert answer(log).first_bad == SIZE


def test_a_log_chained_again_contradicts_its_checkpoints(log: Engine) -> None:
    rechain(log, 3, lambda entry: entry.replace("approved", "declined"))

    assert answer(log) == Verification(
        False, SIZE, 3, "Entry 3 is not what was signed: it contradicts the checkpoint of 3 entries."
    )


def test_a_log_chained_again_contradicts_a_checkpoint_kept_elsewhere(log: Engine) -> None:
    with reading(log) as conn:
        kept = [c.note for c in checkpoints(conn) if c.size == 6]
    rechain(log, 3, lambda entry: entry.replace("approved", "declined"))
    attack(log, "DELETE FROM checkpoint")

    with reading(log) as conn:
        assert verify(conn).whole, "without key and checkpoints nothing shows it"
    assert answer(log, held=kept).first_bad == 1
    assert "One of the entries 1 to 6" in answer(log, held=kept).says


def test_an_entry_with_a_new_link_but_no_new_chain_is_found(unsigned: Engine) -> None:
    with writing(unsigned) as conn:
        row = conn.execute(text("SELECT entry, prev FROM change_log WHERE seq = 4")).one()
        changed = row.entry.replace("terry", "harry")
        conn.execute(
            text("UPDATE change_log SET entry = :entry, leaf = :leaf WHERE seq = 4"),
            {"entry": changed, "leaf": leaf_of(row.prev, changed)},
        )

    assert answer(unsigned) == Verification(
        False, SIZE, 4, "Entry 5 does not follow from entry 4: one of the two was changed."
    )


def test_a_cut_tail_is_found_while_a_checkpoint_is_longer(log: Engine) -> None:
    attack(log, "DELETE FROM change_log WHERE seq > 6", "DELETE FROM change_text WHERE seq > 6")

    assert answer(log) == Verification(
        False,
        6,
        7,
        "The end of the log is missing: a checkpoint was signed over 9 entries, and only 6 are there.",
    )


def test_a_log_cut_to_nothing_is_found(log: Engine) -> None:
    attack(log, "DELETE FROM change_log", "DELETE FROM change_text")

    assert answer(log).first_bad == 1


def test_a_changed_text_is_found(log: Engine) -> None:
    attack(log, "UPDATE change_text SET text = 'because I said so' WHERE seq = 8")

    assert answer(log) == Verification(
        False, SIZE, 8, "The text 'reason' of entry 8 is not what was sealed: it was changed."
    )


def test_a_text_with_a_salt_of_its_own_is_found(log: Engine) -> None:
    attack(log, "UPDATE change_text SET salt = :salt WHERE seq = 8", salt=bytes(16))

    assert answer(log).first_bad == 8


@pytest.mark.parametrize("way", ["UPDATE change_text SET text = NULL", "DELETE FROM change_text"])
def test_a_text_erased_in_silence_is_found(log: Engine, way: str) -> None:
    attack(log, f"{way} WHERE seq = 2")

    assert answer(log) == Verification(
        False, SIZE, 2, "The text 'reason' of entry 2 is gone, and no entry says that it was erased."
    )


def test_an_added_text_is_found(log: Engine) -> None:
    attack(
        log,
        "INSERT INTO change_text (seq, field, salt, text) VALUES (5, 'agreement', :salt, 'agreed')",
        "INSERT INTO change_text (seq, field, salt, text) VALUES (77, 'reason', :salt, 'nothing')",
        salt=bytes(16),
    )

    assert answer(log).first_bad == 5
    attack(log, "DELETE FROM change_text WHERE seq = 5 AND field = 'agreement'")
    assert answer(log).says == "There is a text of entry 77, and no such entry."


def test_a_checkpoint_that_somebody_else_signed_is_found(log: Engine) -> None:
    note = write_note(4, bytes(32), Ed25519PrivateKey.generate())
    attack(log, "UPDATE checkpoint SET note = :note WHERE size = 4", note=note)

    assert answer(log).says == "The checkpoint of 4 entries is not signed with this school's key."


def test_a_checkpoint_of_another_size_is_found(log: Engine) -> None:
    with reading(log) as conn:
        five = next(c.note for c in checkpoints(conn) if c.size == 5)
    attack(log, "UPDATE checkpoint SET note = :note WHERE size = 4", note=five)

    assert answer(log).says == "The checkpoint of 4 entries was signed for 5."


@pytest.mark.parametrize("note", ["", "schoolgate/change-log\n4\n", "x\n4\nAAAA\n\n\u2014 x AAAA\n"])
def test_a_checkpoint_that_is_none_is_found(log: Engine, note: str) -> None:
    attack(log, "UPDATE checkpoint SET note = :note WHERE size = 4", note=note)

    assert answer(log).says == "The checkpoint of 4 entries is not a checkpoint."


@pytest.mark.parametrize(
    "nonsense", ["[]", "7", "not json", '{"seq":4}', '{"seq":4,"texts":[],"event":"a:b"}']
)
def test_a_sealed_line_that_is_no_entry_is_found_and_stops_nobody(unsigned: Engine, nonsense: str) -> None:
    rechain(unsigned, 4, lambda _: nonsense)

    assert answer(unsigned).says == "Entry 4 is not an entry of a change log."


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE change_log SET entry = 7 WHERE seq = 4",
        "UPDATE change_log SET entry = x'00ff' WHERE seq = 4",
        "UPDATE change_log SET leaf = 'a text' WHERE seq = 4",
        "UPDATE change_log SET prev = 4 WHERE seq = 4",
        "UPDATE change_log SET entry = cast(entry AS BLOB) WHERE seq = 4",
        "UPDATE change_log SET entry = cast(x'ff' AS TEXT) WHERE seq = 4",
        "UPDATE change_text SET text = cast(x'ff' AS TEXT) WHERE seq = 4",
        "UPDATE change_text SET field = cast(x'ff' AS TEXT) WHERE seq = 4",
        "UPDATE change_text SET field = cast(field AS BLOB) WHERE seq = 4",
        "UPDATE checkpoint SET note = cast(note AS BLOB) WHERE size = 4",
        "UPDATE checkpoint SET note = cast(x'ff' AS TEXT) WHERE size = 4",
        "UPDATE checkpoint SET note = cast(cast(note AS BLOB) || x'ff' AS TEXT) WHERE size = 4",
        "UPDATE change_text SET salt = 'a text of 16 ...' WHERE seq = 4",
        "UPDATE change_text SET text = x'00ff' WHERE seq = 4",
    ],
)
def test_values_of_a_wrong_type_are_found_and_stop_nobody(
    sqlite_engine: Engine, without_guards: Callable[[Engine], None], damage: str
) -> None:
    fill(sqlite_engine)
    without_guards(sqlite_engine)
    attack(sqlite_engine, damage)

    found = answer(sqlite_engine)
    assert found.first_bad == 4
    assert found.says.encode()  # and can be sent on


@pytest.mark.parametrize("seq", ["'four'", "cast(x'ff' AS TEXT)", "x'04'", "4.5"])
def test_a_text_of_no_entry_at_all_is_found_and_stops_nobody(
    sqlite_engine: Engine, without_guards: Callable[[Engine], None], seq: str
) -> None:
    fill(sqlite_engine)
    without_guards(sqlite_engine)
    attack(sqlite_engine, f"INSERT INTO change_text SELECT {seq}, field, salt, text FROM change_text LIMIT 1")  # noqa: S608  # our own words

    assert answer(sqlite_engine).says == "There is a text that belongs to no entry."


# Whatever byte is changed, whatever line is moved or taken: found.
