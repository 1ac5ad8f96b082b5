"""No secret of a whole story is anywhere in what the story left.

A school is founded; people enrol, sign in, browse, ask, agree and take out, with secrets that cannot be
mistaken. Then everything is searched for them.
"""

import base64
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pyotp
import pytest

from schoolgate.settings import load_settings
from schoolgate.wiring import utc_now
from tests.running import PATIENCE, ROOT, clean_environ, cli, eventually

# What each is; none is a word that stands anywhere else.
CHOSEN: Mapping[str, str] = {
    "console password of the technician": "Quokka-Teapot-9281-Lantern",
    "console password of the coordinator": "Narwhal-Biscuit-3307-Ladder",
    "wrong console password": "Walrus-Umbrella-5512-Kettle",
    "browsing password": "Pangolin-Marmalade-7719-Sofa",
    "wrong browsing password": "Ocelot-Trombone-8846-Bucket",
    "weak or refused password": "Axolotl-Curtain-1143-Harp",
    "mail password": "Capybara-Dishcloth-6678-Moon",
    "password of the database": "Meerkat-Trolley-2095-Glove",
    "password in an address": "Tapir-Windmill-4431-Spoon",
    "password in a form to a site": "Lemur-Doorknob-8802-Cloud",
    "credentials for a site": "Ibex-Pancake-5560-Rope",
    "cookie of a site": "Civet-Saxophone-3391-Brick",
}
# Where a secret may lie, because that is its place.
PLACES = re.compile(r"^keys/|^ca/.*\.pem$|^secrets/|^tls/.*\.pem$")
PARTS = (
    *("cmdline of", "environ of", "the file schoolgate.sqlite", "journal", "bundle/", "GET /metrics"),
    *("an answer of the gate", "schoolgate doctor --mail --json", "what all processes said"),
)


@dataclass
class Story:
    """What was produced, by where it came from; and the secrets, by what they are."""

    folder: Path
    secrets: dict[str, str] = field(default_factory=lambda: dict(CHOSEN))
    produced: dict[str, bytes] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def keep(self, where: str, what: bytes | str) -> None:
        name = f"{where} ({len(self.produced)})"
        self.produced[name] = what.encode() if isinstance(what, str) else what

    def hits(self) -> list[str]:
        """Which secret is where; never the secret itself, nor what stands about it."""
        spelt = {name: set(spellings(secret)) for name, secret in self.secrets.items()}
        return [
            f"{name} in {where}"
            for where, what in self.produced.items()
            for name, ways in spelt.items()
            if any(way in what for way in ways)
        ]


def spellings(secret: str) -> Iterator[bytes]:
    """As it is, and as programs write it."""
    raw = secret.encode()
    yield raw
    yield quote(secret, safe="").encode()
    yield json.dumps(secret)[1:-1].encode()
    yield raw[::-1]
    yield raw.hex().encode()
    for shift in range(3):  # wherever it stands in something that base64 was made of
        inner = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        yield inner[4 if shift else 0 : -2]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    made = Story(tmp_path_factory.mktemp("secrets"))
    _told(made)
    _gathered(made)
    return made


