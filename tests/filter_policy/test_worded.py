"""The difference of two policies in the words of the school's table."""

from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from filter_policy.model import FilterGroup, Policy
from filter_policy.parse import parse_policy
from filter_policy.worded import NO_WORDS, TELLING, worded
from tests.builders import POLICY

PARSED = parse_policy(POLICY)
GROUP = fields(FilterGroup)


@dataclass(frozen=True, slots=True)
class Odd(FilterGroup):
    """A group with a word that nobody here has heard of."""

    new_word: str = "new"


WORDS = (
    (
        "gambling:           {source: A363, everyone: not_allowed}",
        "gambling: {source: A363, everyone: not_allowed, staff: {selected_users: [communications]}}",
        "gambling for staff: not allowed -> selected users (communications)",
    ),
    (
        "staff: {selected_users: [communications]}",
        "staff: {at_certain_times: [break, lunch]}",
        "social media for staff: selected users (communications) -> at certain times (break, lunch)",
    ),
    ("  education:          {everyone: allowed}\n", "",
     "education for everyone: allowed -> undecided (not allowed)"),
    ("{source: A363, everyone: not_allowed}", "{source: A363, everyone: not_allowed, upper-ks2: allowed}",
     "gambling for upper-ks2: not allowed -> allowed"),
    ("pupils: {at_certain_times: [lunch]}", "pupils: {at_certain_times: [lunch]}, upper-ks2: not_allowed",
     "games educational for upper-ks2: at certain times (lunch) -> not allowed"),
    ("guests:        {role: guest", "guests: {role: community", "role for guests: guest -> community"),
    (", locked: true", "", "pornography, locked: yes -> no"),
    ("source: A351", "source: A9", "pornography, source: A351 -> A9"),
    ("upper-ks2:     {role: pupil, unlisted: allowed", "upper-ks2: {role: pupil, unlisted: not_allowed",
     "sites on no list for upper-ks2: allowed -> not allowed"),
    ("block_page: picture", "block_page: plain", "block page for reception-ks1: picture -> plain"),
    ("[2026-11-02, 2026-12-18]", "[2026-11-02, 2026-12-19]", "term: 2026-11-02 to 2026-12-18 -> none"),
    ('to: "13:00"', 'to: "13:10"',
     "period lunch: mon tue wed thu fri 12:00 to 13:00 -> mon tue wed thu fri 12:00 to 13:10"),
    ("[comms]", "[comms, tess]", "list of selected users communications: comms -> comms, tess"),
    ("filter_group: reception-ks1, label: tablets", "filter_group: staff, label: tablets",
     "devices at 127.20.0.0/16: reception-ks1 (tablets) -> staff (tablets)"),
    ("allow: []", 'allow: ["10.0.0.5:443"]', "own server 10.0.0.5 port 443: none -> open"),
    ("connect_ports: [443]", "connect_ports: [443, 8443]", "port 8443: none -> open"),
    ("longest_days: 42", "longest_days: 60", "unblocks: longest, in days: 42 -> 60"),
    ("pupils: {url: path", "pupils: {url: url", "what is kept of pupils, of addresses: path -> url"),
    ("Europe/London", "Europe/Dublin", "time zone: Europe/London -> Europe/Dublin"),
    ("Test Primary School", "Another School", "name of the school: Test Primary School -> Another School"),
    ("for: pupils, reason: games", "for: upper-ks2, reason: games",
     "site allowed.example/games: block for pupils (games section of an allowed site) -> "
     "block for upper-ks2 (games section of an allowed site)"),
    ("sites:\n", "reviews: {tightening_days: 3}\nsites:\n",
     "reviews of what one person did, in days: 7 -> 3"),
    ("sites:\n", "notify: {governor: [g@school.test]}\nsites:\n",
     "told by mail: governor: none -> g@school.test"),
    ("sites:\n", "checks: [{see: [bbc.example], group: staff, during: lunch, why: news}]\nsites:\n",
     "check: none -> staff sees bbc.example during lunch (news)"),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), WORDS)
def test_a_change_is_told_in_the_words_of_the_table(old: str, new: str, says: str) -> None:
    text = POLICY.replace(old, new)
    assert text != POLICY

    told = [each.says for each in worded(parse_policy(POLICY), parse_policy(text))]

    assert says in told
    assert len(told) <= 2


def test_a_policy_differs_in_nothing_from_itself_read_again() -> None:
    assert worded(parse_policy(POLICY), parse_policy(POLICY + "# a word to whoever reads this\n")) == ()


# Anything else that such a part could hold; the words above change the parts that have no simple other value.
OTHER: dict[type, Any] = {str: "other", dict: {}, frozenset: frozenset({1})}
VALUES = {each.name: getattr(PARSED, each.name) for each in fields(Policy) if each.name not in NO_WORDS}
PARTS = [name for name, value in VALUES.items() if OTHER.get(type(value), value) != value]


@pytest.mark.parametrize("name", PARTS)
def test_nothing_that_differs_is_passed_over(name: str) -> None:
    other = OTHER[type(getattr(PARSED, name))]

    assert worded(PARSED, replace(PARSED, **{name: other}))


def test_what_has_no_words_is_named_by_its_section() -> None:
    rows = {
        **PARSED.filter_groups,
        "staff": Odd(*(getattr(PARSED.filter_groups["staff"], f.name) for f in GROUP)),
    }

    told = worded(PARSED, replace(PARSED, filter_groups=rows))

    assert [each.says for each in told] == ["filter groups: changes"]


def test_every_part_of_a_policy_has_words_of_its_own() -> None:
    assert {each.name for each in fields(Policy)} - NO_WORDS == set(TELLING)
