"""The policies and people that we ship are whole: parsed clean, and with a word on every kind of site."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from audit_log.passwords import password_fault
from filter_lists.lists_config import load_lists
from filter_policy.model import Access, Policy
from filter_policy.parse import parse_policy
from filter_policy.shapes import BY_HOST
from schoolgate.demo.founding import founders_of
from schoolgate.demo.policy_text import asked_ports, policy_of
from schoolgate.demo.world import World, example_file, example_world

CONFIG = Path(__file__).parents[2] / "config"
TODAY = date(2027, 8, 14)  # a Saturday in the summer holidays
STARTER = load_lists(CONFIG / "lists.yaml").categories


def example_policy() -> Policy:
    return parse_policy(policy_of(example_world(), TODAY, [("127.0.0.1", 4000), ("127.0.0.1", 4001)]))


def default_policy() -> Policy:
    return parse_policy((CONFIG / "policy.yaml").read_text())


@pytest.mark.parametrize("policy", [default_policy(), example_policy()], ids=["default", "example"])
def test_every_starter_category_has_a_row_and_nothing_is_undecided(policy: Policy) -> None:
    assert set(policy.access) == STARTER | BY_HOST
    assert policy.undecided == ()


@pytest.mark.parametrize("policy", [default_policy(), example_policy()], ids=["default", "example"])
def test_what_no_lesson_may_open_is_illegal_or_locked(policy: Policy) -> None:
    illegal = {name for name, row in policy.access.items() if row.illegal}
    locked = {name for name, row in policy.access.items() if row.locked}

    assert illegal == {"child-sexual-abuse", "terrorism"}
    assert locked == {"pornography", "circumvention", "malware"}


def test_the_default_policy_opens_no_address_and_no_network() -> None:
    policy = default_policy()

    assert (policy.egress_allow, policy.networks, policy.connect_ports) == ((), (), frozenset({443}))
    assert policy.filter_groups["unidentified"].unlisted.access is Access.NOT_ALLOWED


def test_a_new_school_wants_a_second_factor_of_those_who_approve_and_the_example_does_not() -> None:
    assert default_policy().second_factor == "approvers"
    assert example_policy().second_factor == "nobody"


def test_the_example_term_is_around_today_whatever_day_it_is() -> None:
    ((first, last),) = example_policy().timetable.terms

    assert first < TODAY - timedelta(days=8)
    assert last > TODAY
    assert first.weekday() == 0


def test_the_example_reaches_its_own_sites_and_nothing_else_of_this_machine() -> None:
    assert set(example_policy().egress_allow) == {("127.0.0.1", 4000), ("127.0.0.1", 4001)}


def test_each_starter_category_has_an_example_site_and_one_site_is_on_no_list() -> None:
    hosts = set(yaml.safe_load(example_file("sites.yaml")))
    lists = load_lists(CONFIG / "lists.yaml").lists
    listed: dict[str, set[str]] = {}
    for each in lists:
        assert each.local
        listed.setdefault(each.category, set()).update(each.local.read_text().split())

    assert [category for category, names in listed.items() if not names & hosts] == []
    assert hosts - set().union(*listed.values()) == {"news.test"}


def test_the_example_passwords_keep_the_schools_own_rules() -> None:
    faults = {
        person.username: password_fault(password, person.role, person.username)
        for person in example_world().people.values()
        for password in (person.password, person.console_password)
        if password is not None
    }

    assert {name: fault for name, fault in faults.items() if fault} == {}


def test_the_founders_are_two_people_of_different_roles_where_there_are() -> None:
    assert [role for _, _, role in founders_of(example_world())] == ["technician", "coordinator"]


def test_a_world_with_fewer_than_two_who_approve_has_stand_ins() -> None:
    assert [name for name, _, _ in founders_of(World(people={}))] == ["stand-in-one", "stand-in-two"]


def test_a_world_policy_without_egress_reaches_the_worlds_own_sites() -> None:
    world = World(people={}, policy_text="connect_ports: [443, 8443]\n")

    text = yaml.safe_load(policy_of(world, TODAY, [("127.7.7.2", 80), ("::1", 443)]))

    assert text["egress"] == {"allow": ["127.7.7.2:80", "[::1]:443"]}
    assert asked_ports(world) == {80, 443, 8443}


def test_a_worlds_own_egress_and_ports_replace_those_of_its_policy() -> None:
    given = "connect_ports: [443]\negress: {allow: ['10.0.0.1:80']}\n"
    world = World(people={}, policy_text=given, egress=(), connect_ports=(9443,))

    text = yaml.safe_load(policy_of(world, TODAY, [("127.7.7.2", 80)]))

    assert (text["egress"], text["connect_ports"]) == ({"allow": []}, [9443])
