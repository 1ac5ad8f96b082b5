"""The second factor: a code works once, in its time; nobody is rid of it alone, nor gets round it."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import delete, select, text, update

from audit_log.api_tokens import kept_token
from audit_log.db import reading, writing
from audit_log.second_factors import kept_factor
from audit_log.sessions import create_session, find_session, token_hash
from audit_log.tables import change_log, second_factor
from change_control.desk import Desk
from change_control.enrolment import enrol
from change_control.errors import ChangeError
from change_control.proposals import approve, propose_people
from change_control.protecting import propose_erasure
from change_control.second_factor import (
    LONGEST_SET_UP,
    begin,
    begun_again,
    clear_own,
    right_step,
    set_up,
    use_code,
)
from change_control.tightening import end_person
from change_control.tokens import Wanted, make_token
from tests.builders import NOON
from tests.change_control.factored import digits, has_one, with_factor
from tests.change_control.machine import InASchool, play
from tests.change_control.school import is_whole, log_of, refused, somebody, the

LATER = NOON + timedelta(minutes=5)
EXAMPLES = max(10, int(os.environ.get("SCHOOLGATE_TORTURE_ROUNDS", "0")))
RFC_6238 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", of its appendix B


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924")]
)
def test_the_digits_are_those_of_the_standard(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, NOON.tzinfo)

    assert right_step(RFC_6238, code, at) == seconds // 30
    assert right_step(RFC_6238, f"{code[:3]} {code[3:]}", at) == seconds // 30


@pytest.mark.parametrize("by", [-61, -30, 0, 30, 61])
def test_a_clock_may_be_half_a_minute_off_and_no_more(by: int) -> None:
    shown = digits(RFC_6238, NOON + timedelta(seconds=by))

    assert (right_step(RFC_6238, shown, NOON) is not None) == (abs(by) <= 30)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "１２３４５６", "-12345", "\0" * 6])
def test_what_is_not_six_digits_is_no_code(typed: str) -> None:
    assert right_step(RFC_6238, typed, NOON) is None


def test_setting_one_up_leaves_a_line_without_the_secret_and_ends_other_sessions(desk: Desk) -> None:
    terry = somebody(desk, "terry")
    with writing(desk.engine) as conn:
        mine, _ = create_session(conn, desk.session_key, terry.id, NOON)
        other, _ = create_session(conn, desk.session_key, terry.id, NOON)
    begun = begin(desk, terry, NOON)
    keep = token_hash(desk.session_key, mine)

    set_up(desk, terry.id, begun.begun, digits(begun.secret, NOON), NOON, keep=keep)

    line = log_of(desk)[-1]
    assert (line.event, line.actor, line.object_id) == ("second-factor:set", terry.id, terry.id)
    with reading(desk.engine) as conn:
        assert find_session(conn, desk.session_key, mine, NOON)
        assert not find_session(conn, desk.session_key, other, NOON)
        kept = kept_factor(conn, terry.id)
    everything = f"{line.sealed} {begun!r} {kept!r} {kept and kept.sealed}"
    assert begun.secret not in everything
    assert begun.begun not in f"{begun!r}"
    assert begun.secret.encode() not in (desk.state / "schoolgate.sqlite").read_bytes()
    assert is_whole(desk)


def test_a_wrong_code_sets_nothing_up_and_the_same_secret_may_be_tried_again(desk: Desk) -> None:
    terry = somebody(desk, "terry")
    begun = begin(desk, terry, NOON)

    error = refused("bad-input", lambda: set_up(desk, terry.id, begun.begun, "000000", NOON))

    assert set(error.fields) == {"code"}
    assert not has_one(desk, "terry")
    assert begun_again(desk, terry, begun.begun, NOON) == begun


def test_what_was_begun_by_somebody_else_or_long_ago_is_refused(desk: Desk) -> None:
    terry, hedy = somebody(desk, "terry"), somebody(desk, "hedy")
    begun = begin(desk, terry, NOON)
    late = NOON + LONGEST_SET_UP + timedelta(seconds=1)

    for person, text_, at in (
        (hedy, begun.begun, NOON), (terry, begun.begun, late), (terry, "nothing", NOON),
        (terry, begun.begun, NOON - timedelta(seconds=1)),
    ):  # fmt: skip
        code = digits(begun.secret, at)
        refused("wrong-state", lambda p=person, t=text_, c=code, a=at: set_up(desk, p.id, t, c, a))  # type: ignore[misc]  # bound at once


def test_a_code_works_once_and_the_one_that_set_it_up_has_been_used(desk: Desk) -> None:
    secret = with_factor(desk, "terry", NOON)
    terry = somebody(desk, "terry").id

    assert not use_code(desk, terry, digits(secret, NOON), NOON)
    assert use_code(desk, terry, digits(secret, LATER), LATER)
    assert not use_code(desk, terry, digits(secret, LATER), LATER)
    earlier = digits(secret, LATER - timedelta(seconds=30))
    assert not use_code(desk, terry, earlier, LATER)  # an older one than was used
    assert use_code(desk, terry, digits(secret, LATER + timedelta(seconds=30)), LATER)


def test_it_is_cleared_with_a_code_of_it_and_with_nothing_else(desk: Desk) -> None:
    secret = with_factor(desk, "terry", NOON)
    terry = somebody(desk, "terry").id

    refused("bad-input", lambda: clear_own(desk, terry, "000000", LATER))
    refused("bad-input", lambda: clear_own(desk, terry, digits(secret, NOON), NOON))
    clear_own(desk, terry, digits(secret, LATER), LATER)

    assert not has_one(desk, "terry")
    assert log_of(desk)[-1].event == "second-factor:clear"
    assert is_whole(desk)
    refused("wrong-state", lambda: clear_own(desk, terry, digits(secret, LATER), LATER))


def test_a_second_one_takes_the_place_of_none_before_the_first_is_cleared(desk: Desk) -> None:
    with_factor(desk, "terry", NOON)
    terry = somebody(desk, "terry")
    begun = begin(desk, terry, LATER)

    refused("wrong-state", lambda: set_up(desk, terry.id, begun.begun, digits(begun.secret, LATER), LATER))


def test_a_password_chosen_with_a_code_begins_without_a_second_factor(desk: Desk) -> None:
    with_factor(desk, "cora", NOON)
    rows = [{"username": "cora", "new_code": True}]
    asked = propose_people(desk, the(desk, "terry"), rows, "lost", LATER)
    agreed = approve(desk, the(desk, "hedy"), asked.id, "", LATER)
    assert has_one(desk, "cora")

    enrol(desk, asked.handed["cora"] + agreed.handed["cora"], "nine-quiet-ponds", LATER)

    assert not has_one(desk, "cora")
    assert log_of(desk)[-1].detail["second_factor"] == "cleared"
    assert is_whole(desk)


def test_two_people_clear_that_of_a_third_and_one_alone_does_not(desk: Desk) -> None:
    with_factor(desk, "tess", NOON)
    rows = [{"username": "tess", "clear_second_factor": True}]
    asked = propose_people(desk, the(desk, "terry"), rows, "a telephone was lost", LATER)
    assert asked.loosening
    refused("same-person", lambda: approve(desk, the(desk, "terry"), asked.id, "", LATER))
    assert has_one(desk, "tess")

    approve(desk, the(desk, "hedy"), asked.id, "", LATER)

    assert not has_one(desk, "tess")
    assert is_whole(desk)


def test_of_somebody_erased_neither_a_factor_nor_the_name_of_a_token_is_left(desk: Desk) -> None:
    with_factor(desk, "tess", NOON)
    tess = the(desk, "tess")
    made = make_token(desk, tess, Wanted("Tess's laptop", ("unblocks:ask",), 30), NOON)
    end_person(desk, the(desk, "terry"), tess.person_id, "left", LATER)
    after = LATER + timedelta(minutes=1)
    asked = propose_erasure(desk, the(desk, "terry"), "tess", "naming", "has left", after)
    approve(desk, the(desk, "hedy"), asked.id, "", after)

    with reading(desk.engine) as conn:
        assert kept_factor(conn, tess.person_id) is None
        left = kept_token(conn, made.kept.id)
    assert left is not None
    assert left.name == ""
    assert is_whole(desk)


@pytest.fixture
def owned(desk: Desk) -> tuple[Desk, str]:
    """Terry has a second factor, and somebody owns the database."""
    secret = with_factor(desk, "terry", NOON)
    with writing(desk.engine) as conn:
        conn.execute(text("DROP TRIGGER second_factor_stays"))
    return desk, secret


def test_a_deleted_row_opens_nothing_and_is_found(owned: tuple[Desk, str]) -> None:
    desk, secret = owned
    terry = somebody(desk, "terry").id
    with writing(desk.engine) as conn:
        conn.execute(delete(second_factor))

    assert has_one(desk, "terry")
    assert not use_code(desk, terry, digits(secret, LATER), LATER)
    begun = begin(desk, somebody(desk, "terry"), LATER)
    refused("wrong-state", lambda: set_up(desk, terry, begun.begun, digits(begun.secret, LATER), LATER))
    assert not is_whole(desk)


def test_a_secret_of_somebody_else_opens_nothing_and_is_found(owned: tuple[Desk, str]) -> None:
    desk, _ = owned
    theirs = with_factor(desk, "hedy", NOON)
    hedy, terry = somebody(desk, "hedy").id, somebody(desk, "terry").id
    with writing(desk.engine) as conn:
        sealed = conn.scalar(select(second_factor.c.sealed).where(second_factor.c.person_id == hedy))
        mine = second_factor.c.person_id == terry
        conn.execute(update(second_factor).where(mine).values(sealed=sealed))

    assert not use_code(desk, terry, digits(theirs, LATER), LATER)
    assert not is_whole(desk)


def test_a_row_that_no_line_tells_of_is_asked_for_by_nobody_and_is_found(owned: tuple[Desk, str]) -> None:
    desk, _ = owned
    with writing(desk.engine) as conn:
        conn.execute(update(second_factor).values(person_id=somebody(desk, "hedy").id))

    assert not has_one(desk, "hedy")
    assert not is_whole(desk)


def test_where_the_log_is_damaged_the_second_factor_is_still_asked_for(owned: tuple[Desk, str]) -> None:
    desk, secret = owned
    with writing(desk.engine) as conn:
        for trigger in conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            conn.execute(text(f'DROP TRIGGER "{trigger}"'))
        conn.execute(delete(change_log).where(change_log.c.seq == 1))
    desk.log_lines.forget()

    assert has_one(desk, "terry")
    assert use_code(desk, somebody(desk, "terry").id, digits(secret, LATER), LATER)


class Telephones(InASchool):
    """Set, use, replay, clear, enrol, in any order: worked out again beside it, from what was done alone."""

    who = st.sampled_from(("terry", "hedy", "cora"))

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, str] = {}  # who has one
        self.used: dict[str, int] = {}  # the last half minute that each has used
        self.seen: set[str] = set()  # every code that ever worked, with its secret

    @rule(seconds=st.integers(0, 90))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(who=who, right=st.booleans())
    def sets_one_up(self, who: str, right: bool) -> None:
        person = somebody(self.desk, who)
        begun = begin(self.desk, person, self.now)
        code = digits(begun.secret, self.now if right else self.now + timedelta(hours=1))
        try:
            set_up(self.desk, person.id, begun.begun, code, self.now)
        except ChangeError as error:
            assert not right or who in self.secrets, error
        else:
            assert who not in self.secrets
            self.secrets[who], self.used[who] = begun.secret, self.step(0)

    def step(self, by: int) -> int:
        return int(self.now.timestamp()) // 30 + by

    @rule(who=who, by=st.integers(-3, 3), whose=who)
    def types_a_code(self, who: str, by: int, whose: str) -> None:
        secret = self.secrets.get(whose)
        if secret is None:
            return
        works = who == whose and abs(by) <= 1 and self.step(by) > self.used[who]
        code = digits(secret, self.now + timedelta(seconds=30 * by))
        assert use_code(self.desk, somebody(self.desk, who).id, code, self.now) == works
        if works:
            self.used[who] = self.step(by)
            assert f"{secret}{self.step(by)}" not in self.seen
            self.seen.add(f"{secret}{self.step(by)}")

    @rule(who=who, by=st.integers(-2, 2))
    def clears_their_own(self, who: str, by: int) -> None:
        secret = self.secrets.get(who, RFC_6238)
        works = who in self.secrets and abs(by) <= 1 and self.step(by) > self.used[who]
        code = digits(secret, self.now + timedelta(seconds=30 * by))
        try:
            clear_own(self.desk, somebody(self.desk, who).id, code, self.now)
        except ChangeError:
            assert not works
        else:
            assert works
            del self.secrets[who], self.used[who]

    @rule(who=who, first=who, second=who)
    def two_people_clear_it(self, who: str, first: str, second: str) -> None:
        rows = [{"username": who, "clear_second_factor": True}]
        asked = propose_people(self.desk, the(self.desk, first), rows, "lost", self.now)
        try:
            approve(self.desk, the(self.desk, second), asked.id, "", self.now)
        except ChangeError:
            assert first == second
        else:
            assert first != second
            self.secrets.pop(who, None)
            self.used.pop(who, None)

    @invariant()
    def who_has_one_is_known(self) -> None:
        for who in ("terry", "hedy", "cora"):
            assert has_one(self.desk, who) == (who in self.secrets)


def test_no_code_works_twice_and_nobody_is_rid_of_it_alone(school: Path) -> None:
    Telephones.template = school
    play(Telephones, examples=EXAMPLES, steps=12)