def _told(story: Story) -> None:
    mail = story.folder / "mail.password"
    mail.write_text(story.secrets["mail password"])
    environ = {
        "SCHOOLGATE_STATE": str(story.state),
        "SCHOOLGATE_PROXY_PORT": "0",
        "SCHOOLGATE_API_PORT": "0",
        "SCHOOLGATE_MAIL_HOST": "127.9.0.11",
        "SCHOOLGATE_MAIL_PORT": "2525",
        "SCHOOLGATE_MAIL_FROM": "filter@school.example",
        "SCHOOLGATE_MAIL_USER": "filter",
        "SCHOOLGATE_MAIL_PASSWORD_FILE": str(mail),
        "SCHOOLGATE_LOG_LEVEL": "debug",
        "PYTHONPATH": str(ROOT),
    }
    errors = story.folder / "errors"
    with errors.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "schoolgate", "run"],
            cwd=ROOT,
            env=clean_environ(environ),
            stdout=out,
            stderr=out,
        )
    try:
        eventually(lambda: (process.poll(), errors.read_text()), lambda now: "Ctrl-C" in now[1], PATIENCE)
        said = errors.read_text()
        (port,) = re.findall(r"proxy +127\.0\.0\.1 port ([0-9]+)", said)
        (api,) = re.findall(r"console +(http://127\.0\.0\.1:[0-9]+)", said)
        _over_the_api(story, api)
        _through_the_gate(story, int(port))
        _children(story, process.pid)
        for words in (
            ("doctor", "--json"),
            ("doctor",),
            ("doctor", "--mail", "--json"),
            ("explain", "--help"),
        ):
            done = cli(*words, environ=environ)
            story.keep(f"schoolgate {' '.join(words)}", done.stdout + done.stderr)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        story.keep("what all processes said", errors.read_bytes())
    settings = load_settings(
        ROOT / "config", {k: v for k, v in environ.items() if k.startswith("SCHOOLGATE")}
    )
    story.keep("the settings, as Python shows them", repr(settings))


def _over_the_api(story: Story, api: str) -> None:
    secrets = story.secrets
    with httpx2.Client(base_url=api, timeout=60, trust_env=False) as client:

        def ask(method: str, path: str, *, kept: bool = True, **more: Any) -> httpx2.Response:
            answer = client.request(method, path, **more)
            if kept:
                story.keep(f"{method} {path}", answer.content + str(answer.headers).encode())
            return answer

        tokens = {}
        for username in ("technician", "coordinator"):
            code = (story.state / "enrolment" / f"{username}.code").read_text().strip()
            secrets[f"enrolment code of the {username}"] = code
            password = secrets[f"console password of the {username}"]
            ask("POST", "/api/v1/enrolment", json={"code": code, "password": "short"})
            assert ask("POST", "/api/v1/enrolment", json={"code": code, "password": password}).is_success
            wrong = {"username": username, "password": secrets["wrong console password"]}
            assert ask("POST", "/api/v1/session", json=wrong).status_code == 401
            ask("POST", "/sign-in", data=wrong, headers={"Accept": "text/html"})
            right = {"username": username, "password": password}
            tokens[username] = ask("POST", "/api/v1/session", json=right, kept=False).json()["token"]
            secrets[f"token of the {username}"] = tokens[username]
            next_code = _second_factor(story, ask, username, tokens[username])
        step = ask("POST", "/sign-in", data=right, headers={"Accept": "text/html"})
        (ticket,) = re.findall(r'name="ticket" value="([^"]+)"', step.text)
        form = {"ticket": ticket, "code": next_code}
        signed = ask("POST", "/sign-in/code", data=form, headers={"Accept": "text/html"}, kept=False)
        secrets["cookie of the console"] = signed.cookies["schoolgate"]
        client.cookies.clear()

        def as_(username: str) -> dict[str, str]:
            return {"Authorization": f"Bearer {tokens[username]}"}

        cookie = {"Cookie": f"schoolgate={secrets['cookie of the console']}", "Accept": "text/html"}
        _register(story, ask, as_)
        refused = {"which": "console", "old": secrets["weak or refused password"], "new": "x" * 20}
        assert ask("POST", "/api/v1/password", json=refused, headers=as_("technician")).status_code == 422
        for path in (
            "/",
            "/people",
            "/filtering-log",
            "/changes",
            "/policy",
            "/password",
            "/lists",
            "/nothing",
        ):
            ask("GET", path, headers=cookie)
        told = ask("GET", "/openapi.json").json()["paths"]
        for path, methods in told.items():
            if "get" in methods and not path.endswith("/tail") and "{" not in path:
                query = {"purpose": "a drill", "user": "anna", "url": "bet.example", "month": "2026-11"}
                named = {each["name"] for each in methods["get"].get("parameters", ())}
                params = {name: value for name, value in query.items() if name in named}
                ask("GET", path, headers=as_("coordinator"), params=params)
        for path in ("/metrics", "/healthz", "/readyz"):
            ask("GET", path)
        bad = {"Authorization": f"Bearer {tokens['technician']}é".encode()}
        ask("GET", "/api/v1/policy", headers=bad)
        ask("POST", "/api/v1/unblocks", content=b"{", headers=as_("technician"))


