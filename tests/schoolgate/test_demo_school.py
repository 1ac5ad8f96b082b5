"""What the demo does not do: start on what it does not understand, or on somebody else's data."""

import socket
from pathlib import Path

from audit_log.db import open_engine, reading
from audit_log.people import people
from schoolgate.demo.school import ready_school
from schoolgate.demo.setting import remembered, write_config
from schoolgate.demo.world import load_world
from tests.running import Done, cli


def demo(tmp_path: Path, world: str | None = None, *options: str) -> Done:
    words = ["demo", "--json", "--state", str(tmp_path / "state"), "--proxy-port", "0", "--api-port", "0"]
    if world is not None:
        (tmp_path / "world.yaml").write_text(world)
        words += ["--world", str(tmp_path / "world.yaml")]
    return cli(*words, *options)


def test_a_world_with_faults_is_refused_with_every_line(tmp_path: Path) -> None:
    done = demo(tmp_path, "sitse: {}\npeople:\n  anna: {role: pupl, filter_groups: [x]}\n")

    assert (done.returncode, done.stdout) == (1, "")
    assert "world.yaml:1: sitse" in done.stderr
    assert "world.yaml:3: people.anna.role" in done.stderr


def test_a_policy_with_faults_is_refused_with_the_file_to_look_at(tmp_path: Path) -> None:
    done = demo(tmp_path, "policy:\n  school: {name: X}\n  access: 1\n")

    assert done.returncode == 1
    assert "config/policy.yaml:" in done.stderr
    assert "filter_groups" in done.stderr


def test_a_person_in_a_group_that_the_policy_does_not_know_is_named(tmp_path: Path) -> None:
    done = demo(tmp_path, "people:\n  anna: {role: pupil, filter_groups: [year-7]}\n")

    assert done.returncode == 1
    assert "anna.filter_groups: no such filter group: year-7" in done.stderr


def test_the_data_of_a_real_school_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "schoolgate.sqlite").touch()

    done = demo(tmp_path)

    assert done.returncode == 1
    assert "a folder of its own" in done.stderr
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["schoolgate.sqlite"]


def test_a_port_that_is_taken_is_named_with_its_option(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = cli("demo", "--state", str(tmp_path / "state"), "--proxy-port", port, "--api-port", "0")

    assert done.returncode == 1
    assert f"port {port} cannot be listened on: another program listens there" in done.stderr
    assert "--proxy-port" in done.stderr


def test_a_world_of_pupils_alone_is_founded_by_two_stand_ins(tmp_path: Path) -> None:
    (tmp_path / "world.yaml").write_text(
        "people:\n  Anna: {role: pupil, filter_groups: [upper-ks2], password: x}\n"
        "sites: {a.test: 127.0.0.1:1}\n"
    )
    world = load_world(tmp_path / "world.yaml")
    settings = write_config(tmp_path / "state", world.categories)

    told = ready_school(settings, world, "mine", None)
    again = ready_school(settings, world, "mine", remembered(settings.state, "mine"))

    assert told == again
    assert set(told["people"]) == {"Anna"}
    with reading(open_engine(settings.database)) as conn:
        assert [one.username for one in people(conn)] == ["anna", "stand-in-one", "stand-in-two"]


def test_a_folder_belongs_to_one_world(tmp_path: Path) -> None:
    world = "people:\n  anna: {role: pupil, filter_groups: [year-7]}\n"
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "demo.json").write_text(
        '{"world": "x", "founders": ["a", "b"], "site_ports": [0, 0]}'
    )

    done = demo(tmp_path, world)

    assert done.returncode == 1
    assert "was made for another world" in done.stderr


def test_its_settings_name_the_ports_that_are_listened_on(tmp_path: Path) -> None:
    settings = write_config(tmp_path / "state", {}, (18080, 18000))

    assert (settings.proxy_port, settings.api_port) == (18080, 18000)
    assert settings.console.endswith(":18000")
