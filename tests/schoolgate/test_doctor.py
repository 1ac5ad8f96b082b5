"""`schoolgate doctor`: everything that can be wrong on this machine, at once."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from audit_log.change_log import append, entries
from audit_log.db import open_engine, writing
from schoolgate.doctor import lists_age
from schoolgate.settings import load_settings
from tests.running import ROOT, cli
from tests.schoolgate.conftest import At


def test_a_founded_school_is_well(at: At, founded: Path) -> None:
    found = json.loads(at(founded, "doctor", "--json").stdout)

    assert [finding for finding in found if not finding["fit"]] == []
    assert {finding["check"] for finding in found} >= {
        *("python", "mitmproxy", "sqlite", "clock", "settings", "state", "disk", "ca"),
        *("proxy port", "api port", "database", "policy", "lists", "drift", "lists drift", "illegal content"),
    }
    (proof,) = (finding["says"] for finding in found if finding["check"] == "proof")
    assert proof.startswith("what runs was approved by entry 1 of the change log (policy)")


def test_a_change_that_reaches_no_gate_is_a_finding(at: At, founded: Path, tmp_path: Path) -> None:
    """Whatever the bundle is called: one that was narrowed can be the same as the one that was proven."""
    state = tmp_path / "state"
    shutil.copytree(founded, state)
    engine = open_engine(f"sqlite:///{state / 'schoolgate.sqlite'}")
    with writing(engine) as conn:
        size = len(entries(conn))
        append(
            conn,
            at=datetime.now(UTC),
            event="policy:approve",
            actor="p_x",
            role="technician",
            object_id="x",
            detail={},
        )
    engine.dispose()

    (proof,) = (each for each in json.loads(at(state, "doctor", "--json").stdout) if each["check"] == "proof")

    says = f"what was changed since entry {size} reaches no gate, beginning with entry {size + 1}"
    assert (proof["fit"], proof["says"].startswith(says)) == (False, True)


def test_an_empty_machine_is_not_and_nothing_is_made_on_it(at: At, tmp_path: Path) -> None:
    done = at(tmp_path / "empty", "doctor", "--json")

    assert done.returncode == 1
    assert {"state", "ca", "database"} <= {f["check"] for f in json.loads(done.stdout) if not f["fit"]}
    assert not (tmp_path / "empty").exists()


def test_settings_with_faults_are_one_finding(tmp_path: Path) -> None:
    done = cli("doctor", "--json", environ={"SCHOOLGATE_PROXY_PORT": "many"})

    assert done.returncode == 1
    (wrong,) = (finding for finding in json.loads(done.stdout) if not finding["fit"])
    assert (wrong["check"], "SCHOOLGATE_PROXY_PORT" in wrong["says"]) == ("settings", True)


def test_a_policy_file_that_is_not_in_force_is_drift(founded: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text((ROOT / "config" / "policy.yaml").read_text() + "# more\n")
    environ = {"SCHOOLGATE_STATE": str(founded), "SCHOOLGATE_POLICY": str(tmp_path / "policy.yaml")}

    done = cli("doctor", environ=environ)

    assert done.returncode == 1
    assert "differs from what is in force: schoolgate policy propose" in done.stderr


def test_that_there_is_no_licensed_list_is_said(at: At, founded: Path) -> None:
    found = json.loads(at(founded, "doctor", "--json").stdout)

    (told,) = (each for each in found if each["check"] == "illegal content")
    assert told["says"] == "no licensed list installed"


def test_a_lists_yaml_that_nobody_agreed_on_is_drift(founded: Path, tmp_path: Path) -> None:
    (tmp_path / "lists.yaml").write_text((ROOT / "config" / "lists.yaml").read_text() + "# more\n")
    environ = {"SCHOOLGATE_STATE": str(founded), "SCHOOLGATE_LISTS": str(tmp_path / "lists.yaml")}

    done = cli("doctor", environ=environ)

    assert done.returncode == 1
    assert "differs from the one agreed on: schoolgate lists build" in done.stderr


def test_a_list_that_was_not_fetched_in_time_is_a_finding(founded: Path, tmp_path: Path) -> None:
    text = (ROOT / "config" / "lists.yaml").read_text()
    row = "  feed: {category: games, format: plain, source: 'https://lists.example/a', every: 1 day}\n"
    (tmp_path / "lists.yaml").write_text(text + row)
    settings = load_settings(
        ROOT / "config",
        {"SCHOOLGATE_LISTS": str(tmp_path / "lists.yaml"), "SCHOOLGATE_DATABASE_URL": "sqlite:////none"},
    )

    found = list(lists_age(replace(settings, state=founded)))

    assert [each.fit for each in found] == [True, False]
    assert "feed is overdue" in found[1].says


def test_secrets_that_others_can_read_are_a_finding(at: At, tmp_path: Path) -> None:
    state = tmp_path / "state"
    at(state, "init")
    (state / "keys" / "change-log.key").chmod(0o644)
    state.chmod(0o755)

    done = at(state, "doctor")

    assert "chmod 700" in done.stderr
    assert "change-log.key can be read by others: chmod 600" in done.stderr


def test_a_bundle_that_nothing_proves_is_a_finding(at: At, tmp_path: Path) -> None:
    at(tmp_path / "state", "init")
    for proof in (tmp_path / "state" / "bundle").glob("*.proof"):
        proof.unlink()

    found = json.loads(at(tmp_path / "state", "doctor", "--json").stdout)

    (told,) = (each for each in found if each["check"] == "proof")
    assert (told["fit"], "taken by no gate" in told["says"]) == (False, True)
