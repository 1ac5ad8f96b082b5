"""An older database, put back on purpose: who owns the server goes on with it, and nobody gains by it."""

from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from audit_log.db import reading, writing
from audit_log.people import change_person
from audit_log.sessions import create_session, find_session
from change_control.desk import Desk
from change_control.enrolment import enrol
from change_control.errors import ChangeError
from change_control.floor import FOLDER, SEEN
from change_control.passwords import change_password
from change_control.proposals import approve, decline, propose_people
from change_control.publish import publish
from change_control.restoring import restore, restoring
from change_control.tokens import Wanted, make_token, revoke_token
from tests.builders import NOON
from tests.change_control.factored import has_one, with_factor
from tests.change_control.put_back import anew, older, put_back
from tests.change_control.school import (
    CONSOLE,
    asked_by,
    is_whole,
    log_of,
    refused,
    somebody,
    the,
)

LATER = NOON + timedelta(minutes=5)
WHY = "the disk broke, and this is the backup of last night"


@pytest.fixture
def before(desk: Desk, tmp_path: Path) -> Path:
    """The backup of last night."""
    asked_by(desk, "tess")
    publish(desk)
    return older(desk, tmp_path / "before")


def unproven(desk: Desk) -> str:
    told = desk.published.unproven
    return desk.published.below or (told.says if told else "")


def passwords(desk: Desk, username: str) -> dict[str, str]:
    with reading(desk.engine) as conn:
        return desk.log_lines.passwords(conn, somebody(desk, username).id)[0]


def test_whose_second_factor_is_lost_is_shut_out_until_two_others_give_a_code(
    desk: Desk, before: Path
) -> None:
    with_factor(desk, "terry", NOON)
    seen = len(log_of(desk))
    put_back(desk, before)
    again = anew(desk)
    terry = somebody(again, "terry").id

    found = restore(again, (), WHY, LATER)

    line = log_of(again)[-1]
    assert (line.event, line.actor, line.texts["reason"]) == ("change-log:restore", "system", WHY)
    assert (line.detail["entries"], line.detail["seen"]) == (line.seq - 1, seen)
    assert line.detail["shut_out"] == [terry]
    assert {each.username for each in found.able} == {"hedy", "cora"}
    assert passwords(again, "terry") == {}
    assert passwords(again, "hedy") != {}
    rows = [{"username": "terry", "new_code": True}]
    asked = propose_people(again, the(again, "cora"), rows, "after the backup", LATER)
    agreed = approve(again, the(again, "hedy"), asked.id, "", LATER)
    enrol(again, asked.handed["terry"] + agreed.handed["terry"], "nine-quiet-ponds", LATER)
    assert passwords(again, "terry") != {}
    assert is_whole(again)


def test_what_is_in_force_afterwards_is_proven_and_signed_again(desk: Desk, before: Path) -> None:
    with_factor(desk, "terry", NOON)
    put_back(desk, before)
    again = anew(desk)
    with capture_logs():
        publish(again)
    assert unproven(again)

    restore(again, (), WHY, LATER)

    assert not unproven(again)
    asked_by(again, "tess")
    assert not has_one(anew(again), "terry")
    assert is_whole(again)
    refused("wrong-state", lambda: restore(again, (), WHY, LATER))


def test_a_process_that_has_seen_the_longer_log_follows(desk: Desk, before: Path) -> None:
    """The api ran on, and somebody said it on the command line."""
    with_factor(desk, "terry", NOON)
    publish(desk)
    put_back(desk, before)
    with capture_logs():
        publish(desk)

    restore(anew(desk), (), WHY, LATER)
    publish(desk)

    assert not unproven(desk)
    assert passwords(desk, "terry") == {}
    asked_by(desk, "tess")
    assert is_whole(desk)


def test_an_old_password_and_an_old_token_are_void(desk: Desk, tmp_path: Path) -> None:
    made = make_token(desk, the(desk, "cora"), Wanted("a script", ("unblocks:ask",), 30), NOON)
    with_token = older(desk, tmp_path / "with-token")
    revoke_token(desk, the(desk, "cora"), made.kept.id, NOON)
    change_password(desk, somebody(desk, "hedy").id, "console", CONSOLE["hedy"], "nine-quiet-ponds", NOON)
    put_back(desk, with_token)
    again = anew(desk)

    found = restore(again, (), WHY, LATER)

    assert ([each.username for each in found.shut_out], found.tokens) == (["hedy"], (made.kept.id,))
    with reading(again.engine) as conn:
        assert not again.log_lines.is_token(conn, made.kept.id)
    assert passwords(again, "hedy") == {}


