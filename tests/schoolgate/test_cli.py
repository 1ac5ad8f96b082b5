"""The command line: data on stdout, messages on stderr, exit codes as promised."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.running import ROOT, Demo, Done, cli

BLOCKED = 3


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A school that has been founded and is not running."""
    folder = tmp_path_factory.mktemp("founded") / "state"
    done = cli("init", "--first", "tess:Tess Tanner:technician", environ={"SCHOOLGATE_STATE": str(folder)})
    assert done.returncode == 0, done.stderr
    return folder


def at(state: Path, *words: str) -> Done:
    return cli(*words, environ={"SCHOOLGATE_STATE": str(state)})


def test_help_is_quick_and_says_what_the_exit_codes_mean() -> None:
    done = cli("--help")

    assert done.returncode == 0
    assert "0 done, 1 failed, 2 wrong usage, 3 blocked" in " ".join(done.stdout.split())
    for noun in ("unblocks", "policy", "people", "lists", "log", "changes", "explain", "doctor", "demo"):
        assert f"  {noun}" in done.stdout


def test_wrong_usage_is_2_and_failure_is_1(tmp_path: Path) -> None:
    assert cli("explain").returncode == 2
    assert cli("no-such-noun").returncode == 2
    assert at(tmp_path / "empty", "explain", "--user", "a", "--url", "b.example").returncode == 1


def test_a_setting_that_is_wrong_stops_every_command_with_every_fault() -> None:
    done = cli("doctor", "--json", environ={"SCHOOLGATE_PROXY_PORT": "many"})
    ran = cli("run", environ={"SCHOOLGATE_PROXY_PORT": "many", "SCHOOLGATE_GATE": "A B"})

    assert (done.returncode, ran.returncode) == (1, 1)
    assert "SCHOOLGATE_PROXY_PORT" in ran.stderr
    assert "SCHOOLGATE_GATE" in ran.stderr
    assert any(not finding["fit"] and finding["check"] == "settings" for finding in json.loads(done.stdout))


def test_init_twice_refuses_and_changes_nothing(state: Path) -> None:
    before = {path: path.read_bytes() for path in (state / "enrolment").iterdir()}

    again = at(state, "init", "--first", "mallory:Mallory:headteacher")

    assert again.returncode == 1
    assert "founded already" in again.stderr
    assert {path: path.read_bytes() for path in (state / "enrolment").iterdir()} == before
    assert at(state, "init", "--if-needed").returncode == 0


def test_init_tells_where_the_codes_are_and_not_what_they_are(tmp_path: Path) -> None:
    done = at(tmp_path / "state", "init", "--json")
    codes = {name: Path(path) for name, path in json.loads(done.stdout)["codes"].items()}

    assert set(codes) == {"technician", "coordinator"}
    for path in codes.values():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text().strip() not in done.stdout + done.stderr


def explain(state: Path, url: str, when: str, *more: str) -> Done:
    return at(state, "explain", "--user", "tess", "--url", url, "--at", when, *more)


def test_explain_works_with_nothing_running_and_names_each_rule(state: Path) -> None:
    done = explain(state, "https://bets.test/odds", "2026-11-24T12:30", "--json")
    told = json.loads(done.stdout)

    assert done.returncode == 0
    assert told["verdict"] == "block"
    assert told["decision"]["rule"] == "access.gambling.everyone"
    assert told["decision"]["listing"] == {
        "category": "gambling",
        "list_id": "starter-gambling",
        "entry": "bets.test",
    }
    assert [step["hit"] for step in told["steps"]][-1] is True


@pytest.mark.parametrize(
    ("when", "verdict"), [("2026-11-24T12:59:59", "allow"), ("2026-11-24T13:00", "block")]
)
def test_a_time_without_zone_is_school_time(state: Path, when: str, verdict: str) -> None:
    assert json.loads(explain(state, "chat.test", when, "--json").stdout)["verdict"] == verdict


