"""To explain is to decide."""

from hypothesis import given

from filter_policy.decide import decide
from filter_policy.explain import explain
from filter_policy.model import Person, Verdict
from tests.builders import NOON, a_policy, a_request, an_unblock
from tests.filter_policy.test_decide import IN_6B, categories, people


def test_an_explanation_names_each_rule_and_ends_with_the_one_that_decided() -> None:
    policy = a_policy(unblocks=(an_unblock("racism.example"),))

    found = explain(a_request("racism.example", "discrimination", person=IN_6B), policy, NOON)

    assert [(step.rule, step.hit) for step in found.steps] == [
        ("access.discrimination", False),
        ("person", False),
        ("unblock.u1", True),
    ]
    assert found.decision.verdict is Verdict.ALLOW


@given(people, categories)
def test_an_explanation_never_differs_from_the_decision(person: Person, kinds: list[str]) -> None:
    request = a_request("x.example", *kinds, person=person)

    assert explain(request, a_policy(), NOON).decision == decide(request, a_policy(), NOON)
