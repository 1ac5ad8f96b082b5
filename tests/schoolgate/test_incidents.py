"""`schoolgate incidents`: the same rules as in the window."""

import json
import zipfile
from pathlib import Path
from typing import Any

from tests.running import Demo
from tests.schoolgate.conftest import Session


def told(demo: Demo, session: Path, *words: str) -> Any:
    done = demo.cli("incidents", *words, "--json", session=session)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_incident_is_opened_signed_by_two_and_shut_off_from_the_keyboard(
    demo: Demo, session: Session, tmp_path: Path
) -> None:
    cora, hilda = session("cora"), session("hilda")
    made = told(demo, cora, "open", "--kind", "pupil-files", "--person", "luca", "--text", "a game")
    id_ = made["id"]
    why = ("--reason", "as we saw")
    step = told(demo, cora, "ask", id_, "investigate", *why)["case"]["steps"][0]["id"]
    assert step in [each["step"]["id"] for each in told(demo, hilda, "queue")["to_sign"]]
    queue = demo.cli("incidents", "queue", session=hilda).stdout
    (line,) = (each for each in queue.splitlines() if step in each)
    assert ("Luca Lane" in line, "Cora" in line, "T" in line.split()[-1]) == (True, True, False)
    signed = demo.cli("incidents", "sign", id_, step, session=hilda)
    assert "asked by:     Cora" in signed.stdout
    assert "signed by:    Hilda" in signed.stdout
    assert "state:          investigation" in signed.stdout
    shut = told(demo, cora, "isolate", id_, "10.99.3.17", *why)["case"]["isolated"][0]
    file = tmp_path / "shot.png"
    file.write_bytes(b"png")
    attached = told(demo, cora, "attach", id_, str(file), "--says", "her screen")["case"]["files"][0]
    back = demo.cli("incidents", "file", id_, attached["id"], "--out", str(tmp_path / "b.png"), session=hilda)
    assert (tmp_path / "b.png").read_bytes() == b"png", back.stderr
    demo.cli("incidents", "referral", id_, "--out", str(tmp_path / "r.zip"), session=cora)
    assert zipfile.is_zipfile(tmp_path / "r.zip")
    shown = demo.cli("incidents", "show", id_, session=cora).stdout

    assert "Luca Lane" in shown
    assert f"{shut['id']} 10.99.3.17" in shown
    assert f"{attached['id']} shot.png her screen" in shown
    assert id_ in demo.cli("incidents", "list", session=hilda).stdout
    assert demo.cli("incidents", "list", session=session("mary")).stdout.count("\n") == 1
    hidden = demo.cli("incidents", "show", id_, session=session("mary"))
    assert (hidden.returncode, "Not found" in hidden.stderr) == (1, True)


def test_who_reports_from_the_keyboard_is_told_that_it_came_in(demo: Demo, session: Session) -> None:
    words = ("report", "--text", "somebody knows my password", "--kind", "technical-breach")
    done = demo.cli("incidents", *words, session=session("mary"))

    assert (done.returncode, "Reported." in done.stderr) == (0, True), done.stderr
