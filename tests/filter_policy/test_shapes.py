"""Kinds of site that no list names: told by the form of a host, and shut where the policy has a row."""

from dataclasses import replace

import pytest

from filter_lists.names import Url, parse_url
from filter_policy.comparing import compare
from filter_policy.judge import judge_url
from filter_policy.model import Access, CategoryAccess, FilterGroup, Listing, Policy, Reason, Rule
from filter_policy.shapes import BY_HOST, INTERNATIONAL_NAMES, IP_ADDRESSES, by_host, circumventions
from tests.builders import NOON, a_person, a_policy, a_teacher, an_unblock

PUPILS_NOT = CategoryAccess({"pupils": Rule(Access.NOT_ALLOWED), "adults": Rule(Access.ALLOWED)})
INTERNATIONAL = "http://xn--bloked-1of.test/"


def nothing(_url: Url) -> tuple[Listing, ...]:
    return ()


def with_rows(**changes: object) -> Policy:
    rows = dict.fromkeys((IP_ADDRESSES, INTERNATIONAL_NAMES), PUPILS_NOT)
    return a_policy(access={**a_policy().access, **rows}, **changes)


@pytest.mark.parametrize(
    "address",
    [
        "http://203.0.113.7/",
        "http://0xcb007107/",
        "http://3405803783/",
        "http://203.113.7.3.:8080/",
        "http://[::ffff:203.0.113.7]/",
        "http://[2001:db8::1]/",
        INTERNATIONAL,
        "http://www.bücher.test/",
    ],
)
def test_pupils_reach_nothing_by_its_number_or_by_a_name_of_another_script(address: str) -> None:
    url = parse_url(address)

    decision = judge_url(url, a_person(), with_rows(), nothing, NOON)

    assert decision.reason is Reason.CATEGORY_NOT_ALLOWED
    assert decision.listing is not None
    assert decision.listing.category in BY_HOST
    assert not judge_url(url, a_teacher(), with_rows(), nothing, NOON).is_block
    assert not judge_url(url, a_person(), a_policy(), nothing, NOON).is_block


def test_an_international_name_that_a_list_knows_is_judged_by_that() -> None:
    listed = Listing("education", "l", "xn--bloked-1of.test")

    assert not judge_url(
        parse_url(INTERNATIONAL), a_person(), with_rows(), lambda _: (listed,), NOON
    ).is_block


def test_what_is_open_by_its_form_is_still_judged_by_what_it_is() -> None:
    """A row that lets addresses be reached opens no walled garden."""
    everyone = CategoryAccess({"everyone": Rule(Access.ALLOWED)})
    policy = a_policy(access={**a_policy().access, IP_ADDRESSES: everyone})
    url = parse_url("http://203.0.113.7/")
    youngest = a_person("ria", ("reception-ks1",))
    listed = Listing("gambling", "l", "203.0.113.7")

    assert judge_url(url, youngest, policy, nothing, NOON).reason is Reason.UNLISTED_NOT_ALLOWED
    assert judge_url(url, a_person(), policy, lambda _: (listed,), NOON).reason is Reason.CATEGORY_NOT_ALLOWED


def test_an_unblock_opens_an_address_for_its_lesson() -> None:
    policy = with_rows(unblocks=(an_unblock("203.0.113.7"),))
    decision = judge_url(parse_url("http://203.0.113.7/"), a_person(classes=("6B",)), policy, nothing, NOON)

    assert decision.reason is Reason.UNBLOCK
    assert decision.valid_until == policy.unblocks[0].ends_at


def test_what_is_seen_by_its_form_is_told_as_a_kind_with_what_it_was_seen_by() -> None:
    policy = with_rows()
    for address, kind in (
        ("http://203.0.113.7/", IP_ADDRESSES),
        ("http://a.xn--bcher-kva.test/", INTERNATIONAL_NAMES),
    ):
        url = parse_url(address)
        assert by_host(url, False, policy) == (Listing(kind, "schoolgate", url.host),)
        assert by_host(url, True, policy) == (by_host(url, False, policy) if url.is_ip else ())
    for address in ("http://axn--b.test/", "http://a-xn--b.test/", "http://a.test/xn--b"):
        assert by_host(parse_url(address), False, policy) == ()
    assert circumventions(("vpn", "tunnel")) == (
        Listing("circumvention", "schoolgate", "vpn"), Listing("circumvention", "schoolgate", "tunnel"),
    )  # fmt: skip
    assert circumventions(()) == ()


@pytest.mark.parametrize("name", sorted(BY_HOST))
def test_taking_such_a_row_away_opens_and_making_one_does_not(name: str) -> None:
    """Also where all sites on no list are shut, since those that are on one open with it."""
    shut = {
        group.name: replace(group, unlisted=Rule(Access.NOT_ALLOWED))
        for group in a_policy().filter_groups.values()
    }
    for groups in (dict(a_policy().filter_groups), shut):
        without = _with_groups(groups, with_rows(), without=name)
        with_it = _with_groups(groups, with_rows())

        assert compare(with_it, without, (), ()).more_open
        assert not compare(without, with_it, (), ()).loosening
        assert compare(without, with_it, (), ()).less_open


def _with_groups(groups: dict[str, FilterGroup], policy: Policy, without: str = "") -> Policy:
    access = {name: row for name, row in policy.access.items() if name != without}
    return replace(policy, filter_groups=groups, access=access)


def test_two_rows_that_go_together_are_not_taken_for_one() -> None:
    games = CategoryAccess({"everyone": Rule(Access.NOT_ALLOWED)})
    old = a_policy(access={**a_policy().access, "games": games, IP_ADDRESSES: games})
    new = a_policy()

    assert compare(old, new, (), ()).more_open
