"""Signing in and out on the command line."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pyotp

from schoolgate.wiring import utc_now
from tests.running import Demo
from tests.schoolgate.conftest import Session


def test_without_signing_in_nothing_is_read_or_changed(demo: Demo, tmp_path: Path) -> None:
    done = demo.cli("unblocks", "list", session=tmp_path / "none.json")

    assert done.returncode == 1
    assert "schoolgate login" in done.stderr


def test_a_wrong_password_signs_nobody_in(demo: Demo, tmp_path: Path) -> None:
    words = ("login", "--username", "nora", "--api", demo.api, "--password-stdin")

    done = demo.cli(*words, session=tmp_path / "s.json", given="not-the-password\n")

    assert done.returncode == 1
    assert "Wrong user name or password" in done.stderr
    assert not (tmp_path / "s.json").exists()


def test_signing_out_ends_the_session_everywhere(demo: Demo, session: Session, tmp_path: Path) -> None:
    mine = session("hilda")
    copy = tmp_path / "copy.json"
    copy.write_text(mine.read_text())

    assert demo.cli("logout", session=mine).returncode == 0

    assert not mine.exists()
    assert "Sign in" in demo.cli("unblocks", "list", session=copy).stderr


def test_an_api_that_does_not_answer_is_told_so(demo: Demo, tmp_path: Path) -> None:
    words = ("login", "--username", "nora", "--api", "http://127.0.0.1:1", "--password-stdin")

    done = demo.cli(*words, session=tmp_path / "s.json", given="x\n")

    assert done.returncode == 1
    assert "Is it running? schoolgate run" in done.stderr


def test_the_six_digits_are_asked_for_until_two_people_clear_the_second_factor(
    demo: Demo, session: Session, tmp_path: Path
) -> None:
    password = demo.told["people"]["liam"]["console_password"]
    words = ("login", "--username", "liam", "--api", demo.api, "--password-stdin", "--json")
    path = tmp_path / "s.json"
    told = json.loads(demo.cli(*words, session=path, given=f"{password}\n").stdout)
    assert told["must_set_second_factor"] is False
    next_code = set_up(demo, path, password)

    without = demo.cli(*words, session=path, given=f"{password}\n")
    done = demo.cli(*words, session=path, given=f"{password}\n{next_code}\n")

    assert without.returncode == 1
    assert done.returncode == 0, done.stderr
    row = {"username": "liam", "clear_second_factor": True}
    body = {"rows": [row], "reason": "a telephone was lost"}
    proposed = post(demo, session("cora"), "/people/proposals", body).json()["id"]
    agreed = post(demo, session("hilda"), f"/people/proposals/{proposed}/approve", {"reason": ""})
    assert agreed.status_code == 200, agreed.text
    assert demo.cli(*words, session=path, given=f"{password}\n").returncode == 0


def set_up(demo: Demo, path: Path, password: str) -> str:
    """The code of the next half minute, which is taken already."""
    begun = post(demo, path, "/second-factor/begin", {}).json()
    step = int(utc_now().timestamp()) // 30
    codes = pyotp.HOTP(begun["secret"])
    body = {"begun": begun["begun"], "code": codes.at(step), "password": password}
    assert post(demo, path, "/second-factor", body).status_code == 204
    return codes.at(step + 1)


def post(demo: Demo, session_file: Path, path: str, body: dict[str, Any]) -> httpx2.Response:
    token = json.loads(session_file.read_text())["token"]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.post(f"{demo.api}/api/v1{path}", json=body, headers=headers, trust_env=False)
