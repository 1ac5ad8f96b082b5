"""`schoolgate run`: from an empty folder to a school that two people have agreed on, and out again."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pyotp
import pytest
from sqlalchemy import text

from audit_log.db import open_engine
from proxy_addon.probe import probe
from proxy_addon.watch_proof import read_secret
from schoolgate import running
from schoolgate.settings import load_settings
from schoolgate.wiring import utc_now
from tests.running import PATIENCE, ROOT, child_of, clean_environ, cli, eventually, setting_up_a_factor

SECRET = "three-plain-words-of-mine"
Start = Callable[[], "School"]


class School:
    """`schoolgate run` on free ports, its own state folder and whatever else of the settings."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.environ = {
            "SCHOOLGATE_STATE": str(self.state),
            "SCHOOLGATE_PROXY_PORT": "0",
            "SCHOOLGATE_API_PORT": "0",
            "SCHOOLGATE_SESSION_FILE": str(folder / "session.json"),
        }
        self.errors = folder / "errors"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "schoolgate", "run"],
                cwd=ROOT,
                env=clean_environ({"PYTHONPATH": str(ROOT), **self.environ}),
                stderr=errors,
            )

    def said(self) -> str:
        return self.errors.read_text()

    def ready(self) -> None:
        eventually(lambda: (self.process.poll(), self.said()), lambda now: "Ctrl-C" in now[1], PATIENCE)

    @property
    def proxy_port(self) -> int:
        return int(self._told(r"proxy +127.0.0.1 port ([0-9]+)"))

    @property
    def api(self) -> str:
        return self._told(r"console +(http://127.0.0.1:[0-9]+)")

    def _told(self, pattern: str) -> str:
        found = re.search(pattern, self.said())
        assert found, self.said()
        return found[1]

    def cli(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return cli(*words, environ=self.environ, given=given)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[School] = []

    def begin() -> School:
        started.append(School(tmp_path))
        return started[-1]

    yield begin
    for school in started:
        school.process.send_signal(signal.SIGTERM)
        school.process.wait(PATIENCE)


def enrol(school: School, username: str) -> None:
    code = (school.state / "enrolment" / f"{username}.code").read_text().strip()
    done = school.cli("enrol", "--api", school.api, "--password-stdin", given=f"{code}\n{SECRET}\n")
    assert done.returncode == 0, done.stderr
    again = school.cli("enrol", "--api", school.api, "--password-stdin", given=f"{code}\n{SECRET}\n")
    assert again.returncode == 1


def sign_in(school: School, username: str, code: str = "") -> str:
    words = ("login", "--username", username, "--api", school.api, "--password-stdin")
    done = school.cli(*words, given=f"{SECRET}\n{code}\n")
    assert done.returncode == 0, done.stderr
    return done.stderr


def set_up(school: School) -> str:
    """By whoever is signed in. The code of the next half minute, which is taken already."""
    with setting_up_a_factor(school.environ) as (process, secret):
        now, codes = utc_now(), pyotp.TOTP(secret)
        _, errors = process.communicate(f"{SECRET}\n{codes.at(now)}\n", PATIENCE)
    assert process.returncode == 0, errors
    assert "asked for after your password" in errors
    return codes.at(now + timedelta(seconds=30))


def propose(school: School) -> subprocess.CompletedProcess[str]:
    people = school.state / "people.csv"
    people.write_text("username,name,role,filter_groups,classes\nanna,Anna Abbot,pupil,upper-ks2,6B\n")
    return school.cli("people", "import", str(people), "--reason", "the register", "--json")


def test_the_first_start_founds_a_school_that_two_people_then_agree_on(start: Start) -> None:
    school = start()
    school.ready()
    assert "Something is wrong here" not in school.said()

    codes = {path.stem: path for path in (school.state / "enrolment").iterdir()}
    assert set(codes) == {"technician", "coordinator"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in codes.values())
    assert all(str(path) in school.said() for path in codes.values())
    assert not any(path.read_text().strip() in school.said() for path in codes.values())
    assert probe(school.state).well

    enrol(school, "technician")
    told = sign_in(school, "technician")
    assert f"{school.api}/second-factor" in told
    assert "schoolgate second-factor set" in told
    stranded = propose(school)
    assert stranded.returncode == 1
    assert "schoolgate second-factor set" in stranded.stderr
    next_code = set_up(school)
    early = propose(school)
    assert early.returncode == 1
    assert "Not agreed by two people yet" in early.stderr

    enrol(school, "coordinator")
    assert not list((school.state / "enrolment").iterdir())
    sign_in(school, "technician", next_code)
    proposed = propose(school)
    assert proposed.returncode == 0, proposed.stderr
    proposal = json.loads(proposed.stdout)["id"]
    alone = school.cli("people", "approve", proposal, "--reason", "I agree with myself")
    assert alone.returncode == 1
    assert "Nobody agrees with themselves" in alone.stderr

    sign_in(school, "coordinator")
    set_up(school)
    agreed = school.cli("people", "approve", proposal, "--reason", "as in the register")
    assert agreed.returncode == 0, agreed.stderr
    changes = json.loads(school.cli("changes", "list", "--json").stdout)["rows"]
    assert changes[-1]["texts"]["reason"] == "found as set up by one person, not yet agreed"
    assert school.cli("changes", "verify").returncode == 0
    assert stat.S_IMODE(Path(school.environ["SCHOOLGATE_SESSION_FILE"]).stat().st_mode) == 0o600

    school.process.send_signal(signal.SIGINT)
    assert school.process.wait(PATIENCE) == 0


def ready_checks(school: School) -> dict[str, bool]:
    try:
        answer = httpx2.get(f"{school.api}/readyz", timeout=20)
        return {check["name"]: check["works"] for check in answer.json()["checks"]}
    except httpx2.HTTPError:
        return {}


def test_what_dies_is_back_on_its_port_and_everything_leaves_at_the_end(start: Start) -> None:
    school = start()
    school.ready()
    names = ("proxy", "recorder", "api")
    first = {name: child_of(school.process.pid, name) for name in names}

    for pid in first.values():
        os.kill(pid, signal.SIGKILL)

    eventually(lambda: probe(school.state), lambda found: found.well, PATIENCE)
    secret = read_secret(school.state)
    assert secret
    assert secret.port == school.proxy_port
    wanted = {"database": True, "bundle": True, "recorder": True, "gate": True}
    eventually(lambda: ready_checks(school), lambda found: found == wanted, PATIENCE)
    second = {name: child_of(school.process.pid, name) for name in names}
    assert all(second[name] != first[name] for name in names)
    school.process.send_signal(signal.SIGTERM)
    assert school.process.wait(PATIENCE) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in second.values())


