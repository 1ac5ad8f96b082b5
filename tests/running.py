"""Real processes for tests: a demo school on ports of its own, asked with curl as a device would."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).parent.parent
PATIENCE = 110.0  # a machine that does much else at once


Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What curl saw. `connect` is the proxy's answer to CONNECT, 0 without one."""

    status: int
    connect: int
    body: str


@dataclass(slots=True)
class Demo:
    """A running `schoolgate demo --json`."""

    process: subprocess.Popen[str]
    state: Path
    told: Mapping[str, Any]
    errors: Path
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def proxy(self) -> str:
        return str(self.told["proxy"])

    @property
    def api(self) -> str:
        return str(self.told["api"])

    def get(self, url: str, user: str | None = "anna", *more: str, password: str | None = None) -> Answer:
        """As a device of the school: through the proxy, trusting the school's CA."""
        command = ["curl", "-s", "-m", "60", "-x", self.proxy, "--cacert", str(self.told["ca"])]
        if user is not None:
            command += ["-U", f"{user}:{password or self.told['people'][user]['password']}"]
        written = ["-w", "\n%{http_code} %{http_connect}"]
        done = subprocess.run([*command, *written, *more, url], capture_output=True, text=True, check=False)
        body, _, codes = done.stdout.rpartition("\n")
        status, connect = map(int, codes.split())
        return Answer(status, connect, body)

    def token(self, user: str) -> str:
        if user not in self.tokens:
            credentials = {"username": user, "password": self.told["people"][user]["console_password"]}
            answer = httpx2.post(f"{self.api}/api/v1/session", json=credentials, timeout=60)
            assert answer.status_code == 200, answer.text
            self.tokens[user] = answer.json()["token"]
        return self.tokens[user]

    def ask_api(
        self, user: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> httpx2.Response:
        return httpx2.request(
            method,
            f"{self.api}/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token(user)}"},
            timeout=60,
        )

    def cli(
        self, *words: str, session: Path | None = None, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """The command line, on the settings of this school."""
        environ = {"SCHOOLGATE_CONFIG": str(self.state / "config")}
        if session:
            environ["SCHOOLGATE_SESSION_FILE"] = str(session)
        return cli(*words, environ=environ, given=given)


def child_of(parent: int, word: str) -> int:
    """The child of that process with that word on its command line. Raises LookupError."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and _parent(folder) == parent:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
            if word in words:
                return int(folder.name)
    raise LookupError(word)


def _parent(folder: Path) -> int | None:
    try:
        found = re.search(r"^PPid:\s+(\d+)", (folder / "status").read_text(), re.MULTILINE)
    except OSError:  # it ended while we looked
        return None
    return int(found[1]) if found else None


def clean_environ(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """No setting of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCHOOLGATE_")}
    return {**kept, **(more or {})}


def cli(*words: str, environ: Mapping[str, str] | None = None, given: str = "", cwd: Path = ROOT) -> Done:
    command = [sys.executable, "-m", "schoolgate", *words]
    env = clean_environ({"PYTHONPATH": str(ROOT), "COLUMNS": "200", **(environ or {})})
    return subprocess.run(
        command, cwd=cwd, env=env, input=given, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


@contextmanager
def setting_up_a_factor(environ: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`schoolgate second-factor set`, which waits for a password and a code; and the secret that it shows."""
    with subprocess.Popen(
        [sys.executable, "-m", "schoolgate", "second-factor", "set", "--password-stdin"],
        cwd=ROOT,
        env=clean_environ({"PYTHONPATH": str(ROOT), **environ}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield process, process.stdout.readline().removeprefix("secret:").replace(" ", "").strip()


@contextmanager
def running_demo(state: Path, *options: str) -> Iterator[Demo]:
    """Started, ready, and gone again at the end."""
    command = [sys.executable, "-m", "schoolgate", "demo", "--json", "--state", str(state)]
    errors = state.with_name(f"{state.name}.errors")
    with errors.open("a") as log:
        process = subprocess.Popen(
            [*command, "--proxy-port", "0", "--api-port", "0", *options],
            cwd=ROOT,
            env=clean_environ(),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout
        line = process.stdout.readline()
        assert line, errors.read_text()
        yield Demo(process, state, json.loads(line), errors)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)


def eventually[T](look: Callable[[], T], wanted: Callable[[T], bool], seconds: float = 30.0) -> T:
    """The first answer that is wanted; fails with the last one."""
    deadline = time.monotonic() + seconds
    while not wanted(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found
