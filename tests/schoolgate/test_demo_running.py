"""The demo, running: a whole school that a program or a newcomer can ask anything of."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from filter_policy.model import Role
from tests.running import Demo, eventually, running_demo

WORLD = """
people:
  Anna: {{role: pupil, filter_groups: [upper-ks2], classes: [6B], password: "a:b"}}
  Tess: {{role: technician, filter_groups: [staff], password: "short", console_password: "y"}}
policy:
  school: {{name: A world of my own, timezone: Europe/London}}
  timetable: {{terms: [[2020-01-01, 2020-01-02]], periods: {{}}}}
  filter_groups:
    upper-ks2: {{role: pupil, unlisted: allowed}}
    staff: {{role: staff, unlisted: allowed}}
  access:
    gambling: {{everyone: not_allowed}}
sites:
  allowed.test: 127.0.0.1:{port}
  listed.test: {{80: "127.0.0.1:{port}", category: gambling}}
  shut-in.test: 127.0.0.1:1
egress: {{allow: ["127.0.0.1:{port}"]}}
"""


def seen(demo: Demo, host: str) -> int:
    """How often the example site itself was asked: straight from it, past the proxy."""
    spec = json.loads((demo.state / "gate.json").read_text())
    address, port = spec["origins"]["hosts"][host]["80"]
    return int(httpx2.get(f"http://{address}:{port}/seen", headers={"Host": host}).json()["seen"])


def test_its_line_names_people_of_every_role_and_a_site_of_every_kind(demo: Demo) -> None:
    people, sites = demo.told["people"], demo.told["sites"]

    assert {person["role"] for person in people.values()} == set(Role) - {Role.COMMUNITY}
    assert {"6A", "6B"} <= {name for person in people.values() for name in person["classes"]}
    assert sites["bets.test"] == "gambling"
    assert sites["news.test"] is None
    assert len(set(sites.values()) - {None}) == 19
    assert Path(demo.told["ca"]).read_text().startswith("-----BEGIN CERTIFICATE")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_pupil_gets_the_page_of_an_allowed_site_and_a_block_page_else(demo: Demo, scheme: str) -> None:
    assert "School books" in demo.get(f"{scheme}://school-books.test/").body

    before = seen(demo, "bets.test")
    blocked = demo.get(f"{scheme}://bets.test/")

    assert blocked.status == 403
    assert "Lucky Horse" not in blocked.body
    assert seen(demo, "bets.test") == before


def test_no_credentials_and_wrong_ones_get_407(demo: Demo) -> None:
    assert demo.get("http://news.test/", user=None).status == 407
    assert demo.get("https://news.test/", "anna", password="guess-again").connect == 407


def test_a_password_may_hold_a_colon(demo: Demo) -> None:
    assert ":" in demo.told["people"]["ben"]["password"]
    assert demo.get("https://news.test/", "ben").status == 200


def test_a_tablet_of_a_known_network_needs_no_login(demo: Demo) -> None:
    tablet = ("--interface", "127.0.0.20")

    assert demo.get("https://school-books.test/", None, *tablet).status == 200
    assert demo.get("https://news.test/", None, *tablet).status == 403


def test_everybody_with_a_console_password_can_sign_in(demo: Demo) -> None:
    people = demo.told["people"]

    assert [
        name for name, person in people.items() if person["console_password"] and not demo.token(name)
    ] == []


def test_it_has_a_week_behind_it(demo: Demo) -> None:
    changes = demo.ask_api("gordon", "GET", "/changes?limit=200").json()["rows"]
    events = {row["event"] for row in changes}

    assert changes[-1]["event"] == "school:found"
    assert {"person:enrol", "people:approve", "policy:approve", "policy:decline"} <= events
    assert {"unblock:propose", "unblock:approve", "unblock:decline", "unblock:revoke"} <= events
    assert demo.ask_api("gordon", "GET", "/changes/verify").json()["whole"] is True
    week_ago = datetime.now(UTC) - timedelta(days=10)  # a week, and the weekend before it
    assert all(datetime.fromisoformat(row["at"]) >= week_ago - timedelta(hours=1) for row in changes)


def test_its_week_of_browsing_was_decided_and_recorded_like_any_other(demo: Demo) -> None:
    rows = demo.ask_api("tess", "GET", "/filtering-log?limit=1000").json()["rows"]
    reasons = {row["reason"] for row in rows}

    assert len(rows) > 300
    assert {"category-not-allowed", "category-allowed", "unlisted-allowed", "locked"} <= reasons
    assert "unblock" in reasons
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    past = [row for row in rows if datetime.fromisoformat(row["at"]) < an_hour_ago]
    assert {(row["verdict"], row["status"]) for row in past} == {("allow", 200), ("block", 403)}


def test_it_listens_on_this_machine_alone(demo: Demo) -> None:
    ports = {f"{int(url.rpartition(':')[2]):04X}" for url in (demo.proxy, demo.api)}
    spec = json.loads((demo.state / "gate.json").read_text())
    for sites in spec["origins"]["hosts"].values():
        ports |= {f"{port:04X}" for _, port in sites.values()}

    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening += [line.split()[1] for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    ours = [address for address in listening if address.rpartition(":")[2] in ports]

    assert {address.rpartition(":")[0] for address in ours} == {"0100007F"}


def test_secrets_are_not_in_what_it_says_on_stderr(demo: Demo) -> None:
    said = demo.errors.read_text()

    assert [person["password"] for person in demo.told["people"].values() if person["password"] in said] == []


@pytest.fixture(scope="module")
def world_port(demo: Demo) -> int:
    """A real origin for a world: the example sites of the other demo."""
    spec = json.loads((demo.state / "gate.json").read_text())
    return int(spec["origins"]["hosts"]["news.test"]["80"][1])


def test_a_world_of_ones_own_starts_ends_and_starts_again(tmp_path: Path, world_port: int) -> None:
    world = tmp_path / "world.yaml"
    world.write_text(WORLD.format(port=world_port))

    with running_demo(tmp_path / "state", "--world", str(world)) as first:
        assert set(first.told["people"]) == {"Anna", "Tess"}
        assert first.told["sites"] == {"allowed.test": None, "listed.test": "gambling", "shut-in.test": None}
        assert first.get("http://allowed.test/seen", "Anna").status == 200
        assert first.get("http://listed.test/", "Anna").status == 403
        assert first.get("http://nowhere.test/", "Anna").status == 502
        assert first.get("http://shut-in.test/", "Anna").status == 403
        whole = first.ask_api("Tess", "GET", "/changes/verify").json()

    assert first.process.returncode == 0
    with running_demo(tmp_path / "state", "--world", str(world)) as second:
        assert second.get("http://allowed.test/seen", "Anna").status == 200
        assert second.ask_api("Tess", "GET", "/changes/verify").json()["entries"] == whole["entries"]
        rows = eventually(
            lambda: second.ask_api("Tess", "GET", "/filtering-log").json()["rows"],
            lambda found: len(found) >= 5,
        )
    assert {row["host"] for row in rows} >= {"allowed.test", "listed.test", "nowhere.test", "shut-in.test"}
    assert second.process.returncode == 0
