"""An update of the lists: the agreement at work within its tolerance, and held past it; never in silence."""

import json
import subprocess
import sys
from datetime import timedelta
from textwrap import dedent

import pytest
from structlog.testing import capture_logs

from change_control.list_updates import Took, candidate_order, take_update, update_order
from change_control.lists import propose_held
from change_control.proposals import approve, decline, lapse_due, propose_policy, withdraw
from change_control.publish import publish_if_needed
from filter_lists.orders import Outcome
from filter_policy.bundle import current_bundle, read_bundle
from filter_policy.life_cycle import State
from tests.builders import NOON, POLICY
from tests.change_control.listed import FIRST, LISTS, Listed, some, uncached
from tests.change_control.school import events_of, is_whole, log_of, refused, row_of, the

SLIGHTLY = {"bets": some("bet", *range(5, 105))}  # five go and five come, of a hundred
HARD = {"bets": some("bet", *range(50))}
GROWN = {"bets": some("bet", *range(300))}


def bundle_lists(listed: Listed) -> str:
    return read_bundle(listed.desk.state, current_bundle(listed.desk.state) or "").lists


def test_within_the_tolerance_it_is_in_force_at_once_and_the_line_names_the_agreement(listed: Listed) -> None:
    agreement = listed.agree({}).id

    taken = listed.updates(SLIGHTLY)

    line = log_of(listed.desk)[-1]
    assert (taken.took, taken.id) == (Took.IN_FORCE, listed.agreed.id)
    assert (line.event, line.actor, line.object_id) == ("lists:update", "system", taken.id)
    assert line.detail["agreement"] == agreement == listed.agreed.agreement_id
    assert line.detail["generation"] == listed.agreed.generation == bundle_lists(listed)
    (change,) = line.detail["changes"]
    assert (change["list_id"], change["removed"], change["added"]) == ("bets", 5, 5)
    assert row_of(listed.desk, agreement)["state"] == State.SUPERSEDED
    assert is_whole(listed.desk)


def test_before_two_people_agreed_the_founding_is_the_agreement(listed: Listed) -> None:
    founding = listed.agreed.id

    listed.updates(SLIGHTLY)

    assert (listed.agreed.agreement_id, listed.agreed.is_agreed) == (founding, False)


def test_no_line_and_no_text_of_an_update_holds_an_entry(listed: Listed) -> None:
    listed.agree({})
    listed.updates(SLIGHTLY)
    listed.updates(HARD)

    for line in log_of(listed.desk):
        assert ".test" not in line.sealed
        assert not any(".test" in (text or "") for name, text in line.texts.items() if name != "policy")


def test_what_opens_more_than_was_agreed_waits_and_the_lists_stay(listed: Listed) -> None:
    before = listed.agreed

    with capture_logs() as said:
        taken = listed.updates(HARD)

    assert (taken.took, listed.agreed, bundle_lists(listed)) == (Took.HELD, before, before.generation)
    assert taken.says == "bets, gambling: 50 sites would be less shut than now, of 100 entries"
    assert events_of(listed.desk)[-1] == "lists:hold"
    assert [each["event"] for each in said if each["log_level"] == "warning"] == ["lists.update_held"]
    row = row_of(listed.desk, taken.id or "")
    assert (row["state"], row["proposed_by"], row["loosening"]) == (State.REQUESTED, "system", True)


def test_nobody_lets_in_alone_what_opens_more_than_was_agreed(listed: Listed) -> None:
    before, waiting = listed.agreed, listed.updates(HARD).id or ""

    error = refused("refused", lambda: approve(listed.desk, the(listed.desk, "hedy"), waiting, "go", NOON))

    assert "another person" in error.says
    assert listed.agreed == before


def test_what_waits_is_taken_up_by_one_person_and_approved_by_another(listed: Listed) -> None:
    waiting, desk = listed.updates(HARD).id or "", listed.desk

    asked = propose_held(desk, the(desk, "terry"), waiting, "they sold the company", NOON)
    assert row_of(desk, waiting)["state"] == State.SUPERSEDED
    refused("same-person", lambda: approve(desk, the(desk, "terry"), asked.id, "mine", NOON))
    refused("wrong-role", lambda: approve(desk, the(desk, "tess"), asked.id, "me", NOON))
    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)

    assert (listed.agreed.id, listed.agreed.agreement_id) == (asked.id, asked.id)
    assert listed.agreed.generation == asked.generation == bundle_lists(listed)
    assert events_of(desk)[-3:] == ["lists:hold", "lists:propose", "lists:approve"]
    assert is_whole(desk)


