"""The envelope is opened: for one approval, or for one new code; and it makes nobody two people."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest

from audit_log.db import reading
from change_control.break_glass import NO_SUCH, current_envelope
from change_control.desk import Desk
from change_control.enrolment import enrol
from change_control.envelope import (
    NO_ACCOUNTS,
    NOT_THIS,
    TOO_FEW,
    WHO_IS_TOLD,
    approve_with,
    new_code,
    propose_envelope,
)
from change_control.errors import ChangeError
from change_control.holds import place_hold
from change_control.openings import open_for_class
from change_control.proposals import (
    approve,
    decline,
    propose_people,
    propose_policy,
    propose_unblock,
    withdraw,
)
from change_control.protecting import WrongIdentity, propose_correction, propose_erasure, propose_release
from change_control.reviews import sign
from change_control.tightening import end_person, suspend
from filter_lists.index import Index
from tests.builders import NOON, POLICY
from tests.change_control.enveloped import an_envelope, the_review
from tests.change_control.school import (
    HASHER,
    LISTED,
    a_row,
    an_ask,
    asked_by,
    events_of,
    is_whole,
    log_of,
    refused,
    row_of,
    somebody,
    the,
)

DAY = timedelta(days=1)
WORDS = "three-odd-socks"


def test_one_person_approves_with_it_and_a_review_by_two_is_opened(desk: Desk) -> None:
    code, asked = an_envelope(desk), asked_by(desk, "terry")

    done = approve_with(desk, the(desk, "terry"), asked, code, "alone with the class", NOON)

    assert (done.state, done.decided_by) == ("approved", "break-glass")
    used, agreed = log_of(desk)[-2:]
    terry = somebody(desk, "terry").id
    assert (used.event, used.actor, used.texts) == (
        "break-glass:use",
        terry,
        {"reason": "alone with the class"},
    )
    assert used.detail == {
        "id": used.object_id, "for": "approve", "proposal": asked, "proposed_by": terry,
    }  # fmt: skip
    assert (agreed.event, agreed.actor, agreed.detail["used_by"]) == ("unblock:approve", "break-glass", terry)
    review = the_review(desk)
    assert (review.kind, review.needed, review.due_at) == ("break-glass", 2, NOON + 2 * DAY)
    assert is_whole(desk)


def test_the_review_takes_two_others(desk: Desk) -> None:
    approve_with(desk, the(desk, "hedy"), asked_by(desk, "terry"), an_envelope(desk), "alone", NOON)
    review = the_review(desk).id

    for who in ("hedy", "terry"):  # who used it, and for whom
        actor = the(desk, who)
        refused("same-person", partial(sign, desk, actor, review, True, "fine", NOON))
    assert sign(desk, the(desk, "gail"), review, True, "fine", NOON).done_at is None
    refused("wrong-state", lambda: sign(desk, the(desk, "gail"), review, True, "fine", NOON))
    assert sign(desk, the(desk, "cora"), review, True, "fine", NOON).done_at == NOON
    assert is_whole(desk)


def test_none_is_made_where_nobody_could_sign_for_its_use(desk: Desk) -> None:
    """Of the four who read the change log, Gail has no password, and Cora has left."""
    end_person(desk, the(desk, "terry"), somebody(desk, "cora").id, "left", NOON)

    says = refused("refused", lambda: propose_envelope(desk, the(desk, "terry"), "for the safe", NOON)).says
    assert says == TOO_FEW


def test_a_guess_at_what_nobody_may_read_is_recorded(desk: Desk) -> None:
    code, asked = an_envelope(desk), asked_by(desk, "terry", "unlisted.test")
    listed = Index.in_memory({**LISTED, "unlisted.test": [("child-sexual-abuse", "abuse-list")]})
    later = replace(desk, lists=lambda: listed, opened=lambda _: listed)

    refused("refused", lambda: approve_with(later, the(desk, "terry"), asked, code, "alone", NOON))

    assert events_of(desk)[-1] == "illegal-list:probe"


def test_it_works_once(desk: Desk) -> None:
    code, asked = an_envelope(desk), asked_by(desk, "terry")
    approve_with(desk, the(desk, "terry"), asked, code, "alone", NOON)
    second = asked_by(desk, "terry", "unlisted.test")

    refused("not-found", lambda: approve_with(desk, the(desk, "terry"), second, code, "again", NOON))
    refused("not-found", lambda: new_code(desk, "cora", code, "again", NOON))


def test_of_two_who_use_it_at_the_same_instant_one_does(desk: Desk) -> None:
    code = an_envelope(desk)
    asked = {
        who: asked_by(desk, who, site)
        for who, site in (("terry", "bet.test"), ("cora", "racism-history.test"))
    }
    start = Barrier(2)
    answers: list[str] = []

    def use(who: str) -> None:
        actor = the(desk, who)
        start.wait()
        try:
            answers.append(approve_with(desk, actor, asked[who], code, "alone", NOON).state)
        except ChangeError as error:
            answers.append(error.code)

    threads = [Thread(target=use, args=(who,)) for who in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["approved", "not-found"]
    assert events_of(desk).count("break-glass:use") == 1


def test_what_cannot_be_done_leaves_it_unused(desk: Desk) -> None:
    code, asked = an_envelope(desk), asked_by(desk, "terry")
    withdraw(desk, the(desk, "terry"), asked, "", NOON)

    refused("wrong-state", lambda: approve_with(desk, the(desk, "terry"), asked, code, "alone", NOON))

    with reading(desk.engine) as conn:
        found = current_envelope(conn)
    assert found is not None
    assert found.used_at is None


def test_it_opens_nothing_that_two_people_could_not(desk: Desk) -> None:
    """The site was put on a list of what is illegal after somebody asked for it."""
    code, asked = an_envelope(desk), asked_by(desk, "terry", "unlisted.test")
    listed = Index.in_memory({**LISTED, "unlisted.test": [("child-sexual-abuse", "abuse-list")]})
    later = replace(desk, lists=lambda: listed, opened=lambda _: listed)

    refused("refused", lambda: approve_with(later, the(desk, "terry"), asked, code, "alone", NOON))


def test_a_policy_that_was_proposed_on_another_one_is_not_approved_with_it(desk: Desk) -> None:
    code = an_envelope(desk)
    days = [POLICY.replace("longest_days: 42", f"longest_days: {n}") for n in (43, 44)]
    first, second = (propose_policy(desk, the(desk, "terry"), text, "why", NOON).id for text in days)
    approve(desk, the(desk, "hedy"), first, "", NOON)

    refused("wrong-state", lambda: approve_with(desk, the(desk, "terry"), second, code, "alone", NOON))


def test_it_brings_a_policy_into_force(desk: Desk) -> None:
    text = POLICY.replace("longest_days: 42", "longest_days: 43")
    asked = propose_policy(desk, the(desk, "terry"), text, "why", NOON).id

    approve_with(desk, the(desk, "terry"), asked, an_envelope(desk), "alone", NOON)

    assert row_of(desk, asked)["state"] == "approved"
    assert is_whole(desk)


@pytest.mark.parametrize(
    "more", ["\nreviews: {break_glass_days: 99}\n", "\nnotify: {governor: [me@school.example]}\n"]
)
def test_it_changes_neither_who_is_told_nor_when_it_is_looked_at(desk: Desk, more: str) -> None:
    asked = propose_policy(desk, the(desk, "terry"), POLICY + more, "why", NOON).id
    code = an_envelope(desk)

    says = refused("refused", lambda: approve_with(desk, the(desk, "terry"), asked, code, "alone", NOON)).says
    assert says == WHO_IS_TOLD


ACCOUNTS: tuple[Mapping[str, Any], ...] = (
    a_row("nora", "coordinator", "staff", []) | {"password_hash": None},
    a_row("nora", "staff", "staff", []),
    a_row("nora", "governor", "staff", []),
    {"username": "anna", "role": "staff"},
    {"username": "tess", "role": "technician"},
    {"username": "cora", "new_code": True},
    {"username": "gail", "new_code": True},
    {"username": "tess", "password_hash": HASHER.hash(WORDS)},
    {"username": "hedy", "suspended": False},
    {"username": "tess", "name": "Somebody Else"},
)


@pytest.mark.parametrize("row", ACCOUNTS)
def test_it_makes_nobody_two_people(desk: Desk, row: Mapping[str, Any]) -> None:
    code = an_envelope(desk)
    if "suspended" in row:
        suspend(desk, the(desk, "terry"), somebody(desk, "hedy").id, None, "why", NOON)
    given = {key: value for key, value in row.items() if value is not None}
    asked = propose_people(desk, the(desk, "terry"), [given], "a second me", NOON)

    says = refused(
        "refused", lambda: approve_with(desk, the(desk, "terry"), asked.id, code, "alone", NOON)
    ).says
    assert says == NO_ACCOUNTS


def test_it_lets_a_pupil_in(desk: Desk) -> None:
    asked = propose_people(
        desk, the(desk, "terry"), [a_row("nina", "pupil", "upper-ks2", ["6A"])], "new", NOON
    )

    approve_with(desk, the(desk, "terry"), asked.id, an_envelope(desk), "alone", NOON)

    assert somebody(desk, "nina").role == "pupil"
    assert is_whole(desk)


def test_what_cannot_be_taken_back_waits_for_somebody(desk: Desk) -> None:
    terry, ben = the(desk, "terry"), somebody(desk, "ben").id
    code = an_envelope(desk)
    hold = place_hold(desk, terry, "gus", NOON - 2 * DAY, NOON, "an incident", NOON)
    end_person(desk, terry, ben, "left", NOON - DAY)
    wrong = WrongIdentity("anna", "ben", NOON - DAY, NOON)
    asked = [
        propose_release(desk, terry, hold.id, "why", NOON).id,
        propose_correction(desk, terry, wrong, "why", NOON).id,
        propose_erasure(desk, terry, ben, "naming", "why", NOON).id,
        propose_envelope(desk, terry, "another", NOON).id,
    ]

    for each in asked:
        verb = partial(approve_with, desk, terry, each, code, "alone", NOON)
        assert refused("refused", verb).says == NOT_THIS


@pytest.mark.parametrize("who", ["tess", "gail", "anna"])
def test_only_those_who_may_approve_use_it(desk: Desk, who: str) -> None:
    code, asked = an_envelope(desk), asked_by(desk, "tess")

    refused("wrong-role", lambda: approve_with(desk, the(desk, who), asked, code, "alone", NOON))


def test_a_suspended_or_ended_person_cannot_use_it(desk: Desk) -> None:
    code, asked = an_envelope(desk), asked_by(desk, "cora")
    cora = the(desk, "cora")
    suspend(desk, the(desk, "terry"), cora.person_id, NOON + DAY, "why", NOON)

    refused("wrong-role", lambda: approve_with(desk, cora, asked, code, "alone", NOON))
    refused("not-found", lambda: new_code(desk, "cora", code, "lost", NOON))
    end_person(desk, the(desk, "terry"), cora.person_id, "left", NOON + DAY)
    refused("not-found", lambda: new_code(desk, "cora", code, "lost", NOON + 2 * DAY))


@pytest.mark.parametrize(
    ("username", "wrong"),
    [("nobody", False), ("tess", False), ("gail", False), ("anna", False), ("cora", True)],
)
def test_the_answer_is_the_same_whatever_is_wrong(desk: Desk, username: str, wrong: bool) -> None:
    code = an_envelope(desk)
    given = "0000-" * 8 if wrong else code

    assert refused("not-found", lambda: new_code(desk, username, given, "lost", NOON)).says == NO_SUCH
    assert refused("not-found", lambda: new_code(desk, username, "", "lost", NOON)).says == NO_SUCH


def test_without_an_envelope_every_code_is_wrong(desk: Desk) -> None:
    refused("not-found", lambda: new_code(desk, "cora", "0" * 32, "lost", NOON))


def lost_password(desk: Desk, now: Any = NOON) -> None:
    """Cora chooses a password anew."""
    enrol(desk, new_code(desk, "cora", an_envelope(desk), "we both forgot", now), WORDS, now)


def test_somebody_who_may_approve_gets_in_again(desk: Desk) -> None:
    lost_password(desk)

    used = next(line for line in log_of(desk) if line.event == "break-glass:use")
    assert (used.actor, used.role) == ("break-glass", "break-glass")
    cora = somebody(desk, "cora").id
    assert used.detail["codes"].keys() == {cora}  # what it hashes to: no row puts another in its place
    told = {name: value for name, value in used.detail.items() if name != "codes"}
    assert told == {"id": used.object_id, "for": "code", "person": cora}
    assert somebody(desk, "cora").console_changed_at == NOON
    assert is_whole(desk)


def test_until_two_others_have_signed_that_account_opens_nothing(desk: Desk) -> None:
    asked, row = asked_by(desk, "tess"), {"username": "ben", "classes": ["6B"]}
    lost_password(desk)
    cora = the(desk, "cora")
    review = the_review(desk).id

    for verb in (
        lambda: approve(desk, cora, asked, "", NOON),
        lambda: propose_unblock(desk, cora, an_ask(), NOON),
        lambda: propose_people(desk, cora, [row], "why", NOON),
        lambda: propose_policy(desk, cora, POLICY, "why", NOON),
        lambda: propose_envelope(desk, cora, "why", NOON),
        lambda: open_for_class(desk, cora, "6B", 10, "why", NOON),
        lambda: sign(desk, cora, review, True, "fine", NOON),
    ):
        refused("wrong-role", verb)
    suspend(desk, cora, somebody(desk, "ben").id, None, "an incident", NOON)
    assert decline(desk, cora, asked, "not now", NOON).state == "declined"


def test_when_two_others_have_signed_it_is_an_account_like_any_other(desk: Desk) -> None:
    asked = asked_by(desk, "tess")
    lost_password(desk)
    review = the_review(desk).id
    sign(desk, the(desk, "gail"), review, True, "I saw her", NOON)
    refused("wrong-role", lambda: approve(desk, the(desk, "cora"), asked, "", NOON))
    sign(desk, the(desk, "hedy"), review, True, "I saw her", NOON)

    assert approve(desk, the(desk, "cora"), asked, "", NOON).state == "approved"
    assert is_whole(desk)


def test_who_used_it_to_approve_goes_on_as_before(desk: Desk) -> None:
    approve_with(desk, the(desk, "terry"), asked_by(desk, "terry"), an_envelope(desk), "alone", NOON)

    assert approve(desk, the(desk, "terry"), asked_by(desk, "tess"), "", NOON).state == "approved"


def test_a_password_in_use_works_until_the_new_one_is_chosen(desk: Desk) -> None:
    before = somebody(desk, "cora").console_hash
    new_code(desk, "cora", an_envelope(desk), "lost", NOON)

    assert somebody(desk, "cora").console_hash == before
