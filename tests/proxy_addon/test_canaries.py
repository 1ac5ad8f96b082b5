"""What is asked, and what counts as right: pure."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.index import Index
from filter_policy.bundle import Bundle
from filter_policy.model import Reason, Verdict
from filter_policy.parse import parse_policy
from proxy_addon.canaries import Canary, Failed, canaries_of, expected, is_right, must_be_shut
from proxy_addon.judge import InForce
from proxy_addon.watch_proof import CATEGORY, CHECK, UNLISTED, Said
from tests.builders import NOON, POLICY

CHECKED = parse_policy(f"{POLICY}checks:\n  - {{not: [bet.test/x], group: staff, why: a check}}\n", "r" * 64)
INDEX = Index.in_memory({"bet.test": [("gambling", "bets")]})
FORCE = InForce("b", Bundle(CHECKED, "", "g", {}), INDEX)
ALL = list(canaries_of(CHECKED))
PLAIN = [canary for canary in ALL if canary.scheme == "http"]
GAMBLING = Canary("staff", f"{CATEGORY}gambling", "c-gambling.canary.schoolgate.invalid")


def test_each_group_asks_for_each_kind_for_the_unlisted_and_each_check_once() -> None:
    groups, kinds = set(CHECKED.filter_groups), set(CHECKED.access)
    assert len(ALL) == len(set(ALL)) == 2 * (len(groups) * (len(kinds) + 1) + 1)
    assert {replace(c, scheme="http") for c in ALL if c.scheme == "https"} == set(PLAIN)
    assert {(c.group, c.category) for c in ALL if c.category} == {(g, k) for g in groups for k in kinds}
    assert {c.group for c in ALL if c.about == UNLISTED} == groups
    assert [(c.group, c.host, c.path) for c in PLAIN if c.about == CHECK] == [("staff", "bet.test", "/x")]


@pytest.mark.parametrize("canary", ALL, ids=lambda c: f"{c.group}/{c.about}/{c.url}")
def test_what_is_expected_is_what_the_policy_says_of_that_group(canary: Canary) -> None:
    found = expected(canary, FORCE, NOON)
    assert found.is_block or not must_be_shut(canary, CHECKED)
    if canary.about == UNLISTED:
        assert found.rule == f"filter_groups.{canary.group}.unlisted"
    elif canary.about == CHECK:
        assert found.rule == "access.gambling.everyone"
    else:
        assert found.listing is not None
        assert found.listing.category == canary.category
        assert found.rule.startswith(f"access.{canary.category}")


@given(st.sampled_from(ALL), st.sampled_from(["allow", "block", "shut", "failed"]), st.sampled_from(Reason))
def test_nothing_else_than_what_is_expected_is_right(canary: Canary, verdict: str, reason: Reason) -> None:
    wanted = expected(canary, FORCE, NOON)
    right = is_right(canary, CHECKED, wanted, Said(verdict, reason))
    assert right == ((verdict, reason) == (wanted.verdict, wanted.reason))
    assert not is_right(canary, CHECKED, wanted, None)


def test_what_the_table_shuts_may_not_get_through_even_where_decide_says_so() -> None:
    """A `decide` that was broken open would expect it."""
    for canary in ALL:
        if must_be_shut(canary, CHECKED):
            opened = replace(
                expected(canary, FORCE, NOON), verdict=Verdict.ALLOW, reason=Reason.CATEGORY_ALLOWED
            )
            assert not is_right(canary, CHECKED, opened, Said("allow", "category-allowed"))


def test_a_failure_says_what_was_expected_and_what_came() -> None:
    wanted = expected(GAMBLING, FORCE, NOON)
    assert Failed(GAMBLING, wanted, Said("allow", "site-allowed")).rule == (
        "http: expected block (category-not-allowed), got allow (site-allowed)"
    )
    inside = replace(GAMBLING, scheme="https")
    assert Failed(inside, wanted, None).rule.startswith("https: expected block")
    assert "nothing that the gate proves" in Failed(GAMBLING, wanted, None).rule


def test_where_the_policy_opens_no_tunnels_to_443_its_refusal_is_what_is_expected() -> None:
    text = POLICY.replace("connect_ports: [443]", "connect_ports: [8443]")
    force = InForce("b", Bundle(parse_policy(text, "r" * 64), "", "g", {}), INDEX)
    inside = expected(replace(GAMBLING, about=UNLISTED, scheme="https"), force, NOON)
    assert (inside.verdict, inside.reason) == (Verdict.BLOCK, Reason.PORT)
    assert expected(replace(GAMBLING, about=UNLISTED), force, NOON).reason != Reason.PORT


def test_a_kind_without_a_row_and_a_group_that_is_gone_must_be_shut() -> None:
    assert must_be_shut(replace(GAMBLING, about=f"{CATEGORY}nonsense"), CHECKED)
    assert must_be_shut(replace(GAMBLING, about=f"{CATEGORY}education", group="gone"), CHECKED)
    assert not must_be_shut(replace(GAMBLING, about=UNLISTED), CHECKED)
