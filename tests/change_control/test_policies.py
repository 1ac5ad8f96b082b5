"""A new policy: the whole text, checked whole, agreed on by two."""

from functools import partial

import pytest
from sqlalchemy import update

from audit_log.db import reading, writing
from audit_log.tables import proposal
from change_control.desk import Desk
from change_control.effects import KEPT, to_compare
from change_control.in_force import InForce, policy_in_force
from change_control.list_updates import Took
from change_control.policies import sha256_of
from change_control.proposals import approve, decline, propose_people, propose_policy
from change_control.publish import publish
from change_control.reviews import open_reviews
from filter_lists.index import Index, IndexFault
from filter_policy.bundle import Bundle, current_bundle, read_bundle
from filter_policy.life_cycle import State
from tests.builders import NOON, POLICY
from tests.change_control.listed import LISTS, Listed, some
from tests.change_control.school import events_of, is_whole, log_of, refused, row_of, the

NEWER = POLICY.replace("reviewed}", "reviewed again}")
NEWEST = POLICY.replace("reviewed}", "reviewed once more}")
FAULTY = POLICY.replace("not_allowed", "forbidden").replace("longest_days: 42", "longest_days: never")


def in_force(desk: Desk) -> InForce:
    with reading(desk.engine) as conn:
        return policy_in_force(conn)


def test_an_approved_policy_supersedes_the_one_before(desk: Desk) -> None:
    founding = in_force(desk).id
    asked = propose_policy(desk, the(desk, "terry"), NEWER, "reviewed with the leads", NOON)
    assert in_force(desk).id == founding

    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)

    assert (in_force(desk).text, in_force(desk).id) == (NEWER, asked.id)
    assert row_of(desk, founding)["state"] == State.SUPERSEDED


def test_every_fault_of_a_policy_is_told_and_the_one_in_force_stays(desk: Desk) -> None:
    before, bundle = in_force(desk), current_bundle(desk.state)

    fields = refused(
        "bad-input", lambda: propose_policy(desk, the(desk, "terry"), FAULTY, "a slip", NOON)
    ).fields

    assert len(fields) == FAULTY.count("forbidden") + 1
    assert all(field.startswith("policy.yaml:") for field in fields)
    assert (in_force(desk), current_bundle(desk.state)) == (before, bundle)


def test_no_yaml_at_all_is_bad_input(desk: Desk) -> None:
    for text in ("", "]", "\0", "a: &a [*a, *a]", "x" * 1_000_001):
        refused("bad-input", partial(propose_policy, desk, the(desk, "terry"), text, "a slip", NOON))


def test_a_proposal_made_before_another_policy_came_is_made_anew(desk: Desk) -> None:
    """Else two people would undo, unread, what two others agreed on meanwhile."""
    first = propose_policy(desk, the(desk, "terry"), NEWER, "one", NOON)
    second = propose_policy(desk, the(desk, "cora"), NEWEST, "two", NOON)
    approve(desk, the(desk, "hedy"), first.id, "yes", NOON)

    refused("wrong-state", lambda: approve(desk, the(desk, "hedy"), second.id, "yes", NOON))
    assert in_force(desk)[0] == NEWER


def test_a_declined_policy_changes_nothing(desk: Desk) -> None:
    before = in_force(desk)
    asked = propose_policy(desk, the(desk, "terry"), NEWER, "one", NOON)

    decline(desk, the(desk, "hedy"), asked.id, "not now", NOON)

    assert in_force(desk) == before


def test_the_lines_hold_the_hash_and_the_text_lies_beside(desk: Desk) -> None:
    asked = propose_policy(desk, the(desk, "terry"), NEWER, "one", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)

    proposed, approved = log_of(desk)[-2:]

    assert events_of(desk)[-2:] == ["policy:propose", "policy:approve"]
    assert proposed.detail["policy_sha256"] == approved.detail["policy_sha256"] == sha256_of(NEWER)
    assert proposed.texts["policy"] == NEWER
    assert "comms" not in proposed.sealed  # a username in the text


