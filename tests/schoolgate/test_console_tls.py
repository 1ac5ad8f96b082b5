"""Off loopback the console speaks TLS: a certificate of the school's CA, made in good time."""

import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509

from schoolgate.client import Api
from schoolgate.console_tls import (
    RENEWED,
    VALID,
    ensure_console_tls,
    keep_looking,
    must_have_console_tls,
    names_of,
)
from schoolgate.school_ca import ensure_school_ca
from schoolgate.settings import Settings, SettingsError, load_settings
from schoolgate.telling import Failed
from tests.running import PATIENCE, ROOT, clean_environ, cli, eventually

CONFIG = ROOT / "config"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def a_school(state: Path, **environ: str) -> Settings:
    given = {f"SCHOOLGATE_{key}": value for key, value in environ.items()}
    settings = load_settings(CONFIG, {"SCHOOLGATE_STATE": str(state), **given})
    ensure_school_ca(state, NOW)
    return settings


def leaf_of(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir(mode=0o700)
    return tmp_path / "state"


def test_it_is_the_schools_for_every_name_of_the_console_and_only_ours_to_read(state: Path) -> None:
    school = a_school(state, CONSOLE_URL="https://Filter.school.example:8000", API_HOST="10.0.0.2")
    path = ensure_console_tls(school, NOW)

    leaf = leaf_of(path)
    leaf.verify_directly_issued_by(leaf_of(state / "ca" / "mitmproxy-ca-cert.pem"))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(name.value) for name in names} == set(names_of(school))
    assert names_of(school) == ("filter.school.example", "10.0.0.2", "localhost", "127.0.0.1", "::1")
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == VALID == timedelta(days=397)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"PRIVATE KEY" not in school.console_ca.read_bytes()


def test_it_is_kept_until_sixty_days_before_its_end(state: Path) -> None:
    school = a_school(state)
    first = ensure_console_tls(school, NOW).read_bytes()
    end = leaf_of(school.console_tls).not_valid_after_utc
    assert ensure_console_tls(school, end - RENEWED - timedelta(hours=1)).read_bytes() == first
    assert ensure_console_tls(school, end - RENEWED).read_bytes() != first


@pytest.mark.parametrize("harm", ["another name", "damaged", "readable", "another CA"])
def test_it_is_made_anew_when_it_does_not_fit(state: Path, harm: str) -> None:
    school = a_school(state)
    first = ensure_console_tls(school, NOW).read_bytes()
    if harm == "another name":
        school = a_school(state, CONSOLE_URL="https://other.school.example")
    elif harm == "damaged":
        school.console_tls.write_bytes(first[:100])
    elif harm == "readable":
        school.console_tls.chmod(0o644)
    else:
        for path in (state / "ca.sha256", *(state / "ca").iterdir()):
            path.unlink()
        ensure_school_ca(state, NOW)
    again = ensure_console_tls(school, NOW)
    assert again.read_bytes() != first
    assert stat.S_IMODE(again.stat().st_mode) == 0o600


def test_where_the_key_of_the_ca_is_not_it_is_only_asked_for(state: Path) -> None:
    school = a_school(state)
    with pytest.raises(Failed, match="schoolgate proxy"):
        must_have_console_tls(school)
    ensure_console_tls(school, NOW)
    assert must_have_console_tls(school) == school.console_tls


def test_a_look_that_fails_is_told_and_repeated() -> None:
    looks: list[int] = []
    twice = threading.Event()

    def look() -> None:
        looks.append(1)
        if len(looks) > 1:
            twice.set()
        raise OSError("no disk")

    stop = keep_looking(look, 0.001)
    assert twice.wait(10)
    stop.set()


def test_only_this_machine_is_served_in_the_clear(state: Path) -> None:
    for host in ("127.0.0.1", "127.4.4.4", "::1", "localhost"):
        school = load_settings(CONFIG, {"SCHOOLGATE_API_HOST": host})
        assert not school.serves_tls
        assert school.api.startswith("http://")
    for host in ("0.0.0.0", "::", "10.0.0.2", "filter.school.example"):  # noqa: S104  # what a school may write
        school = load_settings(CONFIG, {"SCHOOLGATE_API_HOST": host})
        assert school.serves_tls
        assert school.api.startswith("https://")


