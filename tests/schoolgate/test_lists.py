"""`schoolgate lists`: built, shown, asked, compared and checked on this machine, with nothing running."""

import json
from pathlib import Path

import pytest

from tests.running import Done, cli
from tests.schoolgate.conftest import At

BETS = "bets: {category: gambling, format: plain, source: bets.txt, licence: CC0-1.0}"
ABUSE = "abuse: {category: child-sexual-abuse, format: plain, source: abuse.txt}"
ON_NO_LIST = 4


def test_building_again_gives_the_generation_in_force(at: At, founded: Path) -> None:
    built = json.loads(at(founded, "lists", "build", "--json").stdout)
    shown = json.loads(at(founded, "lists", "status", "--json").stdout)

    assert built["generation"] == shown["generation"]
    assert {name for each in shown["lists"] for name in each["categories"]} >= {"gambling", "education"}


def test_status_is_a_table_for_people(at: At, founded: Path) -> None:
    done = at(founded, "lists", "status")

    assert done.stdout.startswith("LIST_ID")
    assert "Generation" in done.stderr
    assert "no licensed list installed" in done.stderr


@pytest.mark.parametrize(
    "site", ["bets.test", "www.bets.test/odds", "https://bets.test/", "me:pw@bets.test:8443/x"]
)
def test_a_site_can_be_looked_up_however_it_is_typed(at: At, founded: Path, site: str) -> None:
    told = json.loads(at(founded, "lists", "lookup", site, "--json").stdout)

    (found,) = told["listings"]
    assert (found["list_id"], found["category"], found["entry"]) == (
        *("starter-gambling", "gambling", "bets.test"),
    )
    assert len(told["generation"]) == 64


def test_what_is_on_no_list_is_said_so_and_told_by_the_exit_code(at: At, founded: Path) -> None:
    done = at(founded, "lists", "lookup", "news.test", "--exit-code")

    assert "is on no list" in done.stderr
    assert done.returncode == ON_NO_LIST
    assert at(founded, "lists", "lookup", "bets.test", "--exit-code").returncode == 0


def test_the_entry_of_an_illegal_list_is_not_read_out(at: At, founded: Path) -> None:
    looked = json.loads(at(founded, "lists", "lookup", "illegal-example.test", "--json").stdout)

    assert [each["entry"] for each in looked["listings"]] == [None]


def test_lists_with_faults_are_refused_whole(tmp_path: Path) -> None:
    (tmp_path / "lists.yaml").write_text("lists:\n  a: {category: games, format: plian, source: no.txt}\n")

    done = lists(tmp_path, tmp_path / "state", "build")

    assert done.returncode == 1
    assert "lists.yaml:2" in done.stderr
    assert "plian" in done.stderr
    assert "no.txt" in done.stderr


def test_building_tells_of_each_line_that_was_not_understood(tmp_path: Path) -> None:
    write(tmp_path, f"lists:\n  {BETS}\n", bets="bets.test\nnot a site\ndice.test\n")

    done = lists(tmp_path, tmp_path / "state", "build")

    assert done.returncode == 0
    assert "bets: skipped 1, first in line 2:" in done.stdout
    assert "generation" in done.stderr


def test_what_comes_and_goes_is_counted_and_shown_when_asked(founded: Path, tmp_path: Path) -> None:
    write(tmp_path, f"lists:\n  {BETS}\n  {ABUSE}\n", bets="bets.test\nnew.test\n", abuse="abuse.test\n")
    built = json.loads(lists(tmp_path, founded, "build", "--json").stdout)["generation"]

    told = json.loads(lists(tmp_path, founded, "diff", built[:12], "--entries", "9", "--json").stdout)

    by_list = {(each["list_id"], each["category"]): each for each in told["changes"]}
    assert told["to"] == built
    assert by_list["bets", "gambling"]["entries"]["added"] == ["bets.test", "new.test"]
    assert by_list["starter-gambling", "gambling"]["after"] == 0
    assert by_list["abuse", "child-sexual-abuse"]["entries"] is None
    table = lists(tmp_path, founded, "diff", built[:12], "--entries", "9")
    assert "+ new.test  bets  gambling" in table.stdout
    assert "abuse.test" not in table.stdout + table.stderr
    assert "not the beginning of one" in lists(tmp_path, founded, "diff", "ffff").stderr
    looked = lists(tmp_path, founded, "lookup", "new.test", "--generation", built[:12], "--json")
    assert [each["licence"] for each in json.loads(looked.stdout)["listings"]] == ["CC0-1.0"]


def test_what_a_school_needs_and_a_list_shuts_is_named_by_list_and_entry(at: At, founded: Path) -> None:
    hosts = founded.parent / "hosts.txt"
    hosts.write_text("bets.test/news\nschool-books.test  # a comment\n")

    done = at(founded, "lists", "check", "--hosts", str(hosts), "--at", "2026-11-24T11:00", "--json")

    (found,) = json.loads(done.stdout)["culprits"]
    assert (found["list_id"], found["entry"], found["sites"]) == (
        *("starter-gambling", "bets.test", ["bets.test/news"]),
    )
    assert done.returncode == 1
    table = at(founded, "lists", "check", "--hosts", str(hosts), "--group", "upper-ks2")
    assert "starter-gambling" in table.stdout
    assert "1 of 2 sites" in table.stderr


def test_what_is_no_site_and_no_group_is_told(at: At, founded: Path) -> None:
    hosts = founded.parent / "faults.txt"
    hosts.write_text("school-books.test\nnot a site\n")

    assert "faults.txt:2" in at(founded, "lists", "check", "--hosts", str(hosts)).stderr
    nobody = at(founded, "lists", "check", "--group", "nobody")
    assert (nobody.returncode, "no such filter group" in nobody.stderr) == (2, True)


def write(folder: Path, text: str, **files: str) -> None:
    (folder / "lists.yaml").write_text(text)
    for name, content in files.items():
        (folder / f"{name}.txt").write_text(content)


def lists(folder: Path, state: Path, *words: str) -> Done:
    environ = {"SCHOOLGATE_LISTS": str(folder / "lists.yaml"), "SCHOOLGATE_STATE": str(state)}
    return cli("lists", *words, environ=environ)