def test_a_code_that_was_used_since_is_void(desk: Desk, tmp_path: Path) -> None:
    rows = [{"username": "cora", "new_code": True}]
    asked = propose_people(desk, the(desk, "terry"), rows, "forgotten", NOON)
    agreed = approve(desk, the(desk, "hedy"), asked.id, "", NOON)
    code = asked.handed["cora"] + agreed.handed["cora"]
    unused = older(desk, tmp_path / "unused")
    enrol(desk, code, "nine-quiet-ponds", NOON)
    put_back(desk, unused)
    again = anew(desk)

    restore(again, (), WHY, LATER)

    with capture_logs() as told, pytest.raises(ChangeError):
        enrol(again, code, "nine-other-ponds", LATER)
    assert "enrolment_code.not_sealed" in {each["event"] for each in told}


def test_somebody_must_be_left_who_can_agree_to_things(desk: Desk, before: Path) -> None:
    for username in ("terry", "hedy"):
        with_factor(desk, username, NOON)
    put_back(desk, before)
    again = anew(desk)

    error = refused("refused", lambda: restore(again, (), WHY, LATER))
    assert error.says.endswith("let in some of: hedy, terry")
    refused("bad-input", lambda: restore(again, ("cora",), WHY, LATER))
    restore(again, ("hedy",), WHY, LATER)

    assert log_of(again)[-1].detail["let_in"] == [somebody(again, "hedy").id]
    assert passwords(again, "hedy") != {}
    assert passwords(again, "terry") == {}


def test_everybody_signs_in_anew_afterwards(desk: Desk, tmp_path: Path) -> None:
    with writing(desk.engine) as conn:
        token, _ = create_session(conn, desk.session_key, somebody(desk, "terry").id, NOON)
    asked_by(desk, "tess")
    signed_in = older(desk, tmp_path / "signed-in")
    with_factor(desk, "terry", NOON)  # ends it
    put_back(desk, signed_in)
    again = anew(desk)

    restore(again, (), WHY, LATER)

    with reading(again.engine) as conn:
        assert find_session(conn, again.session_key, token, LATER) is None


def test_a_role_rewritten_in_the_database_lets_nobody_through(desk: Desk, before: Path) -> None:
    with_factor(desk, "terry", NOON)
    put_back(desk, before)
    again = anew(desk)
    terry = somebody(again, "terry").id
    with writing(again.engine) as conn:
        change_person(conn, terry, role="pupil")

    with capture_logs():
        found = restore(again, (), WHY, LATER)

    assert (found.shut_out, found.void) == ((), (terry,))
    assert passwords(again, "terry") == {}


def test_what_was_written_without_a_signature_is_not_signed_by_it(desk: Desk, before: Path) -> None:
    with_factor(desk, "terry", NOON)
    put_back(desk, before)
    again = anew(desk)
    waiting = next(entry.object_id for entry in log_of(again) if entry.event == "unblock:propose")
    with capture_logs():
        decline(again, the(again, "hedy"), waiting, "no", LATER)
        error = refused("refused", lambda: restore(again, (), WHY, LATER))

    assert "Put the database back once more" in error.says
    put_back(desk, before)
    restore(again, (), WHY, LATER)
    assert is_whole(again)


def test_a_damaged_floor_is_begun_anew_when_somebody_says_so(desk: Desk) -> None:
    asked_by(desk, "tess")
    (desk.state / FOLDER / SEEN).write_bytes(b"nothing")
    again = anew(desk)
    with capture_logs(), reading(again.engine) as conn:
        found = restoring(again, conn, (), LATER)
    assert (found.seen, found.shut_out) == (None, ())

    with capture_logs():
        restore(again, (), WHY, LATER)

    assert log_of(again)[-1].detail["seen"] is None
    asked_by(again, "tess")
    assert is_whole(again)


def test_with_the_log_that_was_seen_there_is_nothing_to_do(desk: Desk) -> None:
    asked_by(desk, "tess")

    refused("wrong-state", lambda: restore(desk, (), WHY, LATER))
    assert log_of(desk)[-1].event == "unblock:propose"
