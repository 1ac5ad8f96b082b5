"""Each proof that a change shuts, by itself: what it lets by without two people, and what it does not."""

from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from filter_lists.names import parse_site
from filter_policy.model import (
    Check,
    Network,
    Passthrough,
    Policy,
    Record,
    Reviews,
    SafeRule,
    SafeSearch,
    TermRule,
    Timetable,
    UnblockLimits,
    Verdict,
)
from filter_policy.unseen import unseen
from tests.builders import a_policy

A, B = parse_site("a.test"), parse_site("b.test")
PUPILS, ADULTS = frozenset({"pupils"}), frozenset({"adults"})
RULE = SafeRule((A,), (("safe", "on"),)), SafeRule((B,), (("safe", "on"),))


def passing(*sites: str) -> tuple[Passthrough, ...]:
    return tuple(Passthrough((parse_site(each),), frozenset(), ADULTS, "banking", "x") for each in sites)


def checking(*sites: str) -> tuple[Check, ...]:
    return tuple(Check(parse_site(each), Verdict.BLOCK, "staff", None, "x") for each in sites)


# Of each: the section as it is told, what is less shut, and what is more.
PROVEN = [
    ("egress", {"egress_allow": (("10.0.0.5", 443), ("::1", 443))}, {"egress_allow": (("::1", 443),)}),
    ("connect_ports", {"connect_ports": frozenset({443, 80})}, {"connect_ports": frozenset({80})}),
    ("unblocks", {"limits": UnblockLimits(42, 72)}, {"limits": UnblockLimits(41, 72)}),
    ("unblocks", {"limits": UnblockLimits(42, 72)}, {"limits": UnblockLimits(42, 71)}),
    ("unblocks", {"limits": UnblockLimits(1, 2)}, {"limits": UnblockLimits(0, 1)}),
    ("reviews", {"reviews": Reviews(7, 2, 92)}, {"reviews": Reviews(7, 2, 91)}),
    ("checks", {"checks": checking("a.test")}, {"checks": checking("b.test", "a.test")}),
    ("terms", {"terms": (TermRule("x", PUPILS, "y"),)},
     {"terms": (TermRule("z", PUPILS, "y"), TermRule("x", PUPILS, "y"))}),
    ("safe_search", {"safe_search": SafeSearch(PUPILS)}, {"safe_search": SafeSearch(PUPILS | ADULTS)}),
    ("sign_in.second_factor", {"second_factor": "nobody"}, {"second_factor": "approvers"}),
]  # fmt: skip


@pytest.mark.parametrize(("section", "wide", "narrow"), PROVEN)
def test_the_one_way_shuts_and_the_other_is_named(
    section: str, wide: dict[str, object], narrow: dict[str, object]
) -> None:
    old, new = a_policy(**wide), a_policy(**narrow)

    assert unseen(old, new) == ()
    assert unseen(new, old) == (section,)
    assert unseen(old, replace(old)) == ()


@pytest.mark.parametrize(
    ("one", "other", "section"),
    [
        ({"passthrough": passing("a.test", "b.test")}, {"passthrough": passing("b.test")}, "passthrough"),
        ({"carriers": (A,)}, {"carriers": (B, A)}, "carriers"),
        ({"safe_search": SafeSearch(PUPILS, RULE[:1])}, {"safe_search": SafeSearch(PUPILS, RULE)},
         "safe_search"),
    ],
)  # fmt: skip
def test_what_is_named_whichever_way_it_goes(
    one: dict[str, object], other: dict[str, object], section: str
) -> None:
    assert unseen(a_policy(**one), a_policy(**other)) == (section,)
    assert unseen(a_policy(**other), a_policy(**one)) == (section,)


@pytest.mark.parametrize(
    ("old", "new", "section"),
    [
        ({"limits": UnblockLimits(42, 72)}, {"limits": UnblockLimits(41, 73)}, "unblocks"),
        ({"carriers": (A,)}, {"carriers": (B,)}, "carriers"),
        ({"passthrough": passing("a.test")}, {"passthrough": passing("b.test")}, "passthrough"),
        ({"safe_search": SafeSearch(PUPILS, RULE)}, {"safe_search": SafeSearch(PUPILS, RULE[::-1])},
         "safe_search"),
        ({"safe_search": SafeSearch(PUPILS)}, {"safe_search": SafeSearch(ADULTS)}, "safe_search"),
        ({"limits": UnblockLimits(True, 72)}, {"limits": UnblockLimits(0, 72)}, "unblocks"),
    ],
)  # fmt: skip
def test_what_shuts_in_one_place_and_opens_in_another_is_named(
    old: dict[str, object], new: dict[str, object], section: str
) -> None:
    assert unseen(a_policy(**old), a_policy(**new)) == (section,)


def network(addresses: str, group: str = "staff") -> Network:
    return Network(ip_network(addresses), group, "x")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (("10.0.0.0/8",), (), False),
        ((), ("10.0.0.0/8",), True),
        (("10.1.0.0/16", "10.0.0.0/8"), ("10.0.0.0/8",), True),
        (("10.1.0.0/16", "10.0.0.0/8"), ("10.1.0.0/16",), True),
        (("10.1.0.0/16", "11.0.0.0/8"), ("11.0.0.0/8",), False),
        (("fd00::/8", "10.0.0.0/8"), ("10.0.0.0/8",), False),
        (("10.0.0.0/8", "11.0.0.0/8"), ("11.0.0.0/8", "10.0.0.0/8"), False),
    ],
)
def test_a_range_of_devices_may_go_where_no_other_takes_them_in(
    old: tuple[str, ...], new: tuple[str, ...], named: bool
) -> None:
    def having(ranges: tuple[str, ...]) -> Policy:
        return a_policy(networks=tuple(map(network, ranges)))

    assert unseen(having(old), having(new)) == (("networks",) if named else ())


def test_a_range_that_goes_to_another_group_is_named() -> None:
    one, other = (a_policy(networks=(network("10.0.0.0/8", group),)) for group in ("staff", "guests"))
    assert unseen(one, other) == ("networks",)


def test_neither_more_nor_less_may_be_kept_of_anybody() -> None:
    more, less = a_policy(record={"pupils": Record(days=9)}), a_policy(record={"pupils": Record(days=8)})
    assert unseen(more, less) == unseen(less, more) == ("record",)
    nobody = a_policy(record={"pupils": Record(days=9), "no-group": Record()})
    assert unseen(more, nobody) == ("record",)


def test_a_row_that_becomes_illegal_is_named_since_nobody_takes_it_back() -> None:
    policy = a_policy()
    illegal = policy.access["child-sexual-abuse"]
    after = a_policy(access={**policy.access, "gambling": replace(illegal, source="A363"), "new": illegal})
    assert unseen(policy, after) == ("access.gambling: illegal", "access.new: illegal")
    assert unseen(after, policy) == ()


@dataclass(frozen=True, slots=True, eq=False)
class Odd(Timetable):
    """A timetable with a word that nobody here has heard of."""

    new_word: str = "new"


def test_another_word_of_a_timetable_is_named_and_terms_and_periods_are_left_to_decisions() -> None:
    known = a_policy().timetable

    def having(**changes: Any) -> Policy:
        said: dict[str, Any] = {"zone": known.zone, "terms": known.terms, "periods": known.periods}
        return a_policy(timetable=Odd(**said | changes))

    assert unseen(having(), having(new_word="other")) == ("timetable.new_word",)
    assert unseen(having(), having(terms=(), periods={})) == ()
    assert unseen(having(), having(zone=ZoneInfo("UTC"))) == ("school.timezone",)
