"""What is not decrypted is a loosening like any other: two people, in words, with a proof the gates check."""

from dataclasses import replace

import pytest

from change_control.desk import Desk
from change_control.proposals import approve, propose_policy
from filter_policy.bundle import Bundle, current_bundle, read_bundle
from filter_policy.bundle_proof import ProofFault, prove, public_key
from filter_policy.comparing import compare
from filter_policy.parse import parse_policy
from filter_policy.worded import worded
from tests.builders import NOON, POLICY
from tests.change_control.school import refused, the

ONE = (
    POLICY
    + """\
passthrough:
  - {sites: [bank.test], for: adults, why: banking, reason: payroll}
"""
)
TWO = ONE + "  - {categories: [education], for: everyone, why: safe-harbour, reason: help lines}\n"


def bundle_of(desk: Desk) -> Bundle:
    name, key = current_bundle(desk.state) or "", public_key(desk.state)
    bundle = read_bundle(desk.state, name)
    assert key is not None
    prove(desk.state, name, bundle, key)  # as a gate does it
    return bundle


def test_more_that_is_not_decrypted_waits_for_a_second_person(desk: Desk) -> None:
    asked = propose_policy(desk, the(desk, "terry"), ONE, "payroll", NOON)
    assert asked.state == "requested"
    assert not bundle_of(desk).policy.passthrough
    refused("same-person", lambda: approve(desk, the(desk, "terry"), asked.id, "me too", NOON))

    approve(desk, the(desk, "hedy"), asked.id, "agreed with the officer", NOON)

    assert [row.why for row in bundle_of(desk).policy.passthrough] == ["banking"]


def test_less_of_it_is_agreed_on_too_since_somebody_is_read_again(desk: Desk) -> None:
    asked = propose_policy(desk, the(desk, "terry"), TWO, "both", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)

    done = propose_policy(desk, the(desk, "cora"), ONE, "help lines moved", NOON)

    assert done.state == "requested"
    approve(desk, the(desk, "hedy"), done.id, "yes", NOON)
    assert [row.why for row in bundle_of(desk).policy.passthrough] == ["banking"]


def test_one_row_for_another_is_more(desk: Desk) -> None:
    asked = propose_policy(desk, the(desk, "terry"), ONE, "payroll", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)
    wider = propose_policy(desk, the(desk, "terry"), ONE.replace("adults", "everyone"), "wider", NOON)
    assert wider.state == "requested"


def test_the_difference_is_told_in_words() -> None:
    old, new = parse_policy(POLICY), parse_policy(TWO)
    told = " ".join(str(each) for each in worded(old, new))
    assert "bank.test for adults, banking (payroll)" in told
    assert "kind education for everyone, safe-harbour (help lines)" in told
    assert compare(old, new, (), ()).hides == ("passthrough",)


def test_a_policy_text_that_nobody_agreed_on_is_no_gates(desk: Desk) -> None:
    name, key = current_bundle(desk.state) or "", public_key(desk.state)
    bundle = read_bundle(desk.state, name)
    assert key is not None
    with pytest.raises(ProofFault):
        prove(desk.state, name, replace(bundle, policy_text=ONE, policy=parse_policy(ONE)), key)
