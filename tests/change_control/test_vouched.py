"""What counts of the change log is what was signed, and what was read once is not unsaid."""

# ruff: noqa: S608  # what is put together here comes from this file alone

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from audit_log.db import reading, writing
from change_control.bundle_proofs import LogLines
from change_control.desk import Desk
from change_control.proposals import withdraw
from change_control.vouched import Vouched
from tests.builders import NOON
from tests.change_control.factored import with_factor
from tests.change_control.school import asked_by, somebody, the


def tampered(desk: Desk, *statements: str) -> None:
    with writing(desk.engine) as conn:
        for name in conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            conn.execute(text(f'DROP TRIGGER "{name}"'))
        for statement in statements:
            conn.execute(text(statement))


def told(desk: Desk, lines: LogLines) -> tuple[bool, bool]:
    """Whether the log tells of Terry's second factor, and is whole."""
    with reading(desk.engine) as conn:
        factor, fault = lines.second_factor(conn, somebody(desk, "terry").id)
    return factor is not None, fault is None


def anew(desk: Desk) -> LogLines:
    return LogLines(Vouched(desk.key.public_key()))


@pytest.fixture
def followed(desk: Desk) -> Desk:
    """Terry has a second factor, and one line comes after it."""
    with_factor(desk, "terry", NOON)
    asked_by(desk, "terry")
    assert told(desk, desk.log_lines) == (True, True)
    return desk


SET = "UPDATE change_log SET"
LAST = "(SELECT max(seq) FROM change_log)"
ENTRY = "UPDATE change_log SET entry = replace(entry, '\"role\"', '\"rule\"') WHERE seq = "
BROKEN = {
    "no leaf": f"{SET} leaf = x'00' WHERE seq = {LAST}",
    "another leaf": f"{SET} leaf = zeroblob(32) WHERE seq = {LAST}",
    "another chain": f"{SET} prev = zeroblob(32) WHERE seq = {LAST}",
    "another text": f"{ENTRY}{LAST}",
    "bytes that are no text": f"{SET} entry = CAST(x'ff' AS TEXT) WHERE seq = {LAST}",
    "a line without its checkpoint": "DELETE FROM checkpoint WHERE size = " + LAST,
    "a checkpoint without its line": "DELETE FROM change_log WHERE seq = " + LAST,
    "a checkpoint of nobody": "INSERT INTO checkpoint SELECT size + 1, made_at, 'x', frontier FROM checkpoint"
    " WHERE size = " + LAST,
}


@pytest.mark.parametrize("how", sorted(BROKEN))
def test_whoever_starts_with_a_damaged_log_believes_what_was_signed_before(followed: Desk, how: str) -> None:
    tampered(followed, BROKEN[how])

    assert told(followed, anew(followed)) == (True, False)


def test_what_was_damaged_long_ago_vouches_for_nothing_since(followed: Desk) -> None:
    tampered(followed, "UPDATE change_log SET leaf = zeroblob(32) WHERE seq = 2")

    assert told(followed, anew(followed)) == (False, False)


def test_a_process_that_has_read_on_forgets_nothing(followed: Desk) -> None:
    factor = "(SELECT seq FROM change_log WHERE entry LIKE '%second-factor:set%')"
    tampered(
        followed,
        "DELETE FROM checkpoint WHERE size >= " + factor,
        "DELETE FROM change_log WHERE seq >= " + factor,
    )

    assert told(followed, followed.log_lines)[0]
    assert told(followed, anew(followed)) == (False, True)


def test_a_damaged_log_that_is_mended_is_whole_again(followed: Desk) -> None:
    with reading(followed.engine) as conn:
        leaf = conn.execute(text("SELECT leaf FROM change_log WHERE seq = " + LAST)).scalar_one()
    tampered(followed, BROKEN["no leaf"])
    lines = anew(followed)
    assert told(followed, lines) == (True, False)

    tampered(followed, f"{SET} leaf = x'{leaf.hex()}' WHERE seq = {LAST}")

    assert told(followed, lines) == (True, True)


def test_an_older_view_of_the_log_is_no_damage(followed: Desk) -> None:
    def views(conn: Connection, look: Callable[[], object]) -> None:
        assert followed.log_lines.fault(conn) is None
        look()
        assert followed.log_lines.fault(conn) is None

    with reading(followed.engine) as older:
        views(older, lambda: (with_factor(followed, "hedy", NOON), told(followed, followed.log_lines)))


def test_nobody_vouches_without_a_key(followed: Desk) -> None:
    assert told(followed, LogLines()) == (False, False)


def test_it_goes_on_with_every_change(followed: Desk) -> None:
    asked = asked_by(followed, "terry")
    assert told(followed, followed.log_lines) == (True, True)
    withdraw(followed, the(followed, "terry"), asked, "no more", NOON)
    assert told(followed, followed.log_lines) == (True, True)
