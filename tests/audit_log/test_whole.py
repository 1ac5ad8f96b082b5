"""Both logs at once, and the end of the filtering log, which only a signed checkpoint can hold."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from audit_log.change_log import append
from audit_log.checkpoint import checkpoints, sign_checkpoint
from audit_log.db import reading, writing
from audit_log.recorder import Recorder
from audit_log.row_verification import verify_rows
from audit_log.verification import Verification
from audit_log.whole import verify_all
from tests.audit_log.attacks import run
from tests.audit_log.records import a_segment, a_whole, add_to
from tests.builders import NOON

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def verified(engine: Engine, *held: str) -> Verification:
    with reading(engine) as conn:
        return verify_all(conn, KEY.public_key(), held)


def attack(engine: Engine, *statements: str) -> Verification:
    with writing(engine) as conn:
        for statement in statements:
            run(conn, statement)
    return verified(engine)


CUT = (
    "DELETE FROM filtering_seal WHERE seq = 3",
    "DELETE FROM filtering_leaf WHERE seq = 3",
    "UPDATE rollup_hour SET requests = 2, pages = 2",
    "UPDATE rollup_day SET requests = 2, pages = 2",
    "DELETE FROM {log} WHERE opened_in = 3",
    "DELETE FROM journal_position",
)


@pytest.fixture
def logs(engine: Engine, tmp_path: Path, without_guards: Callable[[Engine], None]) -> Engine:
    """Three seals of one request each, and a change after the second and the third."""
    path = a_segment(tmp_path, [a_whole(1)])
    for number in (2, 3, 4):
        Recorder(engine, tmp_path, clock=lambda: NOON).run_once()
        if number > 2:
            a_change(engine)
        add_to(path, a_whole(number))
    without_guards(engine)
    return engine


def a_change(engine: Engine) -> str:
    with writing(engine) as conn:
        append(conn, at=NOON, event="person:access", actor="p_tess", role="staff", object_id="p_tess")
        return sign_checkpoint(conn, KEY, NOON)


def test_two_whole_logs_are_whole(logs: Engine) -> None:
    assert verified(logs) == Verification(
        True,
        2,
        None,
        "All 2 entries are as they were sealed, and agree with every checkpoint up to entry 2."
        " In the filtering log, all 3 rows are as they were sealed.",
    )


def test_an_empty_database_is_whole(engine: Engine) -> None:
    assert verified(engine).whole


def test_the_end_of_the_filtering_log_cut_off_is_found(logs: Engine) -> None:
    found = attack(logs, *CUT)

    with reading(logs) as conn:
        assert verify_rows(conn).whole, "its own chain cannot show it"
    assert found == Verification(
        False,
        2,
        None,
        "The change log is whole. The filtering log is not: The end of the filtering log is missing:"
        " it was signed up to seal 3, and only 2 are there.",
    )


def test_an_emptied_filtering_log_is_found(logs: Engine) -> None:
    assert not attack(
        logs, "DELETE FROM filtering_seal", "DELETE FROM filtering_leaf", "DELETE FROM {log}"
    ).whole


def test_an_end_sealed_anew_is_found(logs: Engine, tmp_path: Path) -> None:
    attack(logs, *CUT)
    another = tmp_path / "another"
    another.mkdir()
    a_segment(another, [a_whole(9)], gate="gate-2")
    Recorder(logs, another, clock=lambda: NOON).run_once()

    found = verified(logs)
    assert not found.whole
    assert "Seal 3 of the filtering log, or one before it, is not what was signed." in found.says


def test_a_checkpoint_kept_elsewhere_holds_the_filtering_log_too(logs: Engine) -> None:
    with reading(logs) as conn:
        kept = checkpoints(conn)[0].note
    attack(logs, *CUT, "DELETE FROM checkpoint WHERE size = 2", "DELETE FROM change_log WHERE seq = 2")

    assert verified(logs).whole, "nothing in the database itself can show it any more"
    assert not verified(logs, kept).whole


def test_each_log_that_is_not_whole_is_told(logs: Engine) -> None:
    found = attack(logs, *CUT, "UPDATE change_log SET entry = '{{}}' WHERE seq = 1")

    assert (found.whole, found.first_bad) == (False, 1)
    assert found.says == (
        "Entry 1 is not what was sealed: its contents were changed. The filtering log is not whole either:"
        " The end of the filtering log is missing: it was signed up to seal 3, and only 2 are there."
    )


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE checkpoint SET note = cast(x'ff' AS TEXT)",
        "UPDATE checkpoint SET note = cast(note AS BLOB)",
        "UPDATE filtering_seal SET entry = cast(x'ff' AS TEXT) WHERE seq = 2",
        "UPDATE filtering_seal SET leaf = 'text' WHERE seq = 3",
        "UPDATE {log} SET host = cast(x'ff' AS TEXT) WHERE opened_in = 2",
        "UPDATE {log} SET event_id = cast(x'ff' AS TEXT), opened_in = NULL WHERE opened_in = 2",
    ],
)
def test_values_of_a_wrong_type_are_found_and_stop_nobody(
    sqlite_engine: Engine, tmp_path: Path, without_guards: Callable[[Engine], None], damage: str
) -> None:
    path = a_segment(tmp_path, [a_whole(1)])
    for number in (2, 3, 4):
        Recorder(sqlite_engine, tmp_path, clock=lambda: NOON).run_once()
        add_to(path, a_whole(number))
    a_change(sqlite_engine)
    without_guards(sqlite_engine)

    found = attack(sqlite_engine, damage)

    assert not found.whole
    assert found.says.encode()
    assert a_change(sqlite_engine) if "filtering" in damage else True


def test_a_replacement_character_does_not_stand_for_a_byte_that_is_none(
    sqlite_engine: Engine, tmp_path: Path, without_guards: Callable[[Engine], None]
) -> None:
    a_segment(tmp_path, [a_whole(1, url="https://a.example/\ufffd")])
    Recorder(sqlite_engine, tmp_path).run_once()
    without_guards(sqlite_engine)
    assert verified(sqlite_engine).whole

    damage = "UPDATE {log} SET url = cast(replace(url, '\ufffd', cast(x'ff' AS TEXT)) AS TEXT)"
    assert not attack(sqlite_engine, damage).whole
