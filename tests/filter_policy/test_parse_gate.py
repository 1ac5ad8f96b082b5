"""What the gate does besides letting by, as the school wrote it down; every fault of it at once."""

import pytest

from filter_lists.names import parse_site
from filter_policy.model import SafeSearch, Watch
from filter_policy.parse import PolicyError, parse_policy
from filter_policy.unseen import unseen
from filter_policy.worded import worded
from tests.builders import POLICY

BANK = "passthrough:\n  - {sites: [bank.test], for: adults, why: banking, reason: 'payroll'}\n"


def faults(text: str) -> list[str]:
    with pytest.raises(PolicyError) as error:
        parse_policy(POLICY + text)
    return error.value.faults


def test_a_policy_that_says_nothing_of_it_decrypts_all_and_holds_searches_to_safe_for_everyone() -> None:
    policy = parse_policy(POLICY)

    assert not policy.passthrough
    assert not policy.carriers
    assert not policy.terms
    assert policy.safe_search == SafeSearch(frozenset({"everyone"}))
    assert policy.second_factor == "nobody"
    assert policy.watch == Watch(60, 70)


def test_what_the_school_says_is_kept_as_it_is_looked_for() -> None:
    more = (
        "carriers: ['*.translate.test']\nterms:\n  - {block: ['Make  a BOMB'], for: pupils, reason: harm}\n"
        "safe_search: {for: pupils, rules: [{sites: [search.test], parameters: {safe: strict}}]}\n"
    )
    policy = parse_policy(POLICY + BANK + more)

    assert policy.passthrough[0].sites == (parse_site("bank.test"),)
    assert policy.carriers == (parse_site("translate.test"),)
    assert policy.terms[0].term == "make a bomb"
    assert policy.safe_search.rules[0].parameters == (("safe", "strict"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BANK.replace("banking", "because"), "allowed: banking, health, safe-harbour, pinned-app"),
        (BANK.replace("bank.test", "bank.test/login"), "without a path"),
        (BANK.replace("bank.test", "co.uk"), "the ending of many"),
        (BANK.replace("sites: [bank.test]", "categories: [no-such]"), "has no row in access"),
        (BANK.replace("sites: [bank.test], ", ""), "needs sites or categories"),
        ("safe_search: {rules: [{sites: [a.test], fields: {Host: b.test}}]}\n", "the gate's own"),
        ("safe_search: {rules: [{sites: [a.test], fields: {X-Original-URL: /b}}]}\n", "the gate's own"),
        ("safe_search: {rules: [{sites: [a.test], fields: {X-Forwarded-Host: b.test}}]}\n", "the gate's own"),
        ('safe_search: {rules: [{sites: [a.test], fields: {X-A: "b\\r\\nc"}}]}\n', "plain characters"),
        ("safe_search: {rules: [{sites: [a.test]}]}\n", "needs sites, and parameters or fields"),
        ("terms:\n  - {block: ['!'], for: pupils, reason: x}\n", "two letters"),
        ("sign_in: {second_factor: pupils}\n", "allowed: nobody, approvers"),
        ("watch: {canary_minutes: 1}\n", "from 5 to 1440"),
        ("carriers: [10.0.0.0/8]\n", "range"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(text: str, says: str) -> None:
    found = faults(text)

    assert any(says in fault for fault in found)


def test_a_change_is_told_in_words() -> None:
    before, after = parse_policy(POLICY), parse_policy(POLICY + BANK + "carriers: [t.test]\n")

    assert [each.says for each in worded(before, after)] == [
        "not decrypted: none -> bank.test for adults, banking (payroll)",
        "carrier: none -> t.test",
    ]


def test_only_what_shuts_more_is_no_loosening() -> None:
    plain, bank = parse_policy(POLICY), parse_policy(POLICY + BANK)
    factor = parse_policy(POLICY + "sign_in: {second_factor: approvers}\n")
    fewer = parse_policy(POLICY + "safe_search: {for: pupils}\n")

    assert unseen(plain, bank) == ("passthrough",)
    assert unseen(bank, plain) == ("passthrough",)  # what was private is read again
    assert unseen(plain, factor) == ()
    assert unseen(factor, plain) == ("sign_in.second_factor",)
    assert unseen(plain, fewer) == ("safe_search",)
