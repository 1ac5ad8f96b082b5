"""Whether a change opens anything, held against asking everything one by one."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filter_lists.names import Site
from filter_policy.cells import Instants, whos
from filter_policy.comparing import FAR_OFF, LONG_AGO, Tally, World, compare, ways, weigh
from filter_policy.decide import decide
from filter_policy.model import Opening, Person, Policy, Request, Role, Unblock
from filter_policy.parse import parse_policy
from tests.filter_policy.differing import PEOPLE, TOGETHER, changes, instants, one_by_one, requests

LARGE = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(suppress_health_check=LARGE)
@given(changes(), st.data())
def test_what_is_not_asked_comes_to_the_same_as_asking_all_of_it(
    both: tuple[Policy, Policy], data: st.DataObject
) -> None:
    world, everybody = World.of(*both, TOGETHER), whos(*both, PEOPLE)
    some = data.draw(st.lists(st.sampled_from(world.instants.all), min_size=1, max_size=4, unique=True))
    world = replace(world, instants=Instants(some))
    who = data.draw(st.sampled_from(everybody))

    tally = Tally()
    weigh(world, who, ways(world), tally)

    assert (tally.more, tally.less) == one_by_one(world, [who])


asked_of_both = st.tuples(requests(), instants, st.booleans(), st.booleans())


def excepted(policy: Policy, request: Request, *, opened: bool, unblocked: bool) -> Policy:
    openings = (Opening("o", "", frozenset(request.person.classes), LONG_AGO, FAR_OFF),)
    lesson = Unblock("u", (Site(request.url.host),), LONG_AGO, FAR_OFF, people=frozenset({request.person.id}))
    return replace(policy, openings=openings if opened else (), unblocks=(lesson,) if unblocked else ())


@settings(max_examples=60, suppress_health_check=LARGE)
@given(
    changes(),
    st.lists(st.tuples(requests(), instants, st.booleans(), st.booleans()), min_size=20, max_size=60),
)
def test_nobody_finds_a_page_that_a_tightening_opened(
    both: tuple[Policy, Policy], asked: list[tuple[Request, datetime, bool, bool]]
) -> None:
    opened = [
        (request, at)
        for request, at, by_staff, in_lesson in asked
        if decide(request, excepted(both[0], request, opened=by_staff, unblocked=in_lesson), at).is_block
        and not decide(request, excepted(both[1], request, opened=by_staff, unblocked=in_lesson), at).is_block
    ]

    assert not opened or compare(*both, PEOPLE, TOGETHER).loosening


SHIPPED = (Path(__file__).parents[2] / "config" / "policy.yaml").read_text()
ROLES = {"staff": Role.STAFF, "governors": Role.GOVERNOR, "guests": Role.GUEST}
GROUPS = ("reception-ks1", "lower-ks2", "upper-ks2", *ROLES)
EVERYBODY = tuple(Person(name, name, ROLES.get(name, Role.PUPIL), (name,)) for name in GROUPS)
SETS = (("games", "games-educational"), ("social-media", "video"), ("education", "search"))
OPENING = (  # a word of the shipped policy, and what it could become; tried at each place where it stands
    ("everyone: not_allowed", "everyone: allowed"),
    ("unlisted: not_allowed", "unlisted: allowed"),
    ("unlisted: with_staff_permission", "unlisted: allowed"),
    ("unlisted: not_allowed", "unlisted: with_staff_permission"),
    ("reception-ks1: not_allowed", "reception-ks1: allowed"),
    ("unidentified: not_allowed", "unidentified: allowed"),
    (", locked: true", ""),
    ("{selected_users: [communications]}", "allowed"),
    ("communications: []", "communications: [anybody]"),
    ("{at_certain_times: [break, lunch, after-school]}", "allowed"),
    ("{at_certain_times: [after-school]}", "{at_certain_times: [after-school, lunch]}"),
    ("{at_certain_times: [lessons]}", "{at_certain_times: [lessons, after-school]}"),
    ("{at_certain_times: [lunch]}", "allowed"),
    ('fri], from: "12:00"', 'fri, sat], from: "12:00"'),
    ('to: "18:00"', 'to: "18:01"'),
    ('from: "10:30"', 'from: "10:25"'),
    (", except: [break, lunch]", ""),
    ("2026-10-23]", "2026-10-26]"),
    ("[2027-06-07", "[2027-06-04"),
    ("connect_ports: [443]", "connect_ports: [443, 22]"),
    ("allow: []", 'allow: ["10.0.0.5:443"]'),
    ("networks: []", "networks: [{addresses: 10.0.0.0/8, filter_group: staff, label: all}]"),
    ("longest_days: 42", "longest_days: 43"),
    ("lapse_after_hours: 72", "lapse_after_hours: 73"),
    ("url: path", "url: host"),
    ("url: host", "url: url"),
    ("search_terms: false", "search_terms: true"),
    ("address: true, ", "address: false, "),
    ("days: 90", "days: 89"),
    ("days: 90", "days: 91"),
    ("incidents: 365", "incidents: 300"),
    ("totals: 1095", "totals: 2000"),
    ("bbc.co.uk/bitesize", "bbc.co.uk"),
    ("Europe/London", "Europe/Dublin"),
    ("block_page: picture", "block_page: plain"),
    ("role: governor", "role: staff"),
    ("second_factor: approvers", "second_factor: nobody"),
)


def one_place_each(text: str, old: str, new: str) -> list[str]:
    parts = text.split(old)
    return [old.join(parts[:i]) + new + old.join(parts[i:]) for i in range(1, len(parts))]


@pytest.mark.parametrize(("old", "new"), OPENING)
def test_every_word_that_opens_the_shipped_policy_is_found(old: str, new: str) -> None:
    now, texts = parse_policy(SHIPPED), one_place_each(SHIPPED, old, new)
    assert texts
    for text in texts:
        assert compare(now, parse_policy(text), EVERYBODY, SETS).loosening, text


SHUTTING = (
    ("everyone: allowed", "everyone: not_allowed"),
    ("staff: allowed", "staff: not_allowed"),
    ("adults: allowed", "adults: not_allowed"),
    ("unlisted: allowed", "unlisted: not_allowed"),
    ("unlisted: allowed", "unlisted: with_staff_permission"),
    ("everyone: not_allowed}", "everyone: not_allowed, locked: true}"),
    ("[break, lunch, after-school]", "[lunch]"),
    ('to: "18:00"', 'to: "17:00"'),
    ("[2027-06-07, 2027-07-21]", "[2027-06-08, 2027-07-20]"),
    ("connect_ports: [443]", "connect_ports: []"),
    ("longest_days: 42", "longest_days: 14"),
    ("bbc.co.uk/newsround", "bbc.co.uk/bitesize/ks2"),
    ("retention:", "reviews: {tightening_days: 3}\nretention:"),
    ("retention:", "checks: [{not: [bet.test], group: staff, why: so}]\nretention:"),
)


@pytest.mark.parametrize(("old", "new"), SHUTTING)
def test_what_only_shuts_is_no_loosening(old: str, new: str) -> None:
    now, texts = parse_policy(SHIPPED), one_place_each(SHIPPED, old, new)
    assert texts
    for text in texts:
        found = compare(now, parse_policy(text), EVERYBODY, SETS)
        assert (found.more_open, found.hides) == (0, ())


@dataclass(frozen=True, slots=True, eq=False)
class Later(Policy):
    """A policy with a word that this version has never heard of."""

    lets_through: bool = False


def test_a_word_that_is_added_to_policies_later_opens_until_it_is_proven_not_to() -> None:
    values = {each.name: getattr(parse_policy(SHIPPED), each.name) for each in fields(Policy)}
    old, new = Later(**values), Later(**values, lets_through=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("filter_policy.unseen.Policy", Later)

        assert compare(old, new, EVERYBODY, ()).hides == ("lets_through",)


def test_a_site_may_be_shut_for_one_and_open_for_nobody_else() -> None:
    """A new row for a site shuts what is below it too, and nothing above it."""
    rule = "\n  - {block: [games.bbc.co.uk/play], for: pupils, reason: games}"

    found = compare(parse_policy(SHIPPED), parse_policy(SHIPPED.rstrip() + rule + "\n"), EVERYBODY, SETS)

    assert not found.loosening
    assert {example.what for example in found.shuts} >= {"games.bbc.co.uk/play, on no list"}


def test_an_example_says_who_what_when_and_names_nobody() -> None:
    text = SHIPPED.replace("communications: []", "communications: [tess]")
    tess = Person("p1", "tess", Role.STAFF, ("staff",))

    found = compare(parse_policy(SHIPPED), parse_policy(text), (*EVERYBODY, tess), SETS)

    assert found.opens[0].who == "staff, new in the list communications"
    assert (found.opens[0].what, found.opens[0].when) == ("sites of social-media", "at any time")
    assert (found.opens[0].before, found.opens[0].after) == (
        "block (not-selected)",
        "allow (category-allowed)",
    )
    assert "tess" not in str(found)


def test_a_policy_that_cannot_be_compared_whole_counts_as_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filter_policy.comparing.MOST_ASKED", 10)
    text = SHIPPED.replace("everyone: allowed", "everyone: not_allowed")

    found = compare(parse_policy(SHIPPED), parse_policy(text), EVERYBODY, SETS)

    assert (found.more_open, found.is_whole, found.loosening) == (0, False, True)


def test_what_nobody_could_take_back_takes_two_people_though_it_only_shuts() -> None:
    row = "games:              {source: A362, everyone: not_allowed}"
    text = SHIPPED.replace(row, "games: {source: A362, everyone: illegal}")

    found = compare(parse_policy(SHIPPED), parse_policy(text), EVERYBODY, SETS)

    assert (found.more_open, found.hides, found.loosening) == (0, ("access.games: illegal",), True)


@pytest.mark.parametrize("what", ["users", "periods"])
def test_a_policy_that_is_too_large_for_any_school_keeps_nobody_waiting(what: str) -> None:
    users = ", ".join(f"u{number}" for number in range(20_000))
    period = '    p%s: {days: [mon], from: "09:00", to: "09:01"}\n'
    periods = "".join(period % number for number in range(400))
    texts = {
        "users": SHIPPED.replace("communications: []", f"communications: [{users}]"),
        "periods": SHIPPED.replace("  periods:\n", f"  periods:\n{periods}"),
    }

    found = compare(parse_policy(SHIPPED), parse_policy(texts[what]), EVERYBODY, SETS)

    assert (found.asked, found.is_whole, found.loosening) == (0, False, True)