def test_the_gates_get_the_approved_policy(desk: Desk) -> None:
    asked = propose_policy(desk, the(desk, "terry"), NEWER, "one", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)

    name = current_bundle(desk.state)

    assert name is not None
    assert read_bundle(desk.state, name).policy_text == NEWER


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("child-sexual-abuse: {source: A347, everyone: illegal}", "child-sexual-abuse: {everyone: allowed}"),
        ("  child-sexual-abuse: {source: A347, everyone: illegal}\n", ""),
        ("child-sexual-abuse: {source: A347, everyone: illegal}", "csa: {everyone: illegal}"),
    ],
)
def test_what_is_illegal_stays_illegal_whoever_agrees(desk: Desk, old: str, new: str) -> None:
    text = POLICY.replace(old, new)
    assert text != POLICY

    error = refused("refused", lambda: propose_policy(desk, the(desk, "terry"), text, "two of us", NOON))

    assert set(error.fields) == {"access.child-sexual-abuse"}
    assert "access.child-sexual-abuse" in error.says


def test_what_became_illegal_is_looked_at_again_at_approval(desk: Desk) -> None:
    """As if such a proposal had been written past us."""
    asked = propose_policy(desk, the(desk, "terry"), NEWER, "one", NOON)
    payload = row_of(desk, asked.id)["payload"]
    opened = NEWER.replace("everyone: illegal", "everyone: allowed")
    with writing(desk.engine) as conn:
        conn.execute(
            update(proposal).where(proposal.c.id == asked.id).values(payload={**payload, "text": opened})
        )

    refused("refused", lambda: approve(desk, the(desk, "hedy"), asked.id, "yes", NOON))


def test_a_long_text_is_read_before_anybody_has_to_wait_for_it(desk: Desk) -> None:
    """While somebody else writes, a faulty policy is refused at once: it never asks for the lock."""
    terry = the(desk, "terry")
    with writing(desk.engine):
        refused("bad-input", lambda: propose_policy(desk, terry, FAULTY, "a slip", NOON))


def test_the_founding_policy_can_be_agreed_on_as_it_stands_but_only_once(desk: Desk) -> None:
    asked = propose_policy(desk, the(desk, "terry"), POLICY, "agree on what was found", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)

    error = refused("bad-input", lambda: propose_policy(desk, the(desk, "terry"), POLICY, "again", NOON))

    assert "nothing would change" in error.says


def test_a_policy_never_moves_the_lists(listed: Listed) -> None:
    """It was proposed under lists that an update has taken the place of since."""
    desk = listed.desk
    asked = propose_policy(desk, the(desk, "terry"), NEWER, "one", NOON)
    assert listed.updates({"bets": some("bet", *range(5, 105))}).took is Took.IN_FORCE
    newer = listed.agreed.generation
    assert asked.lists != newer

    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)

    assert listed.agreed.generation == bundle(desk).lists == newer
    assert (in_force(desk).text, bundle(desk).policy_text) == (NEWER, NEWER)


def test_nothing_becomes_illegal_in_which_the_lists_have_exceptions(listed: Listed) -> None:
    excepting = "  but: {category: gambling, format: plain, source: learn.txt, exceptions: true}\n"
    listed.agree({}, LISTS + excepting)
    text = POLICY.replace("{source: A363, everyone: not_allowed}", "{source: A363, everyone: illegal}")
    assert text != POLICY

    error = refused(
        "refused", lambda: propose_policy(listed.desk, the(listed.desk, "terry"), text, "r", NOON)
    )

    assert set(error.fields) == {"access.gambling"}


def test_lists_agreed_on_that_are_gone_are_not_replaced(desk: Desk) -> None:
    before = current_bundle(desk.state)
    other = Index.in_memory({"new.test": [("gambling", "gambling-list")]})
    later = Desk(desk.engine, desk.state, desk.key, lambda: other)

    with pytest.raises(IndexFault):
        publish(later)

    assert current_bundle(desk.state) == before


def bundle(desk: Desk) -> Bundle:
    return read_bundle(desk.state, current_bundle(desk.state) or "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pupils: {url: path", "pupils: {url: url"),
        ("pupils: {url: path", "pupils: {url: host"),
        ("search_terms: false, days: 90", "search_terms: true, days: 90"),
        ("search_terms: true, days: 90", "search_terms: true, days: 30"),
        ("record:\n", "retention: {incidents: 30, totals: 30}\nrecord:\n"),
        ("record:\n", "retention: {incidents: 3660, totals: 3660}\nrecord:\n"),
    ],
)
def test_what_is_kept_and_for_how_long_takes_two_people_whichever_way(desk: Desk, old: str, new: str) -> None:
    """Keeping more exposes people; keeping less can hide what somebody did (invariant 4)."""
    before = in_force(desk)
    asked = propose_policy(desk, the(desk, "terry"), POLICY.replace(old, new, 1), "less or more", NOON)
    assert asked.loosening

    refused("same-person", lambda: approve(desk, the(desk, "terry"), asked.id, "yes", NOON))
    assert in_force(desk) == before

    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)
    assert new in in_force(desk).text


