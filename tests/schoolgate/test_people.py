"""`schoolgate people`: a CSV file is proposed whole, and first passwords are told once."""

import json
from pathlib import Path

from tests.running import Demo
from tests.schoolgate.conftest import Session

HEAD = "username,name,role,filter_groups,classes\n"


def test_people_of_a_file_come_in_when_somebody_else_agrees(
    demo: Demo, session: Session, tmp_path: Path
) -> None:
    (tmp_path / "new.csv").write_text(f"{HEAD}zoe,Zoe Zimmer,pupil,upper-ks2,6B\n", encoding="utf-8-sig")

    proposed = demo.cli(
        *("people", "import", str(tmp_path / "new.csv"), "--reason", "new this week", "--json"),
        session=session("tess"),
    )
    proposal = json.loads(proposed.stdout)
    password = proposal["first_passwords"]["zoe"]["proxy"]
    assert demo.cli("people", "list", session=session("tess")).stdout.count("zoe") == 0

    agreed = demo.cli("people", "approve", proposal["id"], "--reason", "met her", session=session("cora"))
    assert agreed.returncode == 0, agreed.stderr
    assert "zoe" in demo.cli("people", "list", session=session("cora")).stdout
    assert password not in demo.cli("people", "proposals", "--json", session=session("cora")).stdout


def test_first_passwords_are_shown_to_people_in_a_table(demo: Demo, session: Session, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(f"{HEAD}yan,Yan Young,pupil,upper-ks2,6A\n")

    done = demo.cli("people", "import", str(tmp_path / "new.csv"), "--reason", "new", session=session("tess"))

    row = next(line for line in done.stdout.splitlines() if line.startswith("yan "))
    assert len(row.split()[1]) >= 16


def test_every_fault_of_the_file_is_named(demo: Demo, session: Session, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(f"{HEAD}a,A,pupl,upper-ks2,6B\nb,B,pupil,year-7,6B\n")

    done = demo.cli("people", "import", str(tmp_path / "bad.csv"), "--reason", "x", session=session("tess"))

    assert done.returncode == 1
    assert "role" in done.stderr
    assert "filter_groups" in done.stderr


def test_a_proposal_can_be_declined(demo: Demo, session: Session, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(f"{HEAD}xav,Xavier,pupil,upper-ks2,6B\n")
    proposed = demo.cli(
        *("people", "import", str(tmp_path / "new.csv"), "--reason", "x", "--json"), session=session("tess")
    )

    done = demo.cli(
        *("people", "decline", json.loads(proposed.stdout)["id"], "--reason", "not ours", "--json"),
        session=session("cora"),
    )

    assert json.loads(done.stdout)["state"] == "declined"


def test_somebody_can_be_suspended_by_one_person_and_by_user_name(demo: Demo, session: Session) -> None:
    why = ("--reason", "lost her tablet", "--until", "2099-01-01T09:00", "--json")
    done = demo.cli("people", "suspend", "holly", *why, session=session("cora"))

    assert json.loads(done.stdout)["active"] is False


def test_a_lost_password_is_put_right_with_a_sheet_and_each_is_told_a_half_once(
    demo: Demo, session: Session, tmp_path: Path
) -> None:
    (tmp_path / "lost.csv").write_text("username,new_code\ncora,yes\n")
    told = ("people", "import", str(tmp_path / "lost.csv"), "--reason", "forgotten")

    asked = demo.cli(*told, session=session("tess"))

    assert asked.returncode == 0, asked.stderr
    assert "cora: your half of the code, shown once: " in asked.stdout
