"""`schoolgate lists`: built, shown and asked on this machine."""

import json
from pathlib import Path

from tests.running import cli
from tests.schoolgate.conftest import At


def test_building_again_gives_the_generation_in_force(at: At, founded: Path) -> None:
    built = json.loads(at(founded, "lists", "build", "--json").stdout)
    shown = json.loads(at(founded, "lists", "status", "--json").stdout)

    assert built["generation"] == shown["generation"]
    assert {each["category"] for each in shown["lists"]} >= {"gambling", "education"}


def test_status_is_a_table_for_people(at: At, founded: Path) -> None:
    done = at(founded, "lists", "status")

    assert done.stdout.startswith("LIST_ID")
    assert "Generation" in done.stderr


def test_a_host_a_path_and_a_url_can_be_looked_up(at: At, founded: Path) -> None:
    for site in ("bets.test", "www.bets.test/odds", "https://bets.test/"):
        (found,) = json.loads(at(founded, "lists", "lookup", site, "--json").stdout)["listings"]
        assert found == {"category": "gambling", "list_id": "starter-gambling", "entry": "bets.test"}


def test_what_is_on_no_list_is_said_so(at: At, founded: Path) -> None:
    assert "is on no list" in at(founded, "lists", "lookup", "news.test").stderr


def test_the_entry_of_an_illegal_list_is_not_read_out(at: At, founded: Path) -> None:
    looked = json.loads(at(founded, "lists", "lookup", "illegal-example.test", "--json").stdout)

    assert [each["entry"] for each in looked["listings"]] == [None]


def test_lists_with_faults_are_refused_whole(tmp_path: Path) -> None:
    (tmp_path / "lists.yaml").write_text("lists:\n  a: {category: games, format: plian, source: none.txt}\n")
    environ = {"SCHOOLGATE_LISTS": str(tmp_path / "lists.yaml"), "SCHOOLGATE_STATE": str(tmp_path / "state")}

    done = cli("lists", "build", environ=environ)

    assert done.returncode == 1
    assert "lists.yaml:2" in done.stderr
    assert "plian" in done.stderr
