"""A whole request is judged in every way that it can be read, and the console says what the gate does."""

import pytest

from filter_lists.names import Url, parse_url
from filter_policy.explain import explain
from filter_policy.judge import judge_url
from filter_policy.model import Listing, Reason
from tests.builders import NOON, a_person, a_policy


def nothing(_url: Url) -> tuple[Listing, ...]:
    return ()


@pytest.mark.parametrize("path", ["games", "%67ames/x", "/games", "GAMES", "a/..%2fgames", "games;x=1"])
def test_a_blocked_path_is_blocked_in_every_spelling(path: str) -> None:
    url = parse_url(f"https://allowed.example/{path}")

    decision = judge_url(url, a_person(), a_policy(), nothing, NOON)

    assert decision.reason is Reason.SITE_BLOCKED
    assert explain(url, a_person(), a_policy(), nothing, NOON).decision == decision


def test_an_ordinary_path_is_decided_as_it_stands() -> None:
    url = parse_url("https://allowed.example/maths")

    assert judge_url(url, a_person(), a_policy(), nothing, NOON).reason is Reason.UNLISTED_ALLOWED
