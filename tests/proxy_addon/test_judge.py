"""All names on a request are judged, and all ways to read its path."""

from dataclasses import replace

from filter_lists.index import Index
from filter_lists.names import parse_site, parse_url
from filter_policy.bundle import Bundle
from filter_policy.decide import decide
from filter_policy.model import Policy, Reason, SiteRule, Verdict
from proxy_addon.judge import InForce, Judge, Judged, sooner
from tests.builders import NOON, a_person, a_policy, an_unblock

INDEX = Index.in_memory({"bet.test": [("gambling", "l")], "quiz.test": [("games-educational", "l")]})


def judged(*urls: str, policy: Policy | None = None, groups: tuple[str, ...] = ("upper-ks2",)) -> Judged:
    force = InForce("b", Bundle(policy or a_policy(), "", "", {}), INDEX)
    person = a_person(groups=groups, classes=("6B",))
    return Judge(Index.lookup, decide)([parse_url(url) for url in urls], person, force, NOON, address="")


def a_rule(verdict: Verdict, site: str) -> SiteRule:
    return SiteRule(parse_site(site), verdict, frozenset({"everyone"}), "test")


def test_one_blocked_name_blocks_and_is_named() -> None:
    answer = judged("http://allowed.test/", "http://bet.test/")
    assert answer.decision.is_block
    assert answer.url.host == "bet.test"


def test_without_a_blocked_name_the_target_is_the_answer() -> None:
    answer = judged("http://allowed.test/", "http://other.test/")
    assert (answer.decision.verdict, answer.url.host) == (Verdict.ALLOW, "allowed.test")


def test_the_soonest_end_holds_for_all_names() -> None:
    policy = a_policy(unblocks=(an_unblock("bet.test"),))
    answer = judged("http://quiz.test/", "http://bet.test/", policy=policy)
    assert answer.decision.valid_until == an_unblock("bet.test").ends_at
    assert sooner(NOON, None)
    assert not sooner(None, NOON)


def test_a_blocked_path_is_blocked_in_every_spelling() -> None:
    policy = a_policy(sites=(a_rule(Verdict.BLOCK, "a.test/games"),))
    for path in (
        "games/x",
        "GAMES/x",
        "%67ames/x",
        "%2567ames",
        "/games/x",
        "b/../games/x",
        "games%2fx",
        "games;x",
    ):
        assert judged(f"http://a.test/{path}", policy=policy).decision.reason is Reason.SITE_BLOCKED, path
    assert not judged("http://a.test/games-history", policy=policy).decision.is_block


def test_a_path_that_is_opened_cannot_be_left_by_spelling() -> None:
    """In a walled garden, /lessons is open and nothing beside it."""
    policy = replace(a_policy(), sites=(a_rule(Verdict.ALLOW, "a.test/Lessons"),))
    garden = ("reception-ks1",)
    assert not judged("http://a.test/Lessons/One%20two", policy=policy, groups=garden).decision.is_block
    for path in (
        "Lessons/..%2fprivate",
        "Lessons/..;/private",
        "Lessons/%2e%2e/private",
        "Lessons\\..\\private",
    ):
        assert judged(f"http://a.test/{path}", policy=policy, groups=garden).decision.is_block, path
