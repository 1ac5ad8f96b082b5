"""Propose, then another person: the same few steps for every kind."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from audit_log.db import writing
from audit_log.tables import proposal
from change_control.desk import SYSTEM, Actor, Desk
from change_control.proposal import Proposal
from change_control.proposals import (
    approve,
    decline,
    lapse_due,
    propose_people,
    propose_policy,
    propose_unblock,
    revoke,
    withdraw,
)
from change_control.tightening import suspend
from filter_policy.life_cycle import State
from tests.builders import NOON, POLICY
from tests.change_control.school import (
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

HOUR = timedelta(hours=1)


def test_a_request_is_approved_by_another_person(desk: Desk) -> None:
    asked = propose_unblock(desk, the(desk, "tess"), an_ask(), NOON)

    approved = approve(desk, the(desk, "terry"), asked.id, "fine", NOON)

    assert (asked.state, approved.state) == (State.REQUESTED, State.APPROVED)
    assert approved.decided_by == somebody(desk, "terry").id != approved.proposed_by
    assert approved.decision_reason == "fine"


def test_every_step_leaves_its_sealed_line(desk: Desk) -> None:
    before = len(log_of(desk))
    asked = asked_by(desk, "tess")
    approve(desk, the(desk, "terry"), asked, "fine", NOON)
    revoke(desk, the(desk, "cora"), asked, "the lesson was moved", NOON)

    lines = log_of(desk)[before:]

    assert [line.event for line in lines] == ["unblock:propose", "unblock:approve", "unblock:revoke"]
    assert [line.object_id for line in lines] == [asked] * 3
    assert lines[2].texts == {"reason": "the lesson was moved"}
    assert is_whole(desk)


def test_the_sealed_bytes_name_the_sites_and_nobody(desk: Desk) -> None:
    asked = asked_by(desk, "tess", **{"for": {"people": ["Anna"]}})

    line = log_of(desk)[-1]

    assert line.object_id == asked
    assert line.detail["sites"] == ["racism-history.test"]
    assert line.detail["people"] == [somebody(desk, "anna").id]
    assert not {word for word in ("anna", "tess", "boycott", "History") if word in line.sealed}
    assert line.texts == {"reason": "sources on the Bristol bus boycott", "subject": "History"}


@pytest.mark.parametrize("username", ["terry", "hedy", "cora"])
@pytest.mark.parametrize("verb", [approve, decline])
def test_nobody_decides_what_they_proposed_whatever_their_role(
    desk: Desk, username: str, verb: Callable[..., Proposal]
) -> None:
    asked = asked_by(desk, username)

    refused("same-person", lambda: verb(desk, the(desk, username), asked, "me again", NOON))
    assert row_of(desk, asked)["state"] == "requested"


def test_a_teacher_cannot_approve_a_colleagues_request(desk: Desk) -> None:
    asked = asked_by(desk, "terry")

    refused("wrong-role", lambda: approve(desk, the(desk, "tess"), asked, "fine", NOON))


@pytest.mark.parametrize("username", ["anna", "gail", "gus"])
def test_pupils_governors_and_guests_ask_for_nothing(desk: Desk, username: str) -> None:
    refused("wrong-role", lambda: asked_by(desk, username))


def test_somebody_unknown_may_do_nothing(desk: Desk) -> None:
    asked = asked_by(desk, "tess")

    for actor in (Actor("p_nobody", "headteacher"), SYSTEM):
        refused("wrong-role", partial(approve, desk, actor, asked, "fine", NOON))


def test_a_role_from_an_old_session_is_not_believed(desk: Desk) -> None:
    asked = asked_by(desk, "terry")
    pretender = Actor(somebody(desk, "tess").id, "headteacher")

    refused("wrong-role", lambda: approve(desk, pretender, asked, "fine", NOON))


def test_who_is_suspended_approves_nothing(desk: Desk) -> None:
    asked = asked_by(desk, "tess")
    suspend(desk, the(desk, "hedy"), somebody(desk, "terry").id, None, "an allegation", NOON)

    refused("wrong-role", lambda: approve(desk, the(desk, "terry"), asked, "fine", NOON))


def test_the_table_itself_refuses_one_person_in_agreement_with_himself(desk: Desk) -> None:
    asked = asked_by(desk, "terry")
    forged = update(proposal).where(proposal.c.id == asked)

    for who in (the(desk, "terry").person_id, None):
        with pytest.raises(IntegrityError), writing(desk.engine) as conn:
            conn.execute(forged.values(state="approved", decided_by=who))


def test_what_is_decided_is_not_decided_again(desk: Desk) -> None:
    asked = asked_by(desk, "tess")
    decline(desk, the(desk, "terry"), asked, "too broad", NOON)

    refused("wrong-state", lambda: approve(desk, the(desk, "hedy"), asked, "fine", NOON))
    refused("wrong-state", lambda: revoke(desk, the(desk, "hedy"), asked, "no", NOON))


def test_declining_and_revoking_need_a_reason(desk: Desk) -> None:
    asked = asked_by(desk, "tess")

    assert refused("bad-input", lambda: decline(desk, the(desk, "terry"), asked, " ", NOON)).fields
    assert refused("bad-input", lambda: revoke(desk, the(desk, "terry"), asked, "", NOON)).fields


def test_only_the_one_who_asked_withdraws(desk: Desk) -> None:
    asked = asked_by(desk, "tess")

    refused("wrong-role", lambda: withdraw(desk, the(desk, "terry"), asked, "", NOON))
    assert withdraw(desk, the(desk, "tess"), asked, "", NOON).state is State.WITHDRAWN


def test_what_nobody_answered_has_lapsed_before_anything_is_written(desk: Desk) -> None:
    late = NOON + timedelta(hours=72)
    asked = asked_by(desk, "tess", starts_at=late.isoformat(), ends_at=(late + HOUR).isoformat())

    refused("wrong-state", lambda: approve(desk, the(desk, "terry"), asked, "fine", late))
    assert row_of(desk, asked)["state"] == "requested"


def test_lapsing_is_written_once_and_says_so(desk: Desk) -> None:
    asked = asked_by(desk, "tess")

    lapsed = lapse_due(desk, NOON + timedelta(hours=72))

    assert [(each.id, each.state, each.ended_by) for each in lapsed] == [(asked, State.LAPSED, "system")]
    assert lapse_due(desk, NOON + timedelta(hours=73)) == ()
    assert events_of(desk)[-1] == "unblock:lapse"


def test_a_request_whose_lesson_is_over_cannot_be_approved(desk: Desk) -> None:
    asked = asked_by(desk, "tess")

    refused("wrong-state", lambda: approve(desk, the(desk, "terry"), asked, "fine", NOON + 2 * HOUR))


def test_a_lesson_that_has_begun_is_opened_for_the_rest_of_it(desk: Desk) -> None:
    asked = asked_by(desk, "tess")

    assert approve(desk, the(desk, "terry"), asked, "", NOON + 1.5 * HOUR).state is State.APPROVED


def test_an_unblock_that_is_over_is_written_as_ended(desk: Desk) -> None:
    asked = asked_by(desk, "tess")
    approve(desk, the(desk, "terry"), asked, "fine", NOON)

    ended = lapse_due(desk, NOON + 2 * HOUR)

    assert [(each.id, each.state) for each in ended] == [(asked, State.ENDED)]
    assert events_of(desk)[-1] == "unblock:end"
    refused("wrong-state", lambda: revoke(desk, the(desk, "hedy"), asked, "no", NOON + 3 * HOUR))


def test_policy_and_people_lapse_like_the_unblocks(desk: Desk) -> None:
    terry, late = the(desk, "terry"), NOON + timedelta(hours=72)
    policy = propose_policy(desk, terry, POLICY, "agree on what was found", NOON)
    rows = [{"username": "anna", "classes": ["5A"]}]
    people = propose_people(desk, terry, rows, "moved", NOON)

    for asked in (policy, people):
        refused("wrong-state", partial(approve, desk, the(desk, "hedy"), asked.id, "", late))

    assert {each.id for each in lapse_due(desk, late)} == {policy.id, people.id}
    assert set(events_of(desk)[-2:]) == {"policy:lapse", "people:lapse"}


def test_a_teacher_shuts_what_they_asked_for_and_nothing_else(desk: Desk) -> None:
    own, other = asked_by(desk, "tess"), asked_by(desk, "cora")
    for asked in (own, other):
        approve(desk, the(desk, "terry"), asked, "fine", NOON)

    refused("wrong-role", lambda: revoke(desk, the(desk, "tess"), other, "mine now", NOON))

    assert revoke(desk, the(desk, "tess"), own, "the lesson is over", NOON).state is State.REVOKED


def test_a_policy_in_force_is_not_revoked_but_replaced(desk: Desk) -> None:
    asked = propose_policy(desk, the(desk, "terry"), POLICY, "agree on what was found", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "", NOON)

    refused("wrong-state", lambda: revoke(desk, the(desk, "cora"), asked.id, "no", NOON))


def test_an_unknown_proposal_is_not_found(desk: Desk) -> None:
    refused("not-found", lambda: approve(desk, the(desk, "terry"), "nothing", "", NOON))


def test_nothing_is_opened_before_both_founders_have_enrolled(founded: tuple[Desk, dict[str, str]]) -> None:
    desk, _ = founded
    terry = the(desk, "terry")

    refused("not-established", lambda: propose_unblock(desk, terry, an_ask(), NOON))
    refused("not-established", lambda: propose_policy(desk, terry, POLICY, "mine", NOON))
    refused("not-established", lambda: propose_people(desk, terry, [{"username": "x"}], "mine", NOON))


def test_texts_that_no_database_can_hold_are_refused_by_field(desk: Desk) -> None:
    asked = asked_by(desk, "tess")
    hedy = the(desk, "hedy")

    for text in ("a\0b", "\ud800", "x" * 2001):
        fields = refused("bad-input", partial(decline, desk, hedy, asked, text, NOON)).fields
        assert fields.keys() == {"reason"}
