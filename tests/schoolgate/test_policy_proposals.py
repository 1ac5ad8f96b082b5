"""`schoolgate policy`: check a file, propose it, have somebody else decide."""

import json
from pathlib import Path

from tests.running import ROOT, Demo, cli
from tests.schoolgate.conftest import Session


def test_check_names_every_fault_with_its_line(tmp_path: Path) -> None:
    shipped = (ROOT / "config" / "policy.yaml").read_text()
    (tmp_path / "p.yaml").write_text(shipped + "sitse: []\nrecrod: {}\n")

    bad = cli("policy", "check", str(tmp_path / "p.yaml"), "--json")

    assert bad.returncode == 1
    assert len(json.loads(bad.stdout)["faults"]) == 2
    assert f"{tmp_path}/p.yaml:" in bad.stderr


def test_check_takes_the_schools_own_file_if_none_is_named() -> None:
    done = cli("policy", "check", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout)["file"] == str(ROOT / "config" / "policy.yaml")


def test_check_says_what_the_school_has_not_decided(tmp_path: Path) -> None:
    text = (ROOT / "config" / "policy.yaml").read_text()
    (tmp_path / "p.yaml").write_text(
        text.replace("{everyone: not_allowed, staff: allowed}", "{staff: allowed}")
    )

    done = cli("policy", "check", str(tmp_path / "p.yaml"))

    assert done.returncode == 0
    assert "access.ai-assistants: upper-ks2: not decided" in done.stderr


def test_a_file_that_is_not_there_is_told() -> None:
    assert "cannot be read" in cli("policy", "check", "/nonexistent.yaml").stderr


def test_one_proposes_and_another_declines_and_nothing_changes(demo: Demo, session: Session) -> None:
    tess, cora = session("tess"), session("cora")
    before = demo.cli("policy", "show", session=tess).stdout
    file = demo.state.parent / "wider.yaml"
    file.write_text(before + "# wider\n")

    proposed = demo.cli("policy", "propose", str(file), "--reason", "wider", "--json", session=tess)
    proposal = json.loads(proposed.stdout)["id"]

    alone = demo.cli("policy", "approve", proposal, "--reason", "I agree with myself", session=tess)
    assert alone.returncode == 1
    declined = demo.cli("policy", "decline", proposal, "--reason", "no", "--json", session=cora)
    assert json.loads(declined.stdout)["state"] == "declined"
    assert proposal in demo.cli("policy", "proposals", session=cora).stdout
    assert demo.cli("policy", "show", proposal, session=cora).stdout.endswith("# wider\n")
    assert demo.cli("policy", "show", session=cora).stdout == before


def test_a_policy_with_faults_is_not_even_proposed(demo: Demo, session: Session, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("school: {name: X}\n")

    done = demo.cli("policy", "propose", str(tmp_path / "p.yaml"), "--reason", "x", session=session("tess"))

    assert done.returncode == 1
    assert "policy.yaml:1" in done.stderr


def test_what_was_proposed_can_be_taken_back(demo: Demo, session: Session) -> None:
    tess = session("tess")
    file = demo.state.parent / "again.yaml"
    file.write_text(demo.cli("policy", "show", session=tess).stdout + "# again\n")
    proposed = demo.cli("policy", "propose", str(file), "--reason", "x", "--json", session=tess)

    done = demo.cli(
        *("policy", "withdraw", json.loads(proposed.stdout)["id"], "--reason", "a slip", "--json"),
        session=tess,
    )

    assert json.loads(done.stdout)["state"] == "withdrawn"


def test_a_difference_is_told_in_the_words_of_the_table(demo: Demo, session: Session) -> None:
    cora, file = session("cora"), demo.state.parent / "games.yaml"
    before = demo.cli("policy", "show", session=cora).stdout
    file.write_text(before.replace("connect_ports: [443]", "connect_ports: [443, 8443]"))

    told = demo.cli("policy", "diff", str(file), session=cora)
    found = json.loads(demo.cli("policy", "diff", str(file), "--json", session=cora).stdout)

    assert (told.returncode, "port 8443: none -> open\n" in told.stdout) == (0, True)
    assert "This opens more: two people have to agree." in told.stderr
    assert found["effect"]["hides"] == ["connect_ports"]
    assert demo.cli("policy", "show", session=cora).stdout == before


def test_a_proposal_is_compared_by_its_id(demo: Demo, session: Session) -> None:
    tess, file = session("tess"), demo.state.parent / "ports.yaml"
    before = demo.cli("policy", "show", session=tess).stdout
    file.write_text(before.replace("connect_ports: [443]", "connect_ports: [22, 443]"))
    made = demo.cli("policy", "propose", str(file), "--reason", "x", "--json", session=tess)
    proposal = json.loads(made.stdout)["id"]

    told = demo.cli("policy", "diff", proposal, session=tess)

    assert "port 22: none -> open" in told.stdout
    demo.cli("policy", "withdraw", proposal, "--reason", "a slip", session=tess)


def test_the_history_names_those_who_agreed(demo: Demo, session: Session) -> None:
    cora = session("cora")

    rows = json.loads(demo.cli("policy", "history", "--json", session=cora).stdout)["rows"]

    assert rows[0]["state"] == "approved"
    assert rows[0]["id"] in demo.cli("policy", "history", session=cora).stdout


def test_checks_that_a_file_does_not_keep_are_told(demo: Demo, session: Session, tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    text = demo.cli("policy", "show", session=session("cora")).stdout
    file.write_text(text + "checks: [{see: [unheard-of.test], group: reception-ks1, why: a story}]\n")

    here = demo.cli("policy", "check", str(file))
    elsewhere = cli("policy", "check", str(file), environ={"SCHOOLGATE_STATE": str(tmp_path / "none")})

    assert (here.returncode, "reception-ks1 must see unheard-of.test" in here.stderr) == (1, True)
    assert (elsewhere.returncode, "The checks were not tried" in elsewhere.stderr) == (0, True)
