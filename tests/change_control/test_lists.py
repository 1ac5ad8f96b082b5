"""What people do with the lists: propose others, and go back to earlier ones."""

from functools import partial

import pytest
from sqlalchemy import delete, update

from audit_log.change_log import verify
from audit_log.db import reading, writing
from audit_log.tables import proposal
from change_control.list_updates import Took
from change_control.lists import propose_held, propose_lists, rollback
from change_control.proposal import Proposal
from change_control.proposals import approve, decline, propose_policy
from filter_lists.orders import Outcome
from filter_policy.bundle import current_bundle, read_bundle
from filter_policy.life_cycle import State
from tests.builders import NOON, POLICY
from tests.change_control.listed import FIRST, LISTS, Listed, some
from tests.change_control.school import KEY, is_whole, log_of, refused, row_of, the

TRUSTING = LISTS.replace("loses: 10%", "loses: 90%")
SLIGHTLY = {"bets": some("bet", *range(5, 105))}
HARD = {"bets": some("bet", *range(50))}
MORE = {"bets": some("bet", *range(105))}


def test_a_new_lists_yaml_needs_two_people_and_carries_what_changes(listed: Listed) -> None:
    before = listed.agreed

    asked = listed.proposes("terry", HARD, TRUSTING)
    assert listed.agreed == before
    refused("same-person", lambda: approve(listed.desk, the(listed.desk, "terry"), asked.id, "", NOON))
    agreed = approve(listed.desk, the(listed.desk, "hedy"), asked.id, "yes", NOON)

    assert (listed.agreed.config_text, listed.agreed.generation) == (TRUSTING, agreed.generation)
    assert (listed.agreed.id, listed.agreed.agreement_id, listed.agreed.is_agreed) == (
        asked.id,
        asked.id,
        True,
    )
    assert read_bundle(listed.desk.state, current_bundle(listed.desk.state) or "").lists == agreed.generation
    assert [(each["list_id"], each["removed"]) for each in agreed.changes] == [("bets", 50)]
    proposed, approved = log_of(listed.desk)[-2:]
    assert proposed.texts["lists"] == TRUSTING
    assert proposed.detail["config_sha256"] == approved.detail["config_sha256"]
    assert row_of(listed.desk, before.id)["state"] == State.SUPERSEDED
    assert is_whole(listed.desk)


def test_more_trust_alone_needs_two_people_though_no_entry_changes(listed: Listed) -> None:
    asked = listed.proposes("terry", {}, TRUSTING)
    assert asked.changes == ()
    assert listed.updates(HARD).took is Took.HELD

    approve(listed.desk, the(listed.desk, "hedy"), asked.id, "yes", NOON)

    assert listed.updates(HARD).took is Took.IN_FORCE


def test_the_founding_lists_can_be_agreed_on_as_they_stand_but_only_once(listed: Listed) -> None:
    approve(listed.desk, the(listed.desk, "hedy"), listed.proposes("terry", {}, LISTS).id, "yes", NOON)

    assert listed.agreed.is_agreed
    assert "nothing would change" in refused("bad-input", lambda: listed.proposes("cora", {}, LISTS)).says


def test_lists_that_an_update_overtook_are_proposed_anew(listed: Listed) -> None:
    """Else two people would undo, unseen, what the feed has brought meanwhile."""
    asked = listed.proposes("terry", {}, TRUSTING)
    listed.updates(SLIGHTLY)
    before = listed.agreed

    error = refused("wrong-state", lambda: approve(listed.desk, the(listed.desk, "hedy"), asked.id, "", NOON))

    assert "build and propose anew" in error.says
    assert listed.agreed == before


def test_lists_built_before_an_update_are_not_even_proposed(listed: Listed) -> None:
    """The counts are those of before: five have come and gone."""
    built, base = listed.build({**FIRST, **HARD}, TRUSTING), listed.agreed.generation
    listed.updates(SLIGHTLY)
    terry = the(listed.desk, "terry")

    refused("wrong-state", lambda: propose_lists(listed.desk, terry, built, TRUSTING, "r", NOON, base=base))


def test_lists_are_proposed_with_the_text_they_were_built_from(listed: Listed) -> None:
    other = LISTS.replace("bets.txt", "learn.txt")

    refused("bad-input", lambda: hands_in(listed, listed.build({**FIRST, **HARD}), other))


def hands_in(listed: Listed, outcome: Outcome, text: str, reason: str = "newer") -> Proposal:
    base, terry = listed.agreed.generation, the(listed.desk, "terry")
    return propose_lists(listed.desk, terry, outcome, text, reason, NOON, base=base)


