"""Whoever writes a policy is told all faults of it: line, value and what is allowed, word for word."""

from datetime import date, time
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
import yaml

from filter_lists.names import parse_site
from filter_policy.model import (
    Access,
    CategoryAccess,
    FilterGroup,
    Network,
    Passthrough,
    Period,
    Record,
    Retention,
    Reviews,
    Role,
    Rule,
    SafeRule,
    SafeSearch,
    SiteRule,
    TermRule,
    UnblockLimits,
    Verdict,
    Watch,
)
from filter_policy.parse import PolicyError, parse_policy
from tests.builders import POLICY


class Wrong(NamedTuple):
    stands: str
    faults: list[str]
    instead_of: str = ""

    @property
    def text(self) -> str:
        assert self.instead_of in POLICY
        return POLICY.replace(self.instead_of, self.stands, 1) if self.instead_of else POLICY + self.stands


TOLD = Path(__file__).with_name("fault_texts.yaml").read_text(encoding="utf-8")
WRONG = [Wrong(**each) for each in yaml.safe_load(TOLD)]


@pytest.mark.parametrize("wrong", WRONG)
def test_every_fault_is_told_as_a_person_reads_it(wrong: Wrong) -> None:
    with pytest.raises(PolicyError) as error:
        parse_policy(wrong.text)

    assert error.value.faults == wrong.faults
    assert str(error.value) == "\n".join(wrong.faults)


def test_a_fault_names_the_file_that_it_is_in() -> None:
    for text in (POLICY.replace("[443]", "443"), POLICY + "sites: []\n", "a: *b"):
        with pytest.raises(PolicyError) as error:
            parse_policy(text, file="ours.yaml")
        assert all(fault.startswith("ours.yaml:") for fault in error.value.faults)


@pytest.mark.parametrize(
    "words",
    [
        "unblocks: {longest_days: 1, lapse_after_hours: 1}",
        "unblocks: {longest_days: 366, lapse_after_hours: 8760}",
        "connect_ports: [1, 65535]",
        "egress: {allow: ['10.0.0.5:1', '10.0.0.5:65535', '[fd00::5]:443']}",
    ],
)
def test_the_least_and_the_most_that_is_allowed_are_allowed(words: str) -> None:
    section = words.partition(":")[0]
    lines = POLICY.replace("egress:\n  allow: []", "egress: {allow: []}").splitlines()
    text = "\n".join(words if line.startswith(f"{section}:") else line for line in lines)
    assert parse_policy(text) is not None
    assert words in text


MORE = """\
retention: {incidents: 1, totals: 3660}
reviews: {tightening_days: 1, break_glass_days: 366, change_log_days: 2}
notify: {coordinator: [a@b.test, c@d.test]}
passthrough:
  - {sites: ['*.bank.test', bank.test], categories: [education], for: [adults, staff], why: health, reason: x}
carriers: [a.test, b.test]
safe_search:
  for: [staff, guests]
  rules:
    - {sites: [a.test, b.test], parameters: {safe: strict, p.q_r-s: "a b"}, fields: {X-Safe: "1"}}
    - {sites: [c.test], fields: {X-A: b}}
terms:
  - {block: [Bomb, GUN], for: pupils, reason: harm}
sign_in: {second_factor: approvers}
watch: {canary_minutes: 5, fall_percent: 95}
"""


