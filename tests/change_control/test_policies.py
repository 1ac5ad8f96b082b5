"""A new policy: the whole text, checked whole, agreed on by two."""

from functools import partial

from audit_log.db import reading
from change_control.desk import Desk
from change_control.in_force import policy_in_force
from change_control.policies import sha256_of
from change_control.proposals import approve, decline, propose_policy
from filter_policy.bundle import current_bundle, read_bundle
from filter_policy.life_cycle import State
from tests.builders import NOON, POLICY
from tests.change_control.school import events_of, log_of, refused, row_of, the

NEWER = POLICY.replace("reviewed}", "reviewed again}")
NEWEST = POLICY.replace("reviewed}", "reviewed once more}")
FAULTY = POLICY.replace("not_allowed", "forbidden").replace("longest_days: 42", "longest_days: never")


def in_force(desk: Desk) -> tuple[str, str]:
    with reading(desk.engine) as conn:
        return policy_in_force(conn)


def test_an_approved_policy_supersedes_the_one_before(desk: Desk) -> None:
    _, founding = in_force(desk)
    asked = propose_policy(desk, the(desk, "terry"), NEWER, "reviewed with the leads", NOON)
    assert in_force(desk)[1] == founding

    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)

    assert in_force(desk) == (NEWER, asked.id)
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
