"""A whole request is judged in every way that it can be read, and the console says what the gate does."""

import pytest

from filter_lists.names import Url, parse_url
from filter_policy.explain import explain
from filter_policy.judge import judge_url, listings_of
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


def test_what_is_listed_under_any_spelling_is_found_once() -> None:
    listed = Listing("gambling", "l", "203.0.113.7/bets")

    def lookup(url: Url) -> tuple[Listing, ...]:
        return (listed,) if url.host == "203.0.113.7" and url.path.startswith("/bets") else ()

    for found in (
        "http://[::ffff:203.0.113.7]/bets/a",
        "http://203.0.113.7/%62ets",
        "http://203.0.113.7/bets",
    ):
        assert listings_of(parse_url(found), lookup) == (listed,)
    assert listings_of(parse_url("http://203.0.113.8/bets"), lookup) == ()
