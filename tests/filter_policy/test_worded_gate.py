"""What the gate does besides letting by, as a page shows it: word for word."""

from dataclasses import replace

import pytest

from filter_lists.names import parse_site
from filter_policy.model import (
    SECOND_FACTOR,
    Passthrough,
    SafeRule,
    SafeSearch,
    SiteRule,
    TermRule,
    Verdict,
    Watch,
)
from filter_policy.worded_gate import gate_words, not_seen
from tests.builders import a_policy

BANK = Passthrough(
    (parse_site("bank.test"), parse_site("pay.test")),
    frozenset({"health", "banking"}),
    frozenset({"staff", "guests"}),
    "banking",
    "payroll",
)
GAMES = SiteRule(parse_site("www.bank.test/games"), Verdict.BLOCK, frozenset({"staff", "guests"}), "games")
ALL_THE_SAME = (
    "www.bank.test is decrypted all the same for guests, staff, since `sites` blocks a part of it:"
    " www.bank.test/games."
)


def test_what_the_gate_does_is_shown_whole() -> None:
    rules = (
        SafeRule((parse_site("a.test"),), (("safe", "on"), ("kids", "1")), (("X-Safe", "yes"),)),
        SafeRule((parse_site("b.test"), parse_site("c.test")), (), (("X-B", "1"),)),
    )
    policy = a_policy(
        passthrough=(BANK,),
        sites=(GAMES,),
        terms=(TermRule("bomb", frozenset({"pupils", "guests"}), "harm"),),
        safe_search=SafeSearch(frozenset({"pupils", "guests"}), rules),
        carriers=(parse_site("t.test"), parse_site("u.test")),
        second_factor="approvers",
        watch=Watch(30, 60),
    )

    assert gate_words(policy) == [
        (
            "Not decrypted",
            [
                "bank.test, pay.test, kind banking, kind health for guests, staff, banking (payroll)",
                ALL_THE_SAME,
            ],
        ),
        ("Open to everybody at all times, not decrypted, recorded without whoever asked", []),
        ("Words that may not be searched for", ['"bomb" for guests, pupils (harm)']),
        (
            "Safe search",
            [
                "Search engines are held to their strictest setting for guests, pupils.",
                "Written into requests: safe=on, kids=1, X-Safe: yes at a.test",
                "Written into requests: X-B: 1 at b.test, c.test",
            ],
        ),
        ("Sites that show other sites, besides the known ones", ["t.test", "u.test"]),
        ("Second factor", ["Whoever may approve is asked for a second factor."]),
        (
            "How the filter watches itself",
            ["It asks itself every 30 minutes, and alarms when less than 60 % of what is usual is blocked."],
        ),
    ]


def test_where_nobody_is_named_it_says_so() -> None:
    policy = a_policy(safe_search=SafeSearch(frozenset()))

    told = dict(gate_words(policy))

    assert told["Safe search"] == ["Search engines are held to their strictest setting for none."]
    assert told["Second factor"] == ["Nobody has to."]


@pytest.mark.parametrize("word", SECOND_FACTOR)
def test_every_answer_to_who_needs_a_second_factor_has_a_sentence(word: str) -> None:
    (says,) = dict(gate_words(a_policy(second_factor=word)))["Second factor"]
    assert says.endswith(".")


@pytest.mark.parametrize(
    ("site", "verdict"),
    [
        ("www.bank.test/games", Verdict.ALLOW),
        ("bank.test", Verdict.BLOCK),  # all of it: then the tunnel itself is shut
        ("abank.test/games", Verdict.BLOCK),
        ("test.bank/games", Verdict.BLOCK),
    ],
)
def test_only_a_part_that_is_blocked_is_looked_for_in_a_tunnel(site: str, verdict: Verdict) -> None:
    rule = SiteRule(parse_site(site), verdict, frozenset({"staff"}), "x")
    before = a_policy(passthrough=(BANK,))

    assert list(not_seen(before, replace(before, sites=(rule,)))) == []


def test_who_agrees_is_told_of_a_part_once_for_each_host_that_it_is_part_of() -> None:
    before = a_policy(passthrough=(BANK,))
    rules = (GAMES, replace(GAMES, site=parse_site("pay.test/shop")))

    told = list(not_seen(before, replace(before, sites=rules)))

    shop = ALL_THE_SAME.replace("www.bank.test/games", "pay.test/shop").replace("www.bank.test", "pay.test")
    assert told == [ALL_THE_SAME, shop]
    assert list(not_seen(replace(before, sites=rules), replace(before, sites=rules))) == []