def test_what_only_shuts_more_needs_one_word_and_the_tolerance_is_counted_on(listed: Listed) -> None:
    agreement = listed.agreed.agreement_id
    waiting = listed.updates(GROWN)
    assert (waiting.took, waiting.says) == (Took.HELD, "bets, gambling: 200 would be added to 100 entries")

    approve(listed.desk, the(listed.desk, "cora"), waiting.id or "", "looked at it", NOON)

    line = log_of(listed.desk)[-1]
    assert (line.event, line.role) == ("lists:confirm", "coordinator")
    assert (listed.agreed.id, listed.agreed.agreement_id) == (waiting.id, agreement)
    assert listed.agreed.payload["since"][0]["shut"] == 200
    assert is_whole(listed.desk)


@pytest.mark.parametrize("username", ["tess", "gail", "anna"])
def test_who_may_not_approve_confirms_no_update(listed: Listed, username: str) -> None:
    waiting = listed.updates(GROWN).id or ""

    refused("wrong-role", lambda: approve(listed.desk, the(listed.desk, username), waiting, "", NOON))
    refused("wrong-role", lambda: propose_held(listed.desk, the(listed.desk, username), waiting, "r", NOON))


def test_a_policy_that_shuts_meanwhile_makes_two_people_of_one(listed: Listed) -> None:
    """It takes from what was open to everybody, and one person may confirm that, until it is open no more."""
    waiting, desk = listed.updates({"learn": some("learn", *range(20))}), listed.desk
    assert [each.loosens for each in waiting.because] == [False]
    row = "education:          {everyone: allowed"
    text = POLICY.replace(row, row + ", guests: not_allowed")
    assert text != POLICY

    asked = propose_policy(desk, the(desk, "terry"), text, "guests too", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)

    refused("refused", lambda: approve(desk, the(desk, "cora"), waiting.id or "", "fine", NOON))


def test_a_newer_update_takes_the_place_of_one_that_waits(listed: Listed) -> None:
    first = listed.updates(HARD).id or ""

    second = listed.updates({"bets": some("bet", *range(40))}).id or ""

    assert row_of(listed.desk, first)["state"] == State.SUPERSEDED
    assert row_of(listed.desk, second)["state"] == State.REQUESTED
    third = listed.updates(SLIGHTLY)
    assert (third.took, row_of(listed.desk, second)["state"]) == (Took.IN_FORCE, State.SUPERSEDED)
    assert is_whole(listed.desk)


def test_the_same_update_is_held_once_however_often_it_comes(listed: Listed) -> None:
    first, lines = listed.updates(HARD), len(log_of(listed.desk))

    assert listed.updates(HARD) == first
    assert len(log_of(listed.desk)) == lines
    asked = propose_held(listed.desk, the(listed.desk, "terry"), first.id or "", "why", NOON)
    assert (listed.updates(HARD).took, listed.updates(HARD).id) == (Took.HELD, asked.id)


def test_an_update_that_was_declined_does_not_come_again(listed: Listed) -> None:
    waiting = listed.updates(HARD).id or ""
    decline(listed.desk, the(listed.desk, "hedy"), waiting, "that cannot be", NOON)
    lines = len(log_of(listed.desk))

    again = listed.updates(HARD)

    assert (again.took, again.id, len(log_of(listed.desk))) == (Took.NOTHING, waiting, lines)
    assert is_whole(listed.desk)


def test_what_waited_and_has_gone_again_waits_no_more(listed: Listed) -> None:
    waiting = listed.updates(HARD).id or ""

    taken = listed.updates({})

    line = log_of(listed.desk)[-1]
    assert (taken.took, line.event, line.actor) == (Took.NOTHING, "lists:withdraw", "system")
    assert row_of(listed.desk, waiting)["state"] == State.WITHDRAWN
    assert is_whole(listed.desk)


def test_where_nothing_differs_no_line_is_written(listed: Listed) -> None:
    lines = len(log_of(listed.desk))

    assert listed.updates({}).took is Took.NOTHING
    assert len(log_of(listed.desk)) == lines


