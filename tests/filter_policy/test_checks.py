"""What a school expects of its policy, tried on it."""

from dataclasses import replace

import pytest

from filter_lists.listing import NOT_SHOWN
from filter_lists.names import Url, parse_site
from filter_policy.checks import Failure, failing
from filter_policy.model import Check, Listing, Verdict
from filter_policy.parse import parse_policy
from tests.builders import POLICY

LISTED = {"bet.example": "gambling", "films.example": "video", "chat.example": "social-media"}


def lookup(url: Url) -> list[Listing]:
    return [Listing(LISTED[url.host], "list", url.host)] if url.host in LISTED else []


def failures(*checks: str) -> tuple[Failure, ...]:
    return failing(
        parse_policy(f"{POLICY}checks:\n" + "".join(f"  - {{{each}}}\n" for each in checks)), lookup
    )


KEPT = (
    "see: [bbc.example/bitesize/ks2], group: reception-ks1, why: learning",
    "not: [bet.example], group: staff, why: gambling",
    "not: [new.example], group: reception-ks1, during: lessons, why: chosen sites only",
    "see: [films.example], group: upper-ks2, during: lessons, why: films in lessons",
    "not: [films.example], group: upper-ks2, why: not in the evening",
    "not: [chat.example], group: staff, why: only who was selected",
    "not: [allowed.example/games], group: upper-ks2, why: games",
)
BROKEN = (
    (
        "see: [bet.example], group: staff, why: x",
        "blocked by access.gambling.everyone",
    ),
    ("see: [films.example], group: upper-ks2, during: lunch, why: x", "not-at-this-time"),
    ("not: [films.example], group: upper-ks2, during: lessons, why: x", "open by access.video.pupils"),
    ("not: [bbc.example/bitesize], group: staff, during: lunch, why: x", "site-allowed"),
)


@pytest.mark.parametrize("check", KEPT)
def test_a_check_that_holds_says_nothing(check: str) -> None:
    assert failures(check) == ()


@pytest.mark.parametrize(("check", "says"), BROKEN)
def test_a_check_that_does_not_hold_says_what_decided(check: str, says: str) -> None:
    (failure,) = failures(*KEPT, check)

    assert says in failure.says
    assert failure.decision is not None


def test_a_check_that_can_never_be_tried_fails() -> None:
    checks = "checks:\n  - {see: [bbc.example/bitesize], group: staff, during: lessons, why: x}\n"
    start, end = POLICY.index("  terms:"), POLICY.index("  periods:")
    never = POLICY[:start] + "  terms: []\n" + POLICY[end:] + checks

    (failure,) = failing(parse_policy(never), lookup)

    assert (failure.decision, "no such time in any term" in failure.says) == (None, True)


@pytest.mark.parametrize("word", ["see", "not"])
@pytest.mark.parametrize("site", ["sealed.example", "abuse.example"])
def test_no_check_tells_whether_a_site_is_on_a_list_of_illegal_content(site: str, word: str) -> None:
    illegal = {
        "sealed.example": Listing("education", "iwf", NOT_SHOWN),
        "abuse.example": Listing("child-sexual-abuse", "own", "abuse.example"),
    }
    row = f"  - {{{word}: [{site}], group: upper-ks2, why: a guess}}\n"
    policy = parse_policy(f"{POLICY}checks:\n{row}")
    legal = parse_policy(f"{POLICY}checks:\n{row}".replace("everyone: illegal", "everyone: not_allowed"))

    told = failing(policy, lambda url: [illegal[url.host]])
    told_of_legal = failing(legal, lambda url: [illegal[url.host]], policy)

    assert told == told_of_legal == failing(policy, lambda _url: [])


TOLD = (
    (
        "see: [bet.example], group: staff, why: x",
        "staff must see bet.example (x): blocked by access.gambling.everyone (category-not-allowed)",
    ),
    (
        "not: [films.example/new], group: upper-ks2, during: lessons, why: y",
        "upper-ks2 must not see films.example/new during lessons (y):"
        " open by access.video.pupils (category-allowed)",
    ),
)


@pytest.mark.parametrize(("check", "says"), TOLD)
def test_a_failure_is_told_in_one_sentence_beside_its_check(check: str, says: str) -> None:
    (failure,) = failures(check)

    assert failure.says == says
    assert failure.check.why == check[-1]


def test_a_check_of_no_group_or_no_time_is_told_in_one_sentence_too() -> None:
    policy = parse_policy(POLICY)
    check = Check(parse_site("a.example"), Verdict.ALLOW, "ghosts", "lunch", "why")
    never = replace(check, filter_group="staff", during="night")

    assert failing(replace(policy, checks=(check, never)), lookup) == (
        Failure(check, "ghosts must see a.example during lunch (why): there is no group ghosts"),
        Failure(never, "staff must see a.example during night (why): there is no such time in any term"),
    )


def test_each_set_of_open_periods_is_tried_once_at_the_site_that_is_named() -> None:
    asked: list[Url] = []

    def noted(url: Url) -> list[Listing]:
        asked.append(url)
        return []

    row = "checks:\n  - {see: [bbc.example/bitesize/ks2], group: staff, during: lessons, why: x}\n"

    assert failing(parse_policy(POLICY + row), noted) == ()
    assert asked == [Url("https", "bbc.example", 443, "/bitesize/ks2")]
