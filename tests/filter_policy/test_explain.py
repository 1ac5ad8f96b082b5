"""To explain is to decide."""

from hypothesis import given

from filter_lists.names import Url, parse_site
from filter_policy.explain import Step, explain
from filter_policy.judge import judge_url
from filter_policy.model import Listing, Passthrough, Person, Reason, Verdict
from tests.builders import NOON, a_policy, a_request, an_unblock
from tests.filter_policy.test_decide import IN_6B, categories, people


def test_an_explanation_names_each_rule_and_ends_with_the_one_that_decided() -> None:
    policy = a_policy(unblocks=(an_unblock("racism.example"),))
    request = a_request("racism.example", "discrimination", person=IN_6B)

    found = explain(request.url, IN_6B, policy, lambda _: request.listings, NOON)

    assert [(step.rule, step.hit) for step in found.steps] == [
        ("access.discrimination", False),
        ("person", False),
        ("unblock.u1", True),
    ]
    assert found.decision.verdict is Verdict.ALLOW


@given(people, categories)
def test_an_explanation_never_differs_from_the_judgement(person: Person, kinds: list[str]) -> None:
    request = a_request("x.example", *kinds, person=person)

    def lookup(_url: Url) -> tuple[Listing, ...]:
        return request.listings

    explained = explain(request.url, person, a_policy(), lookup, NOON)

    assert explained.decision == judge_url(request.url, person, a_policy(), lookup, NOON)


BANK = Passthrough((parse_site("bank.example"),), frozenset(), frozenset({"everyone"}), "banking", "payroll")


def test_a_host_that_would_not_be_decrypted_is_told_as_such() -> None:
    policy = a_policy(passthrough=(BANK,))
    request = a_request("https://bank.example/games?q=x", person=IN_6B)

    found = explain(request.url, IN_6B, policy, lambda _: (), NOON)

    assert (found.decision.verdict, found.decision.reason) == (Verdict.ALLOW, Reason.PASSTHROUGH)
    assert found.decision.rule == found.steps[-1].rule == "passthrough.banking"
    assert "not decrypted" in found.steps[-1].says
    plain = explain(request.url._replace(scheme="http", port=80), IN_6B, policy, lambda _: (), NOON)
    assert plain.decision.reason is Reason.UNLISTED_ALLOWED


def test_a_host_that_is_blocked_is_never_told_as_not_decrypted() -> None:
    request = a_request("bank.example", "gambling", person=IN_6B)
    found = explain(request.url, IN_6B, a_policy(passthrough=(BANK,)), lambda _: request.listings, NOON)
    assert found.decision.is_block
    assert not any(step.rule.startswith("passthrough") for step in found.steps)


def test_of_what_is_not_decrypted_the_host_alone_is_judged_and_asked_for() -> None:
    request = a_request("https://bank.example/games?q=x", person=IN_6B)
    asked: list[Url] = []

    def lookup(url: Url) -> tuple[Listing, ...]:
        asked.append(url)
        return (Listing("gambling", "bets", "bank.example/games"),) if url.path != "/" else ()

    found = explain(request.url, IN_6B, a_policy(passthrough=(BANK,)), lookup, NOON)

    assert set(asked) == {Url("https", "bank.example", 443)}
    assert found.decision.reason is Reason.PASSTHROUGH
    assert found.steps == (
        Step("person", False, "may use the web"),
        Step("filter_groups.upper-ks2.unlisted", True, "allowed"),
        Step("passthrough.banking", True, "not decrypted: only its host is judged and recorded"),
    )
    assert explain(request.url, IN_6B, a_policy(), lookup, NOON).decision.is_block


def test_a_rule_that_is_looked_at_for_each_reading_is_named_once() -> None:
    url = a_request("http://x.example/Games/%2e", person=IN_6B).url

    found = explain(url, IN_6B, a_policy(), lambda _: (), NOON)

    assert len(found.steps) == len(set(found.steps)) == 2