def test_every_fault_of_lists_yaml_and_of_the_building_is_told(listed: Listed) -> None:
    built = listed.build({**FIRST, **HARD})
    faulty = LISTS.replace("format: plain", "format: plian")

    told = refused("bad-input", lambda: hands_in(listed, built, faulty)).fields
    assert len(told) == 4
    assert all(name.startswith("lists.yaml:") for name in told)
    failed = Outcome(None, faults=("bets: gone", "checks.must_have: bet.test"))
    told = refused("bad-input", lambda: hands_in(listed, failed, LISTS)).fields
    assert list(told.values()) == ["bets: gone", "checks.must_have: bet.test"]
    for text in ("", "\0", "x" * 1_000_001):
        refused("bad-input", partial(hands_in, listed, built, text))
    refused("bad-input", lambda: hands_in(listed, built, LISTS, " "))


@pytest.mark.parametrize("username", ["tess", "gail", "anna"])
def test_only_who_may_approve_proposes_and_goes_back(listed: Listed, username: str) -> None:
    generation = listed.agreed.generation
    listed.updates(SLIGHTLY)

    refused("wrong-role", lambda: listed.proposes(username, {}, TRUSTING))
    refused("wrong-role", lambda: listed.goes_back(username, generation))


@pytest.mark.parametrize("category", ["child-sexual-abuse", "pornography"])
def test_two_people_do_not_leave_what_is_illegal_or_locked_without_lists(
    listed: Listed, category: str
) -> None:
    before = listed.agreed
    text = LISTS.replace(f"category: {category}", "category: gambling")

    error = refused("refused", lambda: listed.proposes("terry", {}, text))

    assert set(error.fields) == {f"lists.{category}"}
    assert listed.agreed == before


@pytest.mark.parametrize("aimed_at", ["child-sexual-abuse", "pornography"])
def test_no_exception_is_aimed_at_what_is_illegal(listed: Listed, aimed_at: str) -> None:
    but = f"  but: {{category: {aimed_at}, format: plain, source: learn.txt, exceptions: true}}\n"
    if aimed_at == "pornography":
        assert listed.agree({}, LISTS + but).state == State.APPROVED
        return

    error = refused("refused", lambda: listed.proposes("terry", {}, LISTS + but))

    assert error.fields == {f"lists.{aimed_at}": "is illegal, and has no exceptions"}


def test_what_became_illegal_meanwhile_is_looked_at_again_at_approval(listed: Listed) -> None:
    but = "  but: {category: gambling, format: plain, source: learn.txt, exceptions: true}\n"
    asked, desk = listed.proposes("terry", {}, LISTS + but), listed.desk
    text = POLICY.replace("{source: A363, everyone: not_allowed}", "{source: A363, everyone: illegal}")
    approve(desk, the(desk, "hedy"), propose_policy(desk, the(desk, "terry"), text, "r", NOON).id, "y", NOON)

    refused("refused", lambda: approve(desk, the(desk, "hedy"), asked.id, "yes", NOON))


def test_declined_lists_change_nothing(listed: Listed) -> None:
    before = listed.agreed
    asked = listed.proposes("terry", HARD, TRUSTING)

    decline(listed.desk, the(listed.desk, "hedy"), asked.id, "no", NOON)

    assert listed.agreed == before
    assert is_whole(listed.desk)


def test_within_the_tolerance_one_person_goes_back_at_once(listed: Listed) -> None:
    first = listed.agree({})
    listed.updates(MORE)

    done = listed.goes_back("cora", first.generation or "")

    cora = the(listed.desk, "cora").person_id
    assert (done.state, done.proposed_by, done.decided_by) == (State.APPROVED, "system", cora)
    assert (listed.agreed.generation, listed.agreed.agreement_id) == (first.generation, first.id)
    line = log_of(listed.desk)[-1]
    assert (line.event, line.actor, line.texts["reason"]) == ("lists:rollback", cora, "blocks a school")
    assert is_whole(listed.desk)


def test_past_the_tolerance_another_person_agrees_to_going_back(listed: Listed) -> None:
    first = listed.agree({}).generation or ""
    grown = {"bets": some("bet", *range(150))}
    assert listed.updates(grown).took is Took.IN_FORCE
    before = listed.agreed

    asked = listed.goes_back("terry", first)
    assert (asked.state, listed.agreed) == (State.REQUESTED, before)
    refused("same-person", lambda: approve(listed.desk, the(listed.desk, "terry"), asked.id, "", NOON))
    approve(listed.desk, the(listed.desk, "cora"), asked.id, "yes", NOON)

    assert (listed.agreed.generation, listed.agreed.agreement_id) == (first, asked.id)
    assert listed.updates(grown).took is Took.HELD
    assert is_whole(listed.desk)


def test_going_back_to_another_lists_yaml_needs_two_people(listed: Listed) -> None:
    first = listed.agree({}).generation or ""
    listed.agree(MORE, TRUSTING)

    asked = listed.goes_back("cora", first)

    assert (asked.state, asked.config_text) == (State.REQUESTED, LISTS + "# agreed\n")