def test_school_time_is_an_hour_ahead_in_summer(state: Path) -> None:
    in_school = json.loads(explain(state, "chat.test", "2027-06-15T12:30", "--json").stdout)
    in_utc = json.loads(explain(state, "chat.test", "2027-06-15T11:30Z", "--json").stdout)

    assert in_school == in_utc
    assert (in_school["at"], in_school["verdict"]) == ("2027-06-15T11:30:00Z", "allow")


def test_explain_can_tell_by_its_exit_code(state: Path) -> None:
    assert explain(state, "bets.test", "2026-11-24T12:30", "--exit-code").returncode == BLOCKED
    assert explain(state, "school-books.test", "2026-11-24T12:30", "--exit-code").returncode == 0


def test_the_entry_of_an_illegal_list_is_read_out_by_no_command(state: Path) -> None:
    looked = json.loads(at(state, "lists", "lookup", "illegal-example.test", "--json").stdout)
    explained = json.loads(explain(state, "illegal-example.test", "2026-11-24T12:30", "--json").stdout)

    assert looked["listings"][0]["entry"] is None
    assert [each["entry"] for each in explained["listings"]] == [None]
    assert explained["decision"]["listing"]["entry"] is None


def test_what_makes_no_sense_is_said_in_a_sentence(state: Path) -> None:
    nobody = at(state, "explain", "--user", "nobody", "--url", "a.example")

    assert (nobody.returncode, nobody.stderr.strip()) == (1, "No such person: nobody")
    assert explain(state, "https://a b/", "2026-11-24T12:30").returncode == 1
    assert explain(state, "a.example", "half past noon").returncode == 2


def test_policy_check_names_every_fault_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        (ROOT / "config" / "policy.yaml").read_text() + "sitse: []\nrecrod: {}\n"
    )

    bad = cli("policy", "check", str(tmp_path / "p.yaml"), "--json")
    good = cli("policy", "check", "--json")

    assert bad.returncode == 1
    assert len(json.loads(bad.stdout)["faults"]) == 2
    assert f"{tmp_path}/p.yaml:" in bad.stderr
    assert good.returncode == 0
    assert json.loads(good.stdout)["whole"] is True


def test_lists_are_built_shown_and_looked_up(state: Path) -> None:
    built = json.loads(at(state, "lists", "build", "--json").stdout)
    shown = json.loads(at(state, "lists", "status", "--json").stdout)

    assert built["generation"] == shown["generation"]
    assert {each["category"] for each in shown["lists"]} >= {"gambling", "education"}
    assert "is on no list" in at(state, "lists", "lookup", "news.test").stderr


def test_doctor_finds_a_founded_school_well_and_an_empty_one_not(state: Path, tmp_path: Path) -> None:
    well = at(state, "doctor", "--json")
    ill = at(tmp_path / "empty", "doctor", "--json")

    assert [finding for finding in json.loads(well.stdout) if not finding["fit"]] == []
    assert ill.returncode == 1
    assert {"state", "database"} <= {f["check"] for f in json.loads(ill.stdout) if not f["fit"]}
    assert not (tmp_path / "empty").exists()


