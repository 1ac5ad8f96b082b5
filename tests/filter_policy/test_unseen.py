"""What no decision shows counts as opening, unless it is proven to shut."""

from dataclasses import fields

import pytest

from filter_policy.model import Policy
from filter_policy.parse import parse_policy
from filter_policy.unseen import NO_WORDS, PROOFS, SHOWN, SHOWN_WHOLE, unseen
from tests.builders import POLICY

WIDE = "  - {addresses: 127.0.0.0/8, filter_group: staff, label: all}\n"
HIDING = (
    ("longest_days: 42", "longest_days: 43", "unblocks"),
    ("connect_ports: [443]", "connect_ports: [80, 443]", "connect_ports"),
    ("allow: []", 'allow: ["10.0.0.5:443"]', "egress"),
    ("label: tablets", "label: phones", "networks"),
    ("networks:\n", f"networks:\n{WIDE}", "networks"),
    ("pupils: {url: path", "pupils: {url: host", "record"),
    ("sites:\n", "retention: {incidents: 400}\nsites:\n", "retention"),
    ("sites:\n", "reviews: {break_glass_days: 3}\nsites:\n", "reviews"),
    ("sites:\n", "notify: {governor: [gail@school.test]}\nsites:\n", "notify"),
    ("block_page: picture", "block_page: plain", "filter_groups.reception-ks1"),
    ("source: A351", "source: A1", "access.pornography"),
    ("reason: reviewed", "reason: because", "sites.www.gov.uk"),
    ("Europe/London", "Europe/Dublin", "school.timezone"),
    ("Test Primary School", "Another School", "school"),
)
SHUTTING = (
    ("longest_days: 42", "longest_days: 41"),
    ("connect_ports: [443]", "connect_ports: []"),
    (
        "networks:\n  - {addresses: 127.20.0.0/16, filter_group: reception-ks1, label: tablets}",
        "networks: []",
    ),
    ("sites:\n", "reviews: {break_glass_days: 1}\nsites:\n"),
)


@pytest.mark.parametrize(("old", "new", "section"), HIDING)
def test_what_hides_or_lets_by_is_named_by_its_section(old: str, new: str, section: str) -> None:
    text = POLICY.replace(old, new)
    assert text != POLICY

    assert section in unseen(parse_policy(POLICY), parse_policy(text))


@pytest.mark.parametrize(("old", "new"), SHUTTING)
def test_what_is_proven_to_shut_is_not_named_and_its_way_back_is(old: str, new: str) -> None:
    before, after = parse_policy(POLICY), parse_policy(POLICY.replace(old, new))

    assert unseen(before, after) == ()
    assert unseen(after, before)


def test_a_range_of_devices_that_goes_into_a_wider_one_is_no_mere_less() -> None:
    both = POLICY.replace("networks:\n", f"networks:\n{WIDE}")
    one = both.replace("  - {addresses: 127.20.0.0/16, filter_group: reception-ks1, label: tablets}\n", "")

    assert unseen(parse_policy(both), parse_policy(one)) == ("networks",)


def test_every_word_of_a_policy_is_shown_proven_or_may_not_change() -> None:
    told = NO_WORDS | SHOWN_WHOLE | set(SHOWN) | set(PROOFS)

    assert {each.name for each in fields(Policy)} - told == {"school", "retention", "notify", "watch"}


def test_checks_may_come_in_any_order_and_none_may_go() -> None:
    def checking(*sites: str) -> Policy:
        rows = [f"  - {{not: [{each}], group: staff, why: x}}\n" for each in sites]
        return parse_policy(POLICY + "checks:\n" + "".join(rows))

    assert unseen(checking("a.example"), checking("b.example", "a.example")) == ()
    assert unseen(checking("b.example", "a.example"), checking("b.example")) == ("checks",)