def test_an_address_in_the_clear_is_refused_where_others_reach_it() -> None:
    with pytest.raises(SettingsError, match="console_url"):
        load_settings(
            CONFIG, {"SCHOOLGATE_API_HOST": "10.0.0.2", "SCHOOLGATE_CONSOLE_URL": "http://filter.test"}
        )


# -- a whole school that other machines may reach


class Running:
    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        self.environ = {
            "SCHOOLGATE_STATE": str(self.state),
            "SCHOOLGATE_PROXY_PORT": "0",
            "SCHOOLGATE_API_PORT": "0",
            "SCHOOLGATE_API_HOST": "0.0.0.0",  # noqa: S104  # so that it speaks TLS
            "SCHOOLGATE_PROXY_NAME": "filter.school.example",
            "SCHOOLGATE_SESSION_FILE": str(folder / "session.json"),
        }
        with (folder / "said").open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "schoolgate", "run"],
                cwd=ROOT,
                env=clean_environ({"PYTHONPATH": str(ROOT), **self.environ}),
                stderr=said,
            )
        eventually(self.said, lambda said: "Ctrl-C" in said, PATIENCE)

    def said(self) -> str:
        return (self.folder / "said").read_text()

    @property
    def api(self) -> str:
        (line,) = [line for line in self.said().splitlines() if line.startswith("  console")]
        return line.split()[1]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    school = Running(tmp_path_factory.mktemp("school"))
    try:
        yield school
    finally:
        school.process.terminate()
        school.process.wait(60)


def test_others_reach_it_by_tls_and_by_nothing_else(running: Running) -> None:
    assert running.api.startswith("https://127.0.0.1:")
    trusting = ssl.create_default_context(cafile=running.state / "tls" / "school-ca.pem")
    with httpx2.Client(base_url=running.api, verify=trusting, trust_env=False) as client:
        assert client.get("/healthz").status_code == 200
        pac = client.get("/proxy.pac")
        signing_in = client.get("/sign-in")
    assert (pac.status_code, pac.headers["content-type"]) == (200, "application/x-ns-proxy-autoconfig")
    assert f'"{running.api}/"' in pac.text
    assert '"HTTPS filter.school.example:' in pac.text
    assert signing_in.status_code == 200
    port = int(running.api.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" not in plain.recv(100)
    with pytest.raises(httpx2.HTTPError):
        httpx2.get(f"{running.api}/healthz", trust_env=False)


def test_the_command_line_trusts_the_schools_ca_and_nobody_who_only_says_so(running: Running) -> None:
    wrong = cli("login", "--username", "technician", "--password-stdin", given="no\n", environ={
        **running.environ, "SCHOOLGATE_API_PORT": running.api.rpartition(":")[2]})  # fmt: skip
    assert wrong.returncode != 0
    assert "No answer" not in wrong.stderr, wrong.stderr
    with pytest.raises(Failed, match="No answer"):
        Api(running.api).get("/session")
    (running.folder / "not-a-ca").write_text("nothing")
    with pytest.raises(Failed, match="cannot be used"):
        Api(running.api, ca=running.folder / "not-a-ca")


def test_the_consoles_cookie_insists_on_tls(running: Running) -> None:
    trusting = ssl.create_default_context(cafile=running.state / "tls" / "school-ca.pem")
    with httpx2.Client(base_url=running.api, verify=trusting, trust_env=False) as client:
        client.get("/sign-in")
        answer = client.post(
            "/sign-in",
            data={"username": "nobody", "password": "nothing at all"},
            headers={"Origin": running.api, "Sec-Fetch-Site": "same-origin"},
        )
    for cookie in answer.headers.get_list("set-cookie"):
        assert "Secure" in cookie
        assert cookie.startswith("__Host-")