def test_an_update_waits_longer_than_any_proposal_of_a_person(listed: Listed) -> None:
    waiting, desk = listed.updates(HARD).id or "", listed.desk
    later = NOON + timedelta(days=30)

    assert lapse_due(desk, later) == ()
    asked = propose_held(desk, the(desk, "terry"), waiting, "still", later)
    assert asked.state == State.REQUESTED
    assert [each.id for each in lapse_due(desk, later + timedelta(days=30))] == [asked.id]
    assert is_whole(desk)


def test_only_the_one_who_took_it_up_withdraws_it(listed: Listed) -> None:
    waiting, desk = listed.updates(HARD).id or "", listed.desk
    refused("wrong-role", lambda: withdraw(desk, the(desk, "terry"), waiting, "", NOON))
    asked = propose_held(desk, the(desk, "terry"), waiting, "still", NOON)

    refused("wrong-state", lambda: propose_held(desk, the(desk, "hedy"), waiting, "me too", NOON))
    refused("not-found", lambda: propose_held(desk, the(desk, "hedy"), asked.id, "me too", NOON))
    assert withdraw(desk, the(desk, "terry"), asked.id, "", NOON).state == State.WITHDRAWN


def test_many_small_steps_do_not_empty_a_list(listed: Listed) -> None:
    listed.agree({})
    left = 100

    while (taken := listed.updates({"bets": some("bet", *range(left - 2))})).took is Took.IN_FORCE:
        left -= 2

    assert left == 90
    assert taken.says == "bets, gambling: 12 in all since two people last agreed, when there were 100 entries"
    approve(listed.desk, the(listed.desk, "hedy"), _taken_up(listed, taken.id), "yes", NOON)
    assert listed.agreed.payload["since"] == []
    assert listed.updates({"bets": some("bet", *range(86))}).took is Took.IN_FORCE


def _taken_up(listed: Listed, held_id: str | None) -> str:
    return propose_held(listed.desk, the(listed.desk, "terry"), held_id or "", "why", NOON).id


def test_small_steps_are_added_up_past_a_person_who_confirms_alone(listed: Listed) -> None:
    listed.agree({})
    listed.updates({"bets": some("bet", *range(92))})
    other = {"learn": some("learn", *range(20))}  # fewer that are open to all: one person may
    fewer = listed.updates({"bets": some("bet", *range(92)), **other})
    approve(listed.desk, the(listed.desk, "cora"), fewer.id or "", "fine", NOON)

    taken = listed.updates({"bets": some("bet", *range(88)), **other})

    assert taken.says == "bets, gambling: 12 in all since two people last agreed, when there were 100 entries"


def test_a_feed_that_exchanges_a_tenth_each_day_is_never_held(listed: Listed) -> None:
    listed.agree({})

    for day in range(1, 15):
        taken = listed.updates({"bets": some("bet", *range(10 * day, 10 * day + 100))})
        assert taken.took is Took.IN_FORCE


def test_a_list_that_may_lose_everything_is_not_added_up(listed: Listed) -> None:
    first = 0
    for _ in range(4):
        first += 5
        assert listed.updates({"porn": some("porn", *range(first, first + 10))}).took is Took.IN_FORCE


@pytest.mark.parametrize(
    "contents",
    [{"abuse": ["# nothing"]}, {"porn": ["# nothing"]}],
)
def test_a_list_that_vanished_is_a_fault_and_changes_nothing(
    listed: Listed, contents: dict[str, list[str]]
) -> None:
    """The compiler says so; and what it says comes into force with nobody's word."""
    before, lines = listed.agreed, len(log_of(listed.desk))
    order = update_order(listed.desk, (), NOON)

    with capture_logs() as said:
        taken = take_update(listed.desk, Outcome(None, faults=("porn: gone", "x")), NOON, order=order)

    assert (taken.took, taken.says, listed.agreed) == (Took.REFUSED, "porn: gone; x", before)
    assert [(each["event"], each["log_level"]) for each in said] == [("lists.update_refused", "error")]
    assert len(log_of(listed.desk)) == lines


def test_what_is_illegal_or_locked_never_loses_its_last_list_by_an_update(listed: Listed) -> None:
    text = LISTS.replace("category: pornography", "category: gambling")
    listed.put(FIRST)
    before = listed.agreed
    built = listed.build(FIRST, text)

    taken = take_update(listed.desk, built, NOON, order=update_order(listed.desk, (), NOON))

    assert (taken.took, listed.agreed) == (Took.REFUSED, before)
    assert "pornography is illegal or locked" in taken.says