def test_a_whole_policy_is_read_word_for_word() -> None:
    policy = parse_policy(POLICY.replace("[443]", "[443, 8443]") + MORE, revision="r7")

    assert (policy.revision, policy.school) == ("r7", "Test Primary School")
    assert policy.timetable.zone == ZoneInfo("Europe/London")
    assert policy.timetable.terms[0] == (date(2026, 9, 2), date(2026, 10, 23))
    weekdays = frozenset(range(5))
    assert policy.timetable.periods == {
        "lessons": Period("lessons", weekdays, time(9), time(15, 15), ("break", "lunch")),
        "break": Period("break", weekdays, time(10, 30), time(10, 45)),
        "lunch": Period("lunch", weekdays, time(12), time(13)),
    }
    groups = policy.filter_groups
    assert list(groups) == ["reception-ks1", "lower-ks2", "upper-ks2", "staff", "guests", "unidentified"]
    infants = FilterGroup("reception-ks1", Role.PUPIL, Rule(Access.NOT_ALLOWED), "picture")
    assert groups["reception-ks1"] == infants
    assert groups["lower-ks2"].unlisted == Rule(Access.WITH_STAFF_PERMISSION)
    assert groups["unidentified"] == FilterGroup("unidentified", None, Rule(Access.NOT_ALLOWED), "simple")
    assert policy.access["social-media"] == CategoryAccess(
        {"everyone": Rule(Access.NOT_ALLOWED), "staff": Rule(Access.SELECTED_USERS, ("communications",))},
        False,
        "A308",
    )
    assert policy.access["pornography"] == CategoryAccess(
        {"everyone": Rule(Access.NOT_ALLOWED)}, True, "A351"
    )
    assert policy.access["education"].source is None
    assert policy.selected_users == {"communications": frozenset({"comms"})}
    assert policy.networks == (Network(ip_network("127.20.0.0/16"), "reception-ks1", "tablets"),)
    assert (policy.egress_allow, policy.connect_ports) == ((), frozenset({443, 8443}))
    assert policy.limits == UnblockLimits(42, 72)
    assert policy.record == {
        "pupils": Record("path", True, True, 90),
        "adults": Record("host", True, False, 90),
    }
    assert (policy.retention, policy.reviews) == (Retention(1, 3660), Reviews(1, 366, 2))
    assert policy.notify == {"coordinator": ("a@b.test", "c@d.test")}
    adults = frozenset({"adults", "staff"})
    bank = Passthrough((parse_site("bank.test"),), frozenset({"education"}), adults, "health", "x")
    assert policy.passthrough == (bank,)
    assert policy.carriers == (parse_site("a.test"), parse_site("b.test"))
    both = parse_site("a.test"), parse_site("b.test")
    first = SafeRule(both, (("safe", "strict"), ("p.q_r-s", "a b")), (("X-Safe", "1"),))
    second = SafeRule((parse_site("c.test"),), (), (("X-A", "b"),))
    assert policy.safe_search == SafeSearch(frozenset({"staff", "guests"}), (first, second))
    pupils = frozenset({"pupils"})
    assert policy.terms == (TermRule("bomb", pupils, "harm"), TermRule("gun", pupils, "harm"))
    assert (policy.second_factor, policy.watch) == ("approvers", Watch(5, 95))
    games = "games section of an allowed site"
    everyone = frozenset({"everyone"})
    assert policy.sites == (
        SiteRule(parse_site("www.gov.uk"), Verdict.ALLOW, everyone, "reviewed"),
        SiteRule(parse_site("bbc.example/bitesize"), Verdict.ALLOW, everyone, "reviewed"),
        SiteRule(parse_site("allowed.example/games"), Verdict.BLOCK, pupils, games),
    )
    assert policy.undecided == (
        "access.games-educational: guests",
        "access.games-educational: unidentified",
        "access.video: guests",
        "access.video: unidentified",
    )


def test_what_a_policy_leaves_out_has_its_usual_value() -> None:
    left_out = ("connect_ports:", "unblocks:", "networks:", "  - {addresses", "egress:", "  allow: []")
    lines = [line for line in POLICY.splitlines() if not line.startswith(left_out)]
    policy = parse_policy("\n".join(lines))

    assert (policy.connect_ports, policy.networks, policy.egress_allow) == (frozenset({443}), (), ())
    assert policy.limits == UnblockLimits()
    assert parse_policy(POLICY.replace(", label: tablets", "")).networks[0].label == "127.20.0.0/16"
    assert parse_policy(POLICY.replace(", block_page: picture", "")).filter_groups[
        "reception-ks1"
    ].block_page == ("plain")


def test_the_most_exact_range_of_devices_comes_first() -> None:
    wide = "networks:\n  - {addresses: 127.0.0.0/8, filter_group: staff, label: wide}\n"
    found = parse_policy(POLICY.replace("networks:\n", wide)).networks
    assert [each.addresses.prefixlen for each in found] == [16, 8]
