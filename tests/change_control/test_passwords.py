"""One's own passwords: the old one is needed, the two differ, and others are signed out (A89)."""

from datetime import timedelta

from audit_log.db import reading, writing
from audit_log.passwords import sealed_hash, verify_password
from audit_log.sessions import create_session, find_session, token_hash
from change_control.desk import Desk
from change_control.passwords import change_password
from tests.builders import NOON
from tests.change_control.school import CONSOLE, log_of, refused, somebody

NEW = "a-long-new-password"


def test_a_password_is_changed_with_the_old_one_and_leaves_a_line(desk: Desk) -> None:
    tess = somebody(desk, "tess")

    change_password(desk, tess.id, "proxy", "tess", NEW, NOON)

    after = somebody(desk, "tess")
    assert verify_password(after.password_hash, NEW)
    assert not after.password_must_change
    assert after.password_changed_at == NOON
    line = log_of(desk)[-1]
    told = {"which": "proxy", "hash": sealed_hash(after.password_hash or "")}
    assert (line.event, line.actor, line.detail) == ("password:change", tess.id, told)
    assert NEW not in line.sealed


def test_a_wrong_old_password_changes_nothing(desk: Desk) -> None:
    tess = somebody(desk, "tess")

    error = refused("bad-input", lambda: change_password(desk, tess.id, "proxy", "guess", NEW, NOON))

    assert set(error.fields) == {"old"}
    assert somebody(desk, "tess") == tess


def test_a_new_password_is_long_enough_new_and_not_the_other_one(desk: Desk) -> None:
    hedy = somebody(desk, "hedy").id
    change_password(desk, hedy, "proxy", CONSOLE["hedy"], NEW, NOON)

    for new in ("short", CONSOLE["hedy"], NEW):
        error = refused(
            "bad-input",
            lambda new=new: change_password(desk, hedy, "console", CONSOLE["hedy"], new, NOON),  # type: ignore[misc]  # bound at once
        )
        assert set(error.fields) == {"new"}


def test_a_founder_chooses_a_browsing_password_with_the_consoles(desk: Desk) -> None:
    hedy = somebody(desk, "hedy").id

    change_password(desk, hedy, "proxy", CONSOLE["hedy"], NEW, NOON)

    assert verify_password(somebody(desk, "hedy").password_hash, NEW)
    refused("bad-input", lambda: change_password(desk, hedy, "proxy", CONSOLE["hedy"], NEW + "!", NOON))


def test_staff_may_choose_a_console_password_with_the_one_for_browsing(desk: Desk) -> None:
    change_password(desk, somebody(desk, "tess").id, "console", "tess", NEW, NOON)

    assert verify_password(somebody(desk, "tess").console_hash, NEW)


def test_a_browsing_password_opens_no_console_that_approves_or_oversees(desk: Desk) -> None:
    for username in ("cora", "gail"):
        person = somebody(desk, username)
        refused(
            "bad-input",
            lambda person=person: change_password(desk, person.id, "console", person.username, NEW, NOON),  # type: ignore[misc]  # bound at once
        )


def test_the_other_sessions_end_and_the_one_that_asked_stays(desk: Desk) -> None:
    tess = somebody(desk, "tess")
    with writing(desk.engine) as conn:
        mine, other = (create_session(conn, desk.session_key, tess.id, NOON)[0] for _ in range(2))

    change_password(desk, tess.id, "proxy", "tess", NEW, NOON, keep=token_hash(desk.session_key, mine))

    with reading(desk.engine) as conn:
        assert find_session(conn, desk.session_key, mine, NOON + timedelta(seconds=1)) is not None
        assert find_session(conn, desk.session_key, other, NOON + timedelta(seconds=1)) is None


def test_an_unknown_person_is_not_found(desk: Desk) -> None:
    refused("not-found", lambda: change_password(desk, "p_nobody", "proxy", "x", NEW, NOON))