def test_an_update_of_what_is_in_force_no_more_is_built_anew(listed: Listed) -> None:
    order, built = update_order(listed.desk, (), NOON), listed.build({**FIRST, **SLIGHTLY})
    listed.agree({"learn": some("learn", *range(41))})
    before, lines = listed.agreed, len(log_of(listed.desk))

    taken = take_update(listed.desk, built, NOON, order=order)

    assert (taken.took, taken.again, listed.agreed) == (Took.NOTHING, True, before)
    assert len(log_of(listed.desk)) == lines


def test_what_was_built_from_the_file_on_disk_is_no_update(listed: Listed) -> None:
    """Editing lists.yaml opens nothing, whoever hands in what came of it."""
    before = listed.agreed
    text = LISTS.replace("loses: 10%", "loses: 100%")
    listed.put(FIRST, text)
    order, built = candidate_order(listed.desk, NOON), listed.build({**FIRST, **HARD}, text)

    taken = take_update(listed.desk, built, NOON, order=order)

    assert order.text == text
    assert (taken.took, taken.again, listed.agreed) == (Took.NOTHING, True, before)


def test_changes_that_are_not_those_between_the_two_are_refused(listed: Listed) -> None:
    built = listed.build({**FIRST, **HARD})
    told = Outcome(built.generation, changes=listed.build({**FIRST, **SLIGHTLY}).changes)

    taken = take_update(listed.desk, told, NOON, order=update_order(listed.desk, (), NOON))

    assert taken.took is Took.REFUSED
    assert "not the changes" in taken.says


def test_what_is_not_on_disk_any_more_is_refused(listed: Listed) -> None:
    told = Outcome("0" * 64, changes=listed.build({**FIRST, **SLIGHTLY}).changes)

    taken = take_update(listed.desk, told, NOON, order=update_order(listed.desk, (), NOON))

    assert (taken.took, "missing or damaged" in taken.says) == (Took.REFUSED, True)


def test_orders_say_what_is_to_be_built_and_against_what(listed: Listed) -> None:
    listed.put(FIRST, LISTS + "# edited\n")

    update, candidate = update_order(listed.desk, None, NOON), candidate_order(listed.desk, NOON)

    assert (update.text, candidate.text) == (LISTS, LISTS + "# edited\n")
    assert update.base == candidate.base == listed.agreed.generation
    assert (update.folder, update.state) == (listed.folder, listed.desk.state)


KILLED_AT = """
    import json, os, signal, sys
    from pathlib import Path
    from sqlalchemy import event
    from change_control.list_updates import take_update
    from filter_lists.orders import Order, Outcome
    from tests.builders import NOON
    from tests.change_control.listed import a_listed_desk

    desk, left = a_listed_desk(Path(sys.argv[1])), [int(sys.argv[2])]
    order, outcome = Order.from_json(json.loads(sys.argv[3])), Outcome.from_json(json.loads(sys.argv[4]))

    @event.listens_for(desk.engine, "before_cursor_execute")
    def die(*_):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    take_update(desk, outcome, NOON, order=order)
"""


def test_killed_at_any_statement_an_update_is_whole_or_not_there_and_the_gates_hear_of_it(
    listed: Listed,
) -> None:
    """And of what was killed before it was published the next program tells them."""
    order, built = update_order(listed.desk, (), NOON), listed.build({**FIRST, **SLIGHTLY})
    before, told, died = listed.agreed, [json.dumps(each.to_json()) for each in (order, built)], 0
    while True:
        lines = len(log_of(listed.desk))
        program = [sys.executable, "-c", dedent(KILLED_AT), str(listed.folder), str(1 + 4 * died), *told]
        done = subprocess.run(program, check=False, timeout=60, stdout=subprocess.DEVNULL)

        moved = listed.agreed != before
        assert len(log_of(listed.desk)) == lines + moved
        assert is_whole(listed.desk)
        if moved:
            break
        assert done.returncode == -9
        died += 1

    assert died > 2
    assert listed.agreed.generation == built.generation
    publish_if_needed(uncached(listed).desk)
    assert bundle_lists(listed) == built.generation