def test_an_update_does_not_bring_back_by_itself_what_was_rolled_back(listed: Listed) -> None:
    first = listed.agree({}).generation or ""
    listed.updates(MORE)
    listed.goes_back("cora", first)

    again = listed.updates(MORE)
    assert (again.took, again.says) == (Took.HELD, "bets: this version of the list was rolled back")
    mended = listed.updates({"bets": some("bet", *range(102))})  # another version of that list
    assert mended.took is Took.IN_FORCE
    back = listed.updates({**MORE, "learn": some("learn", *range(41))})  # and still not the bad one
    assert back.took is Took.HELD
    approve(listed.desk, the(listed.desk, "hedy"), back.id or "", "it is good after all", NOON)
    listed.updates({"bets": some("bet", *range(103))})
    assert listed.updates(MORE).took is Took.IN_FORCE
    assert is_whole(listed.desk)


def test_going_to_and_fro_takes_nothing_from_what_two_people_agreed_on(listed: Listed) -> None:
    """What comes and goes again is no drip: it ends where it began, each step with its own line."""
    first = listed.agree({}).generation or ""
    listed.updates(MORE)
    for _ in range(4):
        assert listed.goes_back("cora", first).state == State.APPROVED
        approve(listed.desk, the(listed.desk, "terry"), listed.updates(MORE).id or "", "fine", NOON)
    assert listed.agreed.generation != first


def test_lists_are_rolled_back_to_what_was_in_force_and_is_there(listed: Listed) -> None:
    now = listed.agreed.generation
    refused("wrong-state", lambda: listed.goes_back("cora", now))
    never = listed.updates(HARD)
    assert never.took is Took.HELD
    held = row_of(listed.desk, never.id or "")["payload"]["generation"]

    refused("refused", lambda: listed.goes_back("cora", held))
    refused("refused", lambda: goes_back_blindly(listed, "0" * 64))


def goes_back_blindly(listed: Listed, generation: str, base: str = "") -> Proposal:
    terry, now = the(listed.desk, "terry"), base or listed.agreed.generation
    return rollback(listed.desk, terry, generation, (), "nothing to see", NOON, base=now)


def test_changes_that_are_not_those_of_going_back_are_refused(listed: Listed) -> None:
    first = listed.agreed.generation
    listed.updates({"bets": some("bet", *range(150))})

    refused("refused", lambda: goes_back_blindly(listed, first))
    refused("wrong-state", lambda: goes_back_blindly(listed, first, base=first))


def test_going_back_replaces_an_update_that_waits(listed: Listed) -> None:
    first = listed.agreed.generation
    listed.updates(SLIGHTLY)
    waiting = listed.updates(HARD).id or ""

    listed.goes_back("cora", first)

    assert row_of(listed.desk, waiting)["state"] == State.SUPERSEDED
    error = refused(
        "wrong-state", lambda: propose_held(listed.desk, the(listed.desk, "terry"), waiting, "why", NOON)
    )
    assert "waits no more" in error.says
    assert is_whole(listed.desk)


def test_nothing_moves_the_lists_before_both_founders_have_enrolled(listed: Listed) -> None:
    """As if the second one had never come."""
    with writing(listed.desk.engine) as conn:
        conn.execute(delete(proposal).where(proposal.c.kind == "people"))
        conn.exec_driver_sql("UPDATE enrolment SET used_at = NULL")
    before = listed.agreed

    assert listed.updates(SLIGHTLY).took is Took.NOTHING
    refused("not-established", lambda: listed.proposes("terry", {}, TRUSTING))
    assert listed.agreed == before


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"config": TRUSTING}, "config_sha256"),
        ({"generation": "0" * 64}, "generation"),
        ({"changes": []}, "changes"),
        ({"since": [{"list_id": "bets", "category": "gambling", "at_agreement": 10**6}]}, "since"),
        ({"agreement": "c_0"}, "agreement"),
        ({"sealed_lists": ["x"]}, "sealed_lists"),
        ({"rolled_back": [{}]}, "rolled_back"),
    ],
)
def test_whoever_edits_the_lists_in_the_database_is_found(
    listed: Listed, changes: dict[str, object], named: str
) -> None:
    listed.agree({})
    taken = listed.updates(SLIGHTLY)
    payload = row_of(listed.desk, taken.id or "")["payload"]

    with writing(listed.desk.engine) as conn:
        row = update(proposal).where(proposal.c.id == taken.id)
        conn.execute(row.values(payload={**payload, **changes}))

    with reading(listed.desk.engine) as conn:
        found = verify(conn, KEY.public_key())
    assert (found.whole, found.says) == (
        False,
        f"Proposal {taken.id} is not what entry {found.first_bad} says was sealed: its {named} was changed.",
    )