def _second_factor(story: Story, ask: Any, username: str, token: str) -> str:
    """The school wants one before anything else. The code of the next half minute, which is taken already."""
    headers = {"Authorization": f"Bearer {token}"}
    begun = ask("POST", "/api/v1/second-factor/begin", headers=headers, kept=False).json()
    story.secrets[f"secret of the second factor of the {username}"] = begun["secret"]
    codes = pyotp.TOTP(begun["secret"])
    now = utc_now()
    body = {
        "begun": begun["begun"],
        "code": codes.at(now),
        "password": story.secrets[f"console password of the {username}"],
    }
    made = ask("POST", "/api/v1/second-factor", headers=headers, json=body)
    assert made.is_success, made.text
    return codes.at(now + timedelta(seconds=30))


def _register(story: Story, ask: Any, as_: Any) -> None:
    """Anna is put on the register by two, and chooses her browsing password."""
    row = {"username": "anna", "name": "Anna Abbot", "role": "pupil", "filter_groups": ["upper-ks2"],
           "classes": ["6B"], "agreement_signed": True}  # fmt: skip
    body = {"rows": [row], "reason": "the register"}
    proposed = ask("POST", "/api/v1/people/proposals", json=body, headers=as_("technician"), kept=False)
    assert proposed.is_success, proposed.text
    url = f"/api/v1/people/proposals/{proposed.json()['id']}/approve"
    agreed = ask("POST", url, json={"reason": "as in the office"}, headers=as_("coordinator"), kept=False)
    assert agreed.is_success, agreed.text
    first = proposed.json()["first_passwords"]["anna"]["proxy"]
    story.secrets["first password of a pupil"] = first
    chosen = {"username": "anna", "old": first, "new": story.secrets["browsing password"]}
    changed = ask("POST", "/api/v1/browsing-password", json=chosen)
    assert changed.is_success, changed.text


def _through_the_gate(story: Story, port: int) -> None:
    """By plain HTTP and by CONNECT; with credentials that are right, wrong and not ours at all."""
    secrets = story.secrets
    for password in (secrets["browsing password"], secrets["wrong browsing password"]):
        mine = base64.b64encode(f"anna:{password}".encode()).decode()
        for host in ("bet.example", "127.0.0.1"):
            address = f"http://teacher:{secrets['password in an address']}@{host}/login"
            for target in (address, f"http://{host}/login"):
                body = f"user=a&password={secrets['password in a form to a site']}"
                _said(story, port, (
                    f"POST {target} HTTP/1.1\r\nHost: {host}\r\nProxy-Authorization: Basic {mine}\r\n"
                    f"Authorization: Bearer {secrets['credentials for a site']}\r\n"
                    f"Cookie: sid={secrets['cookie of a site']}\r\nContent-Length: {len(body)}\r\n"
                    f"Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n{body}"
                ))  # fmt: skip
        _said(story, port, f"CONNECT bet.example:443 HTTP/1.1\r\nHost: bet.example:443\r\n"
                           f"Proxy-Authorization: Basic {mine}\r\n\r\n")  # fmt: skip
        _said(story, port, f"GET / HTTP/1.1\r\nProxy-Authorization: Basic {mine}\r\n{mine}\r\n bad\0\r\n\r\n")


def _said(story: Story, port: int, request: str) -> None:
    with socket.create_connection(("127.0.0.1", port), 30) as client:
        client.sendall(request.encode())
        client.shutdown(socket.SHUT_WR)
        came = b""
        try:
            while part := client.recv(65536):
                came += part
        except OSError:
            came += b" reset"
    story.keep("an answer of the gate", came)


