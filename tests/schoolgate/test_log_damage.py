"""`schoolgate log damage` and `release`, beside a window whose recorder waits at a damaged place."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from audit_log.heartbeat import Stopped
from schoolgate.client import SignedIn
from tests.audit_api.school import School, build_school, open_desk
from tests.change_control.test_journal_releases import BAD, PLACE, SEGMENT, stop_at
from tests.running import Done, cli

OTHER = Stopped(SEGMENT, PLACE.resume + 100, PLACE.resume + 200)


class Window:
    """A school's API on a socket, and the command line of somebody who is signed in there."""

    def __init__(self, school: School, folder: Path) -> None:
        self.school = school
        self.folder = folder
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server = uvicorn.Server(uvicorn.Config(school.app, log_config=None, lifespan="off"))
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],), daemon=True)
        self.thread.start()

    def say(self, username: str, *words: str) -> Done:
        signed_in = SignedIn(self.url, username, self.school.token(username)[0])
        path = self.folder / "session.json"
        path.write_text(json.dumps({"api": signed_in.api, "username": username, "token": signed_in.token}))
        return cli(*words, environ={"SCHOOLGATE_SESSION_FILE": str(path)})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        self.listener.close()
        self.school.desk.engine.dispose()


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    build_school(tmp_path / "state")
    made = Window(School(open_desk(tmp_path / "state")), tmp_path)
    yield made
    made.close()


def test_damage_is_shown_released_and_then_told_to_have_been(window: Window) -> None:
    stop_at(window.school.desk.state, PLACE)

    found = window.say("terry", "log", "damage")
    assert found.returncode == 1
    assert found.stdout.startswith("SEGMENT")
    assert SEGMENT in found.stdout
    assert "schoolgate log release SEGMENT" in found.stderr

    done = window.say("terry", "log", "release", SEGMENT, "--reason", "a torn block")
    assert done.returncode == 0, done.stderr
    assert f"goes on after {len(BAD)} damaged bytes" in done.stderr

    stop_at(window.school.desk.state)  # the recorder has gone on
    after = window.say("gail", "log", "damage", "--json")
    assert after.returncode == 0
    assert json.loads(after.stdout)["releases"][0]["bytes"] == len(BAD)


def test_a_place_that_is_none_is_answered_with_those_there_are(window: Window) -> None:
    nowhere = window.say("terry", "log", "release", SEGMENT, "--reason", "why")
    stop_at(window.school.desk.state, PLACE, OTHER)
    several = window.say("terry", "log", "release", SEGMENT, "--reason", "why")
    wrong = window.say("terry", "log", "release", SEGMENT, "--offset", "1", "--reason", "why")

    assert "waits at no damaged place" in nowhere.stderr
    assert f"several places of this file:\n  {SEGMENT} --offset {PLACE.offset}" in several.stderr
    assert f"--offset {OTHER.offset}" in wrong.stderr
    assert {each.returncode for each in (nowhere, several, wrong)} == {1}


def test_who_may_not_release_is_told_so(window: Window) -> None:
    stop_at(window.school.desk.state, PLACE)

    done = window.say("gail", "log", "release", SEGMENT, "--reason", "why")

    assert done.returncode == 1
    assert "Your role may not do this" in done.stderr
