"""Tokens for programs: less than their owner, for a time, and no way for who owns the database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from audit_log.db import reading, writing
from audit_log.people import change_person
from change_control.desk import Actor, Desk
from change_control.enrolment import enrol
from change_control.looks import record_look
from change_control.proposals import approve, propose_people
from change_control.tokens import MOST_TOKENS, SCOPES, Made, Wanted, find_token, make_token, revoke_token
from filter_policy.model import Role
from tests.builders import NOON
from tests.change_control.school import is_whole, log_of, refused, the

WANTED = Wanted("the wall screen", ("changes:read", "metrics"), 30)


def made(desk: Desk, username: str = "terry", **changes: Any) -> Made:
    fields = {name: changes.get(name, getattr(WANTED, name)) for name in Wanted.__slots__}
    return make_token(desk, the(desk, username), Wanted(**fields), NOON)


def works(desk: Desk, token: str, at: timedelta = timedelta(), address: str = "127.0.0.1") -> bool:
    with reading(desk.engine) as conn:
        return find_token(desk, conn, token, address, NOON + at) is not None


def test_a_token_works_until_it_ends_and_its_line_tells_no_secret(desk: Desk) -> None:
    one = made(desk)

    assert works(desk, one.token, timedelta(days=29))
    assert not works(desk, one.token, timedelta(days=30))
    line = log_of(desk)[-1]
    assert (line.event, line.object_id) == ("token:create", one.kept.id)
    assert line.detail["scopes"] == ["changes:read", "metrics"]
    for said in (line.sealed, repr(one)):
        assert one.token not in said
        assert one.kept.proof not in said
    assert one.token.encode() not in (desk.state / "schoolgate.sqlite").read_bytes()
    assert is_whole(desk)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scopes": ()}, "scopes"), ({"scopes": ("unblocks:approve",)}, "scopes"), ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"), ({"name": "a\nb"}, "name"), ({"days": 0}, "days"),
        ({"days": 366}, "days"), ({"addresses": ("school",)}, "addresses"),
        ({"addresses": ("10.0.0.1/8",)}, "addresses"),
        ({"addresses": tuple(f"10.0.0.{n}" for n in range(11))}, "addresses"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(desk: Desk, changes: dict[str, Any], field: str) -> None:
    assert set(refused("bad-input", lambda: made(desk, **changes)).fields) == {field}


@pytest.mark.parametrize(
    ("username", "scope"), [("tess", "changes:read"), ("gail", "unblocks:ask"), ("gail", "explain")]
)
def test_nobody_gives_a_program_what_they_may_not_do_themselves(
    desk: Desk, username: str, scope: str
) -> None:
    assert "scopes" in refused("bad-input", lambda: made(desk, username, scopes=(scope,))).fields


def test_no_scope_is_a_word_that_somebody_gives() -> None:
    words = {scope.rpartition(":")[2] for scope in SCOPES}

    assert words == {"read", "ask", "explain", "metrics", "write"}  # the last: to report, and to note
    assert not any(role in who for who in SCOPES.values() for role in (Role.PUPIL, Role.GUEST))


def test_it_works_from_its_networks_alone(desk: Desk) -> None:
    one = made(desk, addresses=("10.1.2.0/24", "fd00::/8"))

    assert works(desk, one.token, address="10.1.2.9")
    assert works(desk, one.token, address="fd00::1")
    assert not any(works(desk, one.token, address=each) for each in ("10.1.3.9", "unknown", "::1"))


def test_its_owner_revokes_it_and_who_may_approve_revokes_any(desk: Desk) -> None:
    first, second = made(desk, "gail"), made(desk, "gail")

    refused("not-found", lambda: revoke_token(desk, the(desk, "tess"), first.kept.id, NOON))
    revoke_token(desk, the(desk, "gail"), first.kept.id, NOON)
    revoke_token(desk, the(desk, "terry"), second.kept.id, NOON)

    assert not works(desk, first.token)
    assert not works(desk, second.token)
    refused("wrong-state", lambda: revoke_token(desk, the(desk, "gail"), first.kept.id, NOON))
    assert [line.event for line in log_of(desk)[-2:]] == ["token:revoke"] * 2
    assert is_whole(desk)


def test_a_password_chosen_with_a_code_leaves_no_token_behind(desk: Desk) -> None:
    one = made(desk, "cora")
    asked = propose_people(desk, the(desk, "terry"), [{"username": "cora", "new_code": True}], "lost", NOON)
    agreed = approve(desk, the(desk, "hedy"), asked.id, "", NOON)

    enrol(desk, asked.handed["cora"] + agreed.handed["cora"], "nine-quiet-ponds", NOON)

    assert not works(desk, one.token)
    assert is_whole(desk)


def test_there_are_not_more_than_somebody_can_keep_an_eye_on(desk: Desk) -> None:
    for _ in range(MOST_TOKENS):
        made(desk)

    refused("wrong-state", lambda: made(desk))


def test_what_is_read_with_a_token_says_so(desk: Desk) -> None:
    terry = the(desk, "terry")
    record_look(desk, Actor(terry.person_id, terry.role, token="0a1b2c"), None, "all", "a check", NOON)

    assert log_of(desk)[-1].detail["by_token"] == "0a1b2c"


def test_who_is_suspended_makes_none(desk: Desk) -> None:
    with writing(desk.engine) as conn:
        change_person(conn, the(desk, "tess").person_id, suspended_from=NOON)

    refused("wrong-role", lambda: made(desk, "tess", scopes=("unblocks:ask",)))


ATTACKS = {
    "more scopes": 'UPDATE api_token SET scopes = \'["changes:read", "metrics", "explain"]\'',
    "a longer time": "UPDATE api_token SET ends_at = '2030-01-01 00:00:00.000000'",
    "another owner": "UPDATE api_token SET person_id = (SELECT id FROM person WHERE username = 'hedy')",
    "another role": "UPDATE api_token SET role = 'headteacher'",
    "any address": "UPDATE api_token SET addresses = '[]'",
    "another proof": "UPDATE api_token SET proof = 'x'",
    "gone": "DELETE FROM api_token",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_who_owns_the_database_makes_no_more_of_a_token(desk: Desk, attack: str) -> None:
    one = made(desk, addresses=("127.0.0.1/32",))
    assert works(desk, one.token)

    owner(desk)(ATTACKS[attack])

    assert not works(desk, one.token, timedelta(days=40) if attack == "a longer time" else timedelta())
    assert not is_whole(desk)


def test_who_owns_the_database_brings_no_token_back(desk: Desk) -> None:
    one = made(desk)
    revoke_token(desk, the(desk, "terry"), one.kept.id, NOON)

    owner(desk)("UPDATE api_token SET ended_at = NULL")

    assert not works(desk, one.token)
    assert not is_whole(desk)


def owner(desk: Desk) -> Callable[[str], None]:
    def say(statement: str) -> None:
        with writing(desk.engine) as conn:
            for name in ("api_token_stays", "api_token_no_delete"):
                conn.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
            conn.execute(text(statement))

    return say


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_itself_refuses_what_only_its_owner_could_do(desk: Desk, attack: str) -> None:
    made(desk, addresses=("127.0.0.1/32",))

    with pytest.raises(Exception, match="not said yet"), writing(desk.engine) as conn:
        conn.execute(text(ATTACKS[attack]))