def test_doctor_notices_a_policy_file_that_is_not_in_force(state: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text((ROOT / "config" / "policy.yaml").read_text() + "# more\n")
    environ = {"SCHOOLGATE_STATE": str(state), "SCHOOLGATE_POLICY": str(tmp_path / "policy.yaml")}

    done = cli("doctor", environ=environ)

    assert done.returncode == 1
    assert "differs from what is in force: schoolgate policy propose" in done.stderr


# With the API running


def signed_in(demo: Demo, username: str, folder: Path) -> Path:
    session = folder / f"{username}.json"
    password = demo.told["people"][username]["console_password"]
    done = demo.cli(
        *("login", "--username", username, "--api", demo.api, "--password-stdin"),
        session=session,
        given=f"{password}\n",
    )
    assert done.returncode == 0, done.stderr
    assert password not in session.read_text()
    assert stat.S_IMODE(session.stat().st_mode) == 0o600
    return session


def test_without_signing_in_nothing_is_changed(demo: Demo, tmp_path: Path) -> None:
    done = demo.cli("unblocks", "list", session=tmp_path / "none.json")

    assert done.returncode == 1
    assert "schoolgate login" in done.stderr


def test_a_wrong_password_signs_nobody_in(demo: Demo, tmp_path: Path) -> None:
    session = tmp_path / "s.json"
    words = ("login", "--username", "gordon", "--api", demo.api, "--password-stdin")

    done = demo.cli(*words, session=session, given="not-the-password\n")

    assert done.returncode == 1
    assert not session.exists()


def test_one_asks_for_a_lesson_and_another_agrees_and_anyone_may_revoke(demo: Demo, tmp_path: Path) -> None:
    mary, cora = (signed_in(demo, name, tmp_path) for name in ("mary", "cora"))
    begins = datetime.now(UTC) + timedelta(days=2)
    ends = begins + timedelta(hours=1)
    asked = demo.cli(
        *("unblocks", "ask", "--site", "shop.test", "--class", "6B", "--subject", "Adverts"),
        *("--from", begins.isoformat(), "--until", ends.isoformat()),
        *("--reason", "how they work", "--json"),
        session=mary,
    )
    assert asked.returncode == 0, asked.stderr
    unblock = json.loads(asked.stdout)["id"]

    assert demo.cli("unblocks", "approve", unblock, "--reason", "I do", session=mary).returncode == 1
    agreed = demo.cli("unblocks", "approve", unblock, "--reason", "fine", "--json", session=cora)
    assert json.loads(agreed.stdout)["state"] == "approved"
    listed = json.loads(demo.cli("unblocks", "list", "--state", "approved", "--json", session=cora).stdout)
    assert unblock in [row["id"] for row in listed["rows"]]
    revoked = demo.cli("unblocks", "revoke", unblock, "--reason", "not needed", "--json", session=cora)
    assert json.loads(revoked.stdout)["state"] == "revoked"


def test_bad_input_names_each_field(demo: Demo, tmp_path: Path) -> None:
    done = demo.cli(
        *("unblocks", "ask", "--site", "co.uk", "--class", "6B", "--subject", "x", "--reason", "y"),
        *("--from", "2026-11-24T11:00", "--until", "2026-11-24T10:00"),
        session=signed_in(demo, "mary", tmp_path),
    )

    assert done.returncode == 1
    assert "  sites: " in done.stderr
    assert "  ends_at: " in done.stderr


def test_reading_verbs_give_tables_json_and_csv(demo: Demo, tmp_path: Path) -> None:
    tess = signed_in(demo, "tess", tmp_path)

    def out(*words: str) -> str:
        return demo.cli(*words, session=tess).stdout

    assert out("log", "search", "--limit", "3").startswith("AT ")
    assert len(json.loads(out("log", "search", "--limit", "3", "--json"))["rows"]) == 3
    assert out("log", "search", "--limit", "3", "--csv").count("\n") >= 4
    assert "anna" in out("people", "list")
    assert "SEQ" in out("changes", "list")
    assert demo.cli("changes", "verify", session=tess).returncode == 0
    assert "Example Primary School" in out("policy", "show")
    assert "policy" in out("policy", "proposals")


def test_signing_out_ends_the_session_everywhere(demo: Demo, tmp_path: Path) -> None:
    session = signed_in(demo, "hilda", tmp_path)
    copy = tmp_path / "copy.json"
    copy.write_text(session.read_text())

    assert demo.cli("logout", session=session).returncode == 0

    assert not session.exists()
    assert "Sign in" in demo.cli("unblocks", "list", session=copy).stderr


def test_the_same_question_has_the_same_answer_at_the_gate_the_api_and_here(demo: Demo) -> None:
    at_gate = demo.get("https://bets.test/").status
    told = json.loads(demo.cli("explain", "--user", "anna", "--url", "https://bets.test/", "--json").stdout)
    api = demo.ask_api("tess", "GET", "/explain?user=anna&url=https://bets.test/").json()

    assert (at_gate, told["verdict"]) == (403, "block")
    assert api["decision"] == {**told["decision"], "valid_until": api["decision"]["valid_until"]}
