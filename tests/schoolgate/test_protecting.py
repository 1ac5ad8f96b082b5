"""`schoolgate corrections`, `holds`, `erasures` and `people access`: the same rules as in the window."""

import json
import stat
import zipfile
from pathlib import Path
from typing import Any

from tests.running import Demo
from tests.schoolgate.conftest import Session

HOUR = ("--from", "2026-11-02T09:00:00Z", "--to", "2026-11-02T10:00:00Z")


def told(demo: Demo, session: Path, *words: str) -> dict[str, Any]:
    done = demo.cli(*words, "--json", session=session)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_correction_takes_two_people(demo: Demo, session: Session) -> None:
    whose = ("--person", "anna", "--right-person", "ben", *HOUR, "--address", "127.0.0.9")
    asked = told(demo, session("tess"), "corrections", "propose", *whose, "--reason", "one tablet")
    alone = demo.cli("corrections", "approve", asked["id"], "--reason", "mine", session=session("tess"))
    assert alone.returncode == 1

    agreed = told(demo, session("cora"), "corrections", "approve", asked["id"], "--reason", "seen it")

    assert (agreed["state"], agreed["client_address"]) == ("approved", "127.0.0.9")
    listed = demo.cli("corrections", "list", "--state", "approved", session=session("cora")).stdout
    assert asked["id"] in listed


def test_a_hold_is_placed_at_once_and_released_by_two(demo: Demo, session: Session) -> None:
    made = told(demo, session("cora"), "holds", "place", "--person", "anna", *HOUR, "--reason", "enquiry")
    asked = told(demo, session("cora"), "holds", "release", made["id"], "--reason", "over")
    assert made["id"] in demo.cli("holds", "list", session=session("tess")).stdout

    told(demo, session("tess"), "holds", "approve", asked["id"], "--reason", "so the police say")

    assert made["id"] not in demo.cli("holds", "list", session=session("tess")).stdout
    assert made["id"] in demo.cli("holds", "list", "--released", session=session("tess")).stdout


def test_a_hold_is_on_one_person_or_on_everybody(demo: Demo, session: Session) -> None:
    done = demo.cli("holds", "place", *HOUR, "--reason", "enquiry", session=session("cora"))

    assert done.returncode == 1
    assert "--everybody" in done.stderr


def test_who_has_left_is_erased_by_two(demo: Demo, session: Session, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(
        "username,name,role,filter_groups,classes\nwilf,Wilfred Wren,pupil,upper-ks2,6B\n"
    )
    new = told(demo, session("tess"), "people", "import", str(tmp_path / "new.csv"), "--reason", "new")
    told(demo, session("cora"), "people", "approve", new["id"], "--reason", "met him")
    people = told(demo, session("cora"), "people", "list")["rows"]
    wilf = next(each["id"] for each in people if each["username"] == "wilf")
    told(demo, session("cora"), "people", "end", wilf, "--reason", "moved away")
    asked = told(demo, session("tess"), "erasures", "propose", "wilf", "--reason", "his parents ask")
    assert told(demo, session("cora"), "erasures", "show", asked["id"])["texts"] == []

    told(demo, session("cora"), "erasures", "approve", asked["id"], "--reason", "as the law says")

    assert "Wilfred" not in demo.cli("people", "list", session=session("cora")).stdout
    assert "erased person" in demo.cli("erasures", "list", session=session("cora")).stdout


def test_all_that_is_kept_about_somebody_becomes_a_file(demo: Demo, session: Session, tmp_path: Path) -> None:
    words = ("people", "access", "anna", "--purpose", "asked for in writing", "--asked-on", "2026-11-02")
    to = tmp_path / "anna.zip"

    done = demo.cli(*words, "--to", str(to), session=session("cora"))

    assert done.returncode == 0, done.stderr
    assert "of the change log" in done.stderr
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    with zipfile.ZipFile(to) as archive:
        assert b"To be answered by: Wednesday 2 December 2026" in archive.read("letter.txt")
    assert list(tmp_path.iterdir()) == [to]
    again = demo.cli(*words, "--to", str(to), session=session("cora"))
    assert (again.returncode, "exists already" in again.stderr) == (1, True)


def test_a_file_that_cannot_be_written_leaves_no_line_and_takes_nothing_away(
    demo: Demo, session: Session, tmp_path: Path
) -> None:
    words = ("people", "access", "anna", "--purpose", "asked for in writing", "--format", "json", "--to")
    (tmp_path / "there.json").write_text("mine")
    (tmp_path / ".half.json.part").write_text("another run's")
    log = ("changes", "list", "--limit", "1")
    before = told(demo, session("cora"), *log)["rows"]

    for name in ("there.json", "half.json", "nowhere/new.json"):
        done = demo.cli(*words, str(tmp_path / name), session=session("cora"))
        assert done.returncode == 1, name

    assert told(demo, session("cora"), *log)["rows"] == before
    kept = {path.name: path.read_text() for path in tmp_path.iterdir() if path.suffix in {".json", ".part"}}
    assert kept == {"there.json": "mine", ".half.json.part": "another run's"}


def test_a_technician_takes_nobodys_data_out(demo: Demo, session: Session, tmp_path: Path) -> None:
    to = tmp_path / "anna.json"
    words = ("people", "access", "anna", "--purpose", "curious", "--format", "json", "--to", str(to))

    done = demo.cli(*words, session=session("tess"))

    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []
