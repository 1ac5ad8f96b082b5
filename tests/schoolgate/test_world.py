"""A world file: whose school, which policy, which sites. Refused whole, with every fault named."""

from pathlib import Path

import pytest

from filter_policy.model import Role
from schoolgate.demo.origins import ANY_PORT, Origin
from schoolgate.demo.world import World, WorldError, example_world, load_world


def world_of(tmp_path: Path, text: str) -> World:
    (tmp_path / "world.yaml").write_text(text)
    return load_world(tmp_path / "world.yaml")


def test_the_example_school_has_people_of_every_role_but_the_community() -> None:
    roles = {person.role for person in example_world().people.values()}

    assert roles == set(Role) - {Role.COMMUNITY}


def test_only_those_who_approve_govern_or_teach_have_a_console_password_in_the_example() -> None:
    people = example_world().people.values()

    assert {p.role for p in people if p.console_password is None} == {Role.PUPIL, Role.GUEST}


def test_what_a_world_does_not_name_stays_the_example(tmp_path: Path) -> None:
    world = world_of(tmp_path, "connect_ports: [443, 8443]\n")

    assert world.people == example_world().people
    assert (world.origins, world.policy_text, world.egress) == (None, None, None)
    assert world.connect_ports == (443, 8443)


def test_a_site_is_an_address_with_or_without_a_port_or_one_for_each_port(tmp_path: Path) -> None:
    world = world_of(
        tmp_path,
        """
        sites:
          one.test: 127.7.7.2:8080
          two.test: 127.7.7.3
          three.test: {80: "127.0.0.1:4000", 443: "127.0.0.1:4001", category: gambling}
          four.test: {address: "[::1]:4002", category: games}
          "*.five.test": ::1
          six.test:80: 127.7.7.6:4003
          six.test:443: 127.7.7.6:4004
        """,
    )

    assert world.origins is not None
    assert world.origins.by_host == {
        "one.test": {ANY_PORT: Origin("127.7.7.2", 8080)},
        "two.test": {ANY_PORT: Origin("127.7.7.3")},
        "three.test": {80: Origin("127.0.0.1", 4000), 443: Origin("127.0.0.1", 4001)},
        "four.test": {ANY_PORT: Origin("::1", 4002)},
        "*.five.test": {ANY_PORT: Origin("::1")},
        "six.test": {80: Origin("127.7.7.6", 4003), 443: Origin("127.7.7.6", 4004)},
    }
    assert world.categories == {"three.test": "gambling", "four.test": "games"}


def test_lists_put_hosts_into_categories(tmp_path: Path) -> None:
    world = world_of(tmp_path, "lists: {gambling: [a.test, B.test.], games: [c.test]}\n")

    assert world.categories == {"a.test": "gambling", "b.test": "gambling", "c.test": "games"}


def test_egress_is_exactly_as_given(tmp_path: Path) -> None:
    assert world_of(tmp_path, 'egress: {allow: ["127.0.0.1:80"]}\n').egress == ("127.0.0.1:80",)
    assert world_of(tmp_path, "egress: {allow: []}\n").egress == ()


def test_a_policy_is_in_line_or_in_a_file_beside_the_world(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("school: {name: X}\n")

    assert world_of(tmp_path, "policy: mine.yaml\n").policy_text == "school: {name: X}\n"
    assert world_of(tmp_path, "policy: {school: {name: X}}\n").policy_text == "school:\n  name: X\n"


def test_every_fault_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(WorldError) as refused:
        world_of(
            tmp_path,
            """people:
  anna: {role: pupl, filter_groups: [upper-ks2], pasword: x}
  ben: {role: pupil, filter_groups: [upper-ks2], password: 12345}
sites:
  "bad host": 127.0.0.1
  a.test: example.org:80
  b.test: {prot: 1}
polcy: x
upstream_ca: missing.pem
connect_ports: [0]
egress: {alow: []}
""",
        )

    at = [fault.split("world.yaml:")[1].split(":")[0] for fault in refused.value.faults]
    assert sorted(at, key=int) == ["2", "2", "3", "5", "6", "7", "7", "8", "9", "10", "11"]