def _children(story: Story, pid: int) -> None:
    """What anybody on this machine can see of our processes, and their environment."""
    there = [Path("/proc") / str(pid)]
    for process in there:
        for file in (process / "task").glob("*/children"):
            there += [Path("/proc") / child for child in file.read_text().split()]
    assert len(there) >= 4, "the supervisor, the gate, the recorder and the api"
    for process in there:
        for name in ("cmdline", "environ"):
            story.keep(f"{name} of a process", (process / name).read_bytes())


def _gathered(story: Story) -> None:
    """Everything on the disk, and every table once more as text."""
    for path in sorted(story.state.rglob("*")):
        name = path.relative_to(story.state).as_posix()
        if path.is_file() and not PLACES.search(name):
            story.keep(f"the file {name}", path.read_bytes())
    keys = [*story.state.glob("keys/*"), *story.state.glob("ca/*.pem")]
    for path in keys:
        lines = path.read_text(errors="replace").splitlines()
        if any("PRIVATE KEY" in line for line in lines):
            start = next(i for i, line in enumerate(lines) if "PRIVATE KEY" in line)
            story.secrets[f"the key in {path.name}"] = lines[start + 1]
    with sqlite3.connect(story.state / "schoolgate.sqlite") as conn:
        story.keep("the database as text", "\n".join(conn.iterdump()))
    conn.close()


def test_no_secret_is_anywhere_that_is_not_its_place(story: Story) -> None:
    assert story.hits() == []


def test_the_story_was_told(story: Story) -> None:
    """Or there would be nothing to find."""
    names = " ".join(story.produced)
    assert {part for part in PARTS if part not in names} == set()
    assert len(story.produced) > 100
    assert len(story.secrets) >= len(CHOSEN) + 8
    text = story.produced[next(name for name in story.produced if name.startswith("the database as text"))]
    assert b"anna" in text
    assert b"bet.example" in text
    assert b"$argon2" in text  # hashes may be there


def test_the_search_finds_each_secret_in_each_spelling(story: Story) -> None:
    """It can fail: one is planted, in all the ways that programs write it."""
    for name, secret in story.secrets.items():
        for planted in (
            secret.encode(),
            base64.b64encode(f"anna:{secret}".encode()),
            base64.b64encode(f"somebody:{secret}".encode()),
            base64.b64encode(f"tess:{secret}!".encode()),
            json.dumps({"a": secret}).encode(),
            quote(secret, safe="").encode(),
            secret.encode().hex().encode(),
        ):
            found = Story(story.folder, {name: secret}, {"planted": b"\0before" + planted + b"after"})
            assert found.hits() == [f"{name} in planted"]


@pytest.mark.parametrize("words", [("doctor", "--json"), ("api",)])
def test_a_database_that_is_away_tells_nobody_its_password(tmp_path: Path, words: tuple[str, ...]) -> None:
    password = CHOSEN["password of the database"]
    environ = {
        "SCHOOLGATE_STATE": str(tmp_path / "state"),
        "SCHOOLGATE_DATABASE_URL": f"postgresql+psycopg://sg:{password}@127.9.0.9:1/none",
        "SCHOOLGATE_PROXY_PORT": "0",
        "SCHOOLGATE_API_PORT": "0",
    }
    command = [sys.executable, "-m", "schoolgate", *words]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=clean_environ({"PYTHONPATH": str(ROOT), **environ}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    out, err = process.communicate(timeout=PATIENCE)
    found = Story(tmp_path, {"password of the database": password}, {"said": out + err})
    for path in (tmp_path / "state").rglob("*"):
        if path.is_file():
            found.keep(path.name, path.read_bytes())

    assert found.hits() == []
    assert out + err
    settings = load_settings(ROOT / "config", environ)
    assert password not in repr(settings)
