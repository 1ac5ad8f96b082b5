"""`schoolgate explain`: the gate's own answer, with nothing running."""

import json
from pathlib import Path

import pytest

from filter_policy.model import Listing
from filter_policy.parse import parse_policy
from schoolgate.in_force import bundle_in_force, index_in_force, shown_entry
from schoolgate.telling import Failed
from tests.builders import POLICY
from tests.running import Demo, Done
from tests.schoolgate.conftest import At

BLOCKED = 3
BEFORE_AND_AFTER_LUNCH = [("2026-11-24T12:59:59", "allow"), ("2026-11-24T13:00", "block")]


def explain(at: At, founded: Path, url: str, when: str, *more: str) -> Done:
    return at(founded, "explain", "--user", "tess", "--url", url, "--at", when, *more)


def test_it_works_with_nothing_running_and_names_each_rule(at: At, founded: Path) -> None:
    done = explain(at, founded, "https://bets.test/odds", "2026-11-24T12:30", "--json")
    told = json.loads(done.stdout)

    assert done.returncode == 0
    assert told["verdict"] == "block"
    assert told["decision"]["rule"] == "access.gambling.everyone"
    assert told["decision"]["listing"] == {
        "category": "gambling",
        "list_id": "starter-gambling",
        "entry": "bets.test",
        "licence": "",
        "source": "starter:gambling.txt",
    }
    assert len(told["generation"]) == 64
    assert [step["hit"] for step in told["steps"]][-1] is True


def test_for_people_it_is_a_table_of_hits_and_misses(at: At, founded: Path) -> None:
    lines = explain(at, founded, "bets.test", "2026-11-24T12:30").stdout.splitlines()

    assert any(line.startswith("miss  person") for line in lines)
    assert any(line.startswith("hit   access.gambling.everyone") for line in lines)
    assert "verdict:        block" in lines


@pytest.mark.parametrize(("when", "verdict"), BEFORE_AND_AFTER_LUNCH)
def test_a_time_without_zone_is_school_time(at: At, founded: Path, when: str, verdict: str) -> None:
    assert json.loads(explain(at, founded, "chat.test", when, "--json").stdout)["verdict"] == verdict


def test_school_time_is_an_hour_ahead_in_summer(at: At, founded: Path) -> None:
    in_school = json.loads(explain(at, founded, "chat.test", "2027-06-15T12:30", "--json").stdout)
    in_utc = json.loads(explain(at, founded, "chat.test", "2027-06-15T11:30Z", "--json").stdout)

    assert in_school == in_utc
    assert in_school["at"] == "2027-06-15T11:30:00Z"


def test_it_can_tell_by_its_exit_code(at: At, founded: Path) -> None:
    assert explain(at, founded, "bets.test", "2026-11-24T12:30", "--exit-code").returncode == BLOCKED
    assert explain(at, founded, "school-books.test", "2026-11-24T12:30", "--exit-code").returncode == 0


def test_what_makes_no_sense_is_said_in_a_sentence(at: At, founded: Path) -> None:
    nobody = at(founded, "explain", "--user", "nobody", "--url", "a.example")

    assert (nobody.returncode, nobody.stderr.strip()) == (1, "No such person: nobody")
    assert explain(at, founded, "https://a b/", "2026-11-24T12:30").returncode == 1
    assert explain(at, founded, "a.example", "half past noon").returncode == 2


def test_the_entry_of_an_illegal_list_is_never_read_out(at: At, founded: Path) -> None:
    told = json.loads(explain(at, founded, "illegal-example.test", "2026-11-24T12:30", "--json").stdout)

    assert [each["entry"] for each in told["listings"]] == [None]
    assert told["decision"]["listing"]["entry"] is None
    policy = parse_policy(POLICY)
    assert shown_entry(policy, Listing("child-sexual-abuse", "iwf", "secret.test")) is None
    assert shown_entry(policy, Listing("gambling", "own", "bets.test")) == "bets.test"


def test_before_the_first_bundle_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="schoolgate init"):
        bundle_in_force(tmp_path)


def test_damage_is_told_and_nothing_is_guessed(at: At, tmp_path: Path) -> None:
    state = tmp_path / "state"
    at(state, "init")
    (names,) = (state / "lists").glob("*/names.marisa")
    names.write_bytes(b"damaged")
    with pytest.raises(Failed, match="schoolgate lists build"):
        index_in_force(state)
    for bundle in (state / "bundle").glob("[0-9a-f]*"):
        bundle.write_bytes(b"{}")
    with pytest.raises(Failed, match="cannot be read"):
        bundle_in_force(state)


def test_the_same_question_has_the_same_answer_at_the_gate_the_api_and_here(demo: Demo) -> None:
    at_gate = demo.get("https://bets.test/").status
    done = demo.cli("explain", "--user", "anna", "--url", "https://bets.test/", "--json")
    told = json.loads(done.stdout)
    api = demo.ask_api("tess", "GET", "/explain?user=anna&url=https://bets.test/").json()

    assert (at_gate, told["verdict"]) == (403, "block")
    assert {**told, "at": api["at"]} == {**api, "verdict": "block"}