def agree(desk: Desk, text: str) -> None:
    approve(
        desk, the(desk, "hedy"), propose_policy(desk, the(desk, "terry"), text, "so", NOON).id, "yes", NOON
    )


SHUTTING = (
    ("everyone: allowed, reception-ks1", "everyone: allowed, staff: not_allowed, reception-ks1"),
    ("staff: {selected_users: [communications]}", "staff: not_allowed"),
    ("sites:\n", "sites:\n  - {block: [youtube.test], for: pupils, reason: plays by itself}\n"),
    ("upper-ks2:     {role: pupil, unlisted: allowed", "upper-ks2:     {role: pupil, unlisted: not_allowed"),
    ("connect_ports: [443]", "connect_ports: []"),
    ("longest_days: 42", "longest_days: 7"),
    ("communications: [comms]", "communications: []"),
)
OPENING = (
    ("gambling:           {source: A363, everyone: not_allowed}", "gambling: {everyone: allowed}"),
    (", locked: true", ""),
    ("[comms]", "[comms, tess]"),
    ("connect_ports: [443]", "connect_ports: [443, 8443]"),
    ('to: "13:00"', 'to: "13:05"'),
    ("longest_days: 42", "longest_days: 43"),
    ("[2026-11-02, 2026-12-18]", "[2026-11-02, 2026-12-19]\n    - [2026-12-21, 2026-12-22]"),
)


@pytest.mark.parametrize(("old", "new"), SHUTTING)
def test_what_only_shuts_is_in_force_at_once_and_looked_at_by_somebody_else(
    desk: Desk, old: str, new: str
) -> None:
    agree(desk, NEWER)
    base, text = in_force(desk).id, NEWER.replace(old, new)
    assert text != NEWER

    made = propose_policy(desk, the(desk, "terry"), text, "too much", NOON)

    assert (made.loosening, made.state, in_force(desk).text) == (False, State.APPROVED, text)
    assert row_of(desk, base)["state"] == State.SUPERSEDED
    assert events_of(desk)[-1] == "policy:tighten"
    assert read_bundle(desk.state, current_bundle(desk.state) or "").policy_text == text
    with reading(desk.engine) as conn:
        assert [each.object_id for each in open_reviews(conn)] == [made.id]
    assert is_whole(desk)


@pytest.mark.parametrize(("old", "new"), OPENING)
def test_what_opens_anything_waits_for_another_person(desk: Desk, old: str, new: str) -> None:
    agree(desk, NEWER)
    text = NEWER.replace(old, new)
    assert text != NEWER

    made = propose_policy(desk, the(desk, "terry"), text, "please", NOON)

    assert (made.loosening, made.state, in_force(desk).text) == (True, State.REQUESTED, NEWER)
    told = made.payload[KEPT]
    assert told["loosening"]
    assert told["opens"] or told["hides"]


def test_the_first_policy_after_the_founding_takes_two_people_though_it_only_shuts(desk: Desk) -> None:
    made = propose_policy(desk, the(desk, "terry"), POLICY.replace(*SHUTTING[0]), "less", NOON)

    assert (made.loosening, made.state) == (True, State.REQUESTED)
    assert not made.payload[KEPT]["loosening"]


def test_taking_a_tightening_back_takes_two_people(desk: Desk) -> None:
    agree(desk, NEWER)
    propose_policy(desk, the(desk, "terry"), NEWER.replace(*SHUTTING[0]), "less", NOON)

    back = propose_policy(desk, the(desk, "terry"), NEWER, "as it was", NOON)

    assert (back.loosening, back.state) == (True, State.REQUESTED)


def test_who_was_put_into_a_group_meanwhile_counts_when_a_policy_is_compared(desk: Desk) -> None:
    """What was worked out ahead holds for the register of then alone."""
    agree(desk, NEWER)
    text = NEWER.replace("[comms]", "[tess]")
    with reading(desk.engine) as conn:
        before = to_compare(conn, NEWER, text, desk.lists())
    rows = [{"username": "tess", "classes": ["6A", "6B"], "filter_groups": ["staff", "upper-ks2"]}]
    asked = propose_people(desk, the(desk, "terry"), rows, "both", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)

    with reading(desk.engine) as conn:
        after = to_compare(conn, NEWER, text, desk.lists())

    assert before.people != after.people
