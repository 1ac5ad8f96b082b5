"""A school that has been founded and is not running, and people signed in at the demo."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from change_control.enrolment import enrol
from schoolgate.settings import load_settings
from schoolgate.wiring import open_desk, utc_now
from tests.running import ROOT, Demo, Done, cli

At = Callable[..., Done]
Session = Callable[[str], Path]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its state folder. Tess has enrolled, the coordinator has not. Tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("founded") / "state"
    environ = {"SCHOOLGATE_STATE": str(folder)}
    done = cli("init", "--first", "tess:Tess Tanner:technician", environ=environ)
    assert done.returncode == 0, done.stderr
    desk = open_desk(load_settings(ROOT / "config", environ))
    code = (folder / "enrolment" / "tess.code").read_text()
    enrol(desk, code, "holds-all-the-keys", utc_now(), proxy_password="router-cable-42")
    desk.engine.dispose()
    return folder


@pytest.fixture(scope="session")
def at() -> At:
    """The command line, on a state folder."""

    def run(state: Path, *words: str) -> Done:
        return cli(*words, environ={"SCHOOLGATE_STATE": str(state)})

    return run


@pytest.fixture(scope="session")
def session(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The file that `schoolgate login` leaves behind for somebody of the demo; signed in once."""
    folder = tmp_path_factory.mktemp("sessions")

    def sign_in(username: str) -> Path:
        path = folder / f"{username}.json"
        if path.exists():
            return path
        password = demo.told["people"][username]["console_password"]
        words = ("login", "--username", username, "--api", demo.api, "--password-stdin")
        done = demo.cli(*words, session=path, given=f"{password}\n")
        assert done.returncode == 0, done.stderr
        assert password not in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        return path

    return sign_in