def test_what_starts_in_spite_of_what_it_lost_says_so_in_a_line(
    founded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = shutil.copytree(founded, tmp_path / "state")
    settings = load_settings(ROOT / "config", {"SCHOOLGATE_STATE": str(state)})
    running._tell_faults(settings)
    assert not capsys.readouterr().err
    engine = open_engine(settings.database)
    with engine.connect() as conn, conn.begin():
        conn.execute(text("DROP TRIGGER change_log_no_delete"))
    engine.dispose()

    running._tell_faults(replace(settings, api_host="10.0.0.2"))

    told = "Something is wrong here (tables and guards, pac file): schoolgate doctor explains it.\n"
    assert capsys.readouterr().err == told


def test_ports_that_are_taken_are_named_with_their_settings(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [str(each.getsockname()[1]) for each in (one, two)]
        done = cli(
            "run",
            environ={
                "SCHOOLGATE_STATE": str(tmp_path / "state"),
                "SCHOOLGATE_PROXY_PORT": ports[0],
                "SCHOOLGATE_API_PORT": ports[1],
            },
        )

    assert done.returncode == 1
    for port, key in zip(ports, ("PROXY_PORT", "API_PORT"), strict=True):
        assert f"port {port} cannot be listened on: another program listens there" in done.stderr
        assert f"SCHOOLGATE_{key}" in done.stderr
    assert not (tmp_path / "state").exists()
