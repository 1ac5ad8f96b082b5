"""The first two people, and the first line of the change log."""

import stat
from pathlib import Path

import pytest
from sqlalchemy import delete

from audit_log.db import migrate, reading, writing
from audit_log.people import people, people_count
from audit_log.tables import person, proposal
from change_control.codes import code_file, new_code, plain_code
from change_control.desk import Desk
from change_control.setup import NOT_YET_AGREED, found
from filter_policy.bundle import current_bundle
from tests.builders import NOON, POLICY
from tests.change_control.school import an_empty_desk, is_whole, log_of, refused, somebody

TERRY, HEDY = ("terry", "Terry Tyler", "technician"), ("Hedy", "Hedy Hill", "headteacher")


@pytest.fixture
def empty(tmp_path: Path) -> Desk:
    desk = an_empty_desk(tmp_path)
    migrate(desk.engine)
    return desk


def test_line_one_says_that_nobody_agreed_yet(empty: Desk) -> None:
    found(empty, POLICY, TERRY, HEDY, NOON)

    (line,) = log_of(empty)

    assert (line.seq, line.event, line.actor) == (1, "school:found", "system")
    assert NOT_YET_AGREED == "found as set up by one person, not yet agreed"
    assert line.detail["says"] == line.texts["reason"] == NOT_YET_AGREED
    assert line.texts["policy"] == POLICY
    assert "Terry" not in line.sealed
    assert is_whole(empty)


def test_each_gets_a_code_in_a_file_of_their_own(empty: Desk) -> None:
    codes = found(empty, POLICY, TERRY, HEDY, NOON)

    assert set(codes) == {"terry", "hedy"}
    for username, code in codes.items():
        path = code_file(empty.state, username)
        assert path.read_text() == code + "\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(code_file(empty.state, "terry").parent.stat().st_mode) == 0o700


def test_the_founding_policy_runs_and_the_founders_have_the_groups_of_the_staff(empty: Desk) -> None:
    found(empty, POLICY, TERRY, HEDY, NOON)

    assert current_bundle(empty.state) is not None
    assert somebody(empty, "terry").filter_groups == ("staff",)
    assert somebody(empty, "terry").password_hash is None


def test_a_school_is_founded_once(empty: Desk) -> None:
    found(empty, POLICY, TERRY, HEDY, NOON)
    again = ("terry2", "Terry Again", "technician"), ("terry3", "Terry Once More", "technician")

    refused("wrong-state", lambda: found(empty, POLICY, *again, NOON))

    with writing(empty.engine) as conn:
        conn.execute(delete(person))
        conn.execute(delete(proposal))
    refused("wrong-state", lambda: found(empty, POLICY, *again, NOON))


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        (TERRY, ("TERRY", "Somebody", "headteacher"), "second.username"),
        (TERRY, ("../evil", "Somebody", "headteacher"), "second.username"),
        (("", "Terry", "technician"), HEDY, "first.username"),
        (("terry", " ", "technician"), HEDY, "first.name"),
        (TERRY, ("tess", "Tess", "staff"), "second.role"),
        (TERRY, ("gail", "Gail", "governor"), "second.role"),
        (TERRY, ("x", "X", "caretaker"), "second.role"),
    ],
)
def test_two_different_people_who_may_agree_are_needed(
    empty: Desk, first: tuple[str, str, str], second: tuple[str, str, str], field: str
) -> None:
    assert set(refused("bad-input", lambda: found(empty, POLICY, first, second, NOON)).fields) == {field}
    with reading(empty.engine) as conn:
        assert people_count(conn) == 0


def test_a_faulty_policy_founds_nothing(empty: Desk) -> None:
    refused("bad-input", lambda: found(empty, "access: {}", TERRY, HEDY, NOON))

    with reading(empty.engine) as conn:
        assert people(conn) == []
    assert not code_file(empty.state, "terry").exists()


def test_a_founding_that_fails_leaves_no_codes_behind(empty: Desk) -> None:
    code_file(empty.state, "hedy").mkdir(parents=True)  # the second code cannot be written

    with pytest.raises(OSError, match="hedy"):
        found(empty, POLICY, TERRY, HEDY, NOON)

    assert not code_file(empty.state, "terry").exists()
    assert log_of(empty) == []


def test_codes_are_long_different_and_read_however_they_are_typed() -> None:
    codes = {new_code() for _ in range(100)}

    assert len(codes) == 100
    assert all(len(plain_code(code)) == 28 for code in codes)
    assert plain_code(" abcd-o1i l ") == "ABCD0111"
