"""Which tunnels are passed on undecrypted: what the policy names, for whom, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.names import Site, Url, parse_site
from filter_policy.comparing import compare
from filter_policy.model import Listing, Passthrough, SiteRule, Verdict
from filter_policy.passing import passing, rule_of
from filter_policy.worded_gate import TELLING, gate_words, not_seen
from tests.builders import a_person, a_policy, a_teacher

BANK = Passthrough((parse_site("bank.test"),), frozenset(), frozenset({"adults"}), "banking", "payroll")
HELP = Passthrough((), frozenset({"education"}), frozenset({"everyone"}), "safe-harbour", "D1")
NOTHING: tuple[Listing, ...] = ()


def at(host: str) -> Url:
    return Url("https", host, 443)


def test_a_named_host_and_all_below_it_is_passed_for_those_it_is_named_for() -> None:
    policy = a_policy(passthrough=(BANK,))
    found = [
        passing(policy, a_teacher(), at(host), NOTHING)
        for host in ("bank.test", "www.bank.test", "abank.test")
    ]
    assert found == [BANK, BANK, None]
    assert passing(policy, a_person(), at("bank.test"), NOTHING) is None


def test_a_kind_of_site_is_passed_where_the_lists_say_so() -> None:
    policy = a_policy(passthrough=(BANK, HELP))
    listings = (Listing("education", "list", "helpline.test"),)
    row = passing(policy, a_person(), at("helpline.test"), listings)
    assert row is HELP
    assert rule_of(row) == "passthrough.safe-harbour"
    assert passing(policy, a_person(), at("helpline.test"), NOTHING) is None


def test_a_host_of_which_a_part_is_blocked_is_decrypted_all_the_same() -> None:
    rule = SiteRule(parse_site("bank.test/games"), Verdict.BLOCK, frozenset({"adults"}), "games")
    for host in ("bank.test", "www.bank.test"):
        assert passing(a_policy(passthrough=(BANK,), sites=(rule,)), a_teacher(), at(host), NOTHING) is None


def test_what_else_the_school_says_of_a_host_leaves_it_passed_on() -> None:
    for site, verdict, whom in (
        ("bank.test/games", Verdict.BLOCK, "pupils"),
        ("bank.test/games", Verdict.ALLOW, "adults"),
        ("bank.test", Verdict.BLOCK, "adults"),
        ("www.bank.test/games", Verdict.BLOCK, "adults"),
        ("other.test/games", Verdict.BLOCK, "adults"),
    ):
        rule = SiteRule(parse_site(site), verdict, frozenset({whom}), "so")
        assert (
            passing(a_policy(passthrough=(BANK,), sites=(rule,)), a_teacher(), at("bank.test"), NOTHING)
            is BANK
        )


def test_the_first_row_for_this_person_and_host_counts_and_rows_for_others_do_not() -> None:
    everyone = Passthrough(BANK.sites, frozenset({"video"}), frozenset({"everyone"}), "health", "r")
    policy = a_policy(passthrough=(BANK, HELP, everyone))
    assert passing(policy, a_person(), at("bank.test"), NOTHING) is everyone
    assert passing(policy, a_teacher(), at("bank.test"), NOTHING) is BANK
    assert passing(policy, a_person(), at("b.test"), (Listing("video", "list", "b.test"),)) is everyone
    blocked = SiteRule(parse_site("bank.test/games"), Verdict.BLOCK, frozenset({"adults"}), "games")
    policy = a_policy(passthrough=(BANK, everyone), sites=(blocked,))
    assert passing(policy, a_teacher(), at("bank.test"), NOTHING) is None


@pytest.mark.parametrize("for_", ["pupils", "everyone"])
def test_more_that_is_not_decrypted_takes_two_people_and_so_does_less(for_: str) -> None:
    wider = Passthrough(BANK.sites, frozenset(), frozenset({for_}), "banking", "payroll")
    before, after = a_policy(passthrough=(BANK,)), a_policy(passthrough=(BANK, wider))
    assert compare(before, after, (), ()).loosening
    assert compare(after, before, (), ()).loosening, "somebody is read again"
    assert compare(before, a_policy(passthrough=(wider,)), (), ()).hides == ("passthrough",)


def test_what_is_not_decrypted_is_told_in_words() -> None:
    told = list(TELLING["passthrough"](a_policy(), a_policy(passthrough=(BANK,))))
    assert told == [("not decrypted", "none", "bank.test for adults, banking (payroll)")]


def test_who_agrees_is_told_what_nobody_will_see_any_more() -> None:
    told = list(not_seen(a_policy(), a_policy(passthrough=(BANK, HELP))))
    assert told == [
        f"Nobody will see which pages of {what} are opened, searched or sent there by {whom}: not the filter,"
        " not the log, not the coordinator. No page or search there can be blocked. The try-out below cannot"
        " show this."
        for what, whom in (("bank.test", "adults"), ("kind education", "everyone"))
    ]
    assert list(not_seen(a_policy(passthrough=(BANK, HELP)), a_policy(passthrough=(BANK,)))) == []


@pytest.mark.parametrize(("blocked", "host"), [
    ("bank.test/games", "bank.test"), ("www.bank.test/games", "www.bank.test"), ("test/games", "bank.test"),
])  # fmt: skip
def test_a_host_that_is_decrypted_all_the_same_is_named(blocked: str, host: str) -> None:
    rule = SiteRule(parse_site(blocked), Verdict.BLOCK, frozenset({"adults"}), "games")
    says = f"{host} is decrypted all the same for adults, since `sites` blocks a part of it: {blocked}."
    after = a_policy(passthrough=(BANK,), sites=(rule,))
    assert says in list(not_seen(a_policy(), after))
    assert list(not_seen(a_policy(passthrough=(BANK,)), after)) == [says]
    assert says in dict(gate_words(after))["Not decrypted"]


def test_what_the_gate_does_besides_stands_in_words() -> None:
    told = dict(gate_words(a_policy(passthrough=(BANK,))))
    assert told["Not decrypted"] == ["bank.test for adults, banking (payroll)"]
    assert told["Words that may not be searched for"] == []
    assert told["Second factor"] == ["Nobody has to."]
    assert all(told[title] for title in ("Safe search", "How the filter watches itself"))


def hosts() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(["bank", "test", "a", "co", "uk"]), min_size=1, max_size=4).map(".".join)


@given(hosts(), hosts(), st.sampled_from(["http", "https"]))
def test_only_the_host_itself_and_names_below_it_over_tls(host: str, named: str, scheme: str) -> None:
    row = Passthrough((Site(named),), frozenset(), frozenset({"everyone"}), "health", "r")
    found: Any = passing(a_policy(passthrough=(row,)), a_person(), Url(scheme, host, 443), NOTHING)
    assert (found is row) == (scheme == "https" and (host == named or host.endswith(f".{named}")))
