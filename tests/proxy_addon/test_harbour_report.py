"""The console's page to report something is reached by everybody, also inside; nothing else there is."""

import contextlib
import re
import socket
import ssl
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from proxy_addon.harbour import Harbour
from schoolgate.console_tls import ensure_console_tls
from schoolgate.demo.authority import ExampleAuthority
from schoolgate.settings import load_settings
from tests.builders import NOON, a_person
from tests.doors import read_head
from tests.harness import ROOT, Gate, a_gate, an_account, everybody, proxy_login, start
from tests.origins import Origin, an_origin
from tests.proxy_addon.test_harbour import NOBODY_AT_ALL, of, opened

SUE = an_account(a_person("sue", suspended_from=NOON - timedelta(days=1)))
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nreport it here"
ITS_PARTS = (
    "/report",
    "/report?ref=K7M-4QX",
    "/report/thanks",
    "/static/app.css",
    "/static/icons/a-b_c.1.svg",
)
NOT_ITS_PARTS = (
    *(
        "/",
        "/login",
        "/reports",
        "/report/",
        "/report/x",
        "/report/thanks/x",
        "/report/../login",
        "/report/%2e%2e/login",
        "/Report",
        "//report",
    ),
    *("/static", "/static/", "/static/../login", "/static/%2e%2e/login", "/static/..;/login", "/static/.env"),
    *("/static/a/..%2f..%2flogin", "/static//login", "/api/v1/incidents", "/static/a\\..\\..\\login"),
)


class SchoolAuthority(ExampleAuthority):
    """Signs as the school's own CA does for its console."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._state = gate.state

    def write_site(self, hosts: Iterable[str], folder: Path) -> Path:
        told = {"SCHOOLGATE_STATE": str(self._state), "SCHOOLGATE_CONSOLE_URL": "https://console.test:8000"}
        return ensure_console_tls(load_settings(ROOT / "config", told), datetime.now(UTC))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gate, Origin, str]]:
    """A gate whose console is inside the school, where no policy opens a way; and its host and port."""
    with an_origin(tmp_path_factory.mktemp("console"), []) as console:
        console.answers["/report"] = PAGE
        host = f"console.test:{console.http[1]}"
        own, accounts = (console.http, console.https), [*everybody(), SUE]
        with a_gate(accounts=accounts, own_addresses=own, console=f"http://{host}") as gate:
            gate.set_names({host: [console.http]})
            yield gate, console, host


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gate, Origin, str]]:
    """The same over TLS, with a certificate of the school's own CA, which the gate has made."""
    with contextlib.ExitStack() as stack:
        gate = stack.enter_context(a_gate(accounts=[*everybody(), SUE]))
        folder = tmp_path_factory.mktemp("console")
        console = stack.enter_context(an_origin(folder, [], "127.0.0.1", SchoolAuthority(gate)))
        console.answers["/report"] = PAGE
        host = f"console.test:{console.https[1]}"
        gate.set_names({host: [console.https]})
        gate.process.kill()
        gate.process.wait()
        gate.own, gate.console = (console.http, console.https), f"https://{host}"
        start(gate)
        yield gate, console, host


def said_to(client: socket.socket, data: bytes) -> bytes:
    """The whole of one answer, without waiting for more."""
    client.sendall(data)
    head = read_head(client)
    length = re.search(rb"content-length: ([0-9]+)", head, re.IGNORECASE)
    body = b""
    while length and len(body) < int(length[1]):
        body += client.recv(65536) or b"\0" * int(length[1])
    return head + body


def asked(made: tuple[Gate, Origin, str], path: str, login: bytes = b"", method: str = "GET") -> bytes:
    gate, _, host = made
    is_plain = gate.console.startswith("http://")
    line = f"{method} {f'http://{host}{path}' if is_plain else path} HTTP/1.1\r\nHost: {host}\r\n".encode()
    body = b"Content-Length: 4\r\n\r\nwhat" if method == "POST" else b"\r\n"
    if is_plain:
        with gate.connect() as client:
            return said_to(client, line + login + body)
    status, client = opened(gate, host, login)
    assert status == 200
    context = ssl.create_default_context(cafile=str(gate.ca))
    with context.wrap_socket(client, server_hostname="console.test") as inside:
        return said_to(inside, line + body)


@pytest.mark.parametrize("login", [b"", proxy_login("sue"), proxy_login("anna", "wrong")])
@pytest.mark.parametrize("way", ["plain", "secure"])
def test_whoever_has_something_to_report_gets_there(
    way: str, login: bytes, request: pytest.FixtureRequest
) -> None:
    made = request.getfixturevalue(way)
    for path in ITS_PARTS:
        assert asked(made, path, login).startswith(b"HTTP/1.1 200 ")
        assert made[1].seen[-1].path == path
    assert asked(made, "/report", login, "POST").endswith(b"report it here")
    row = made[0].last_row(kind="request", host="console.test", reason="safe-harbour")
    assert (row["rule"], row["url"].count("/"), of(row)) == ("report", 3, NOBODY_AT_ALL)
    assert all("proxy-authorization" not in seen.fields for seen in made[1].seen)


@pytest.mark.parametrize("login", [b"", proxy_login("anna")])
@pytest.mark.parametrize("way", ["plain", "secure"])
def test_nothing_else_of_the_console_is_reached(
    way: str, login: bytes, request: pytest.FixtureRequest
) -> None:
    made = request.getfixturevalue(way)
    before = len(made[1].seen)
    for path in NOT_ITS_PARTS:
        assert b" 200 " not in asked(made, path, login).partition(b"\r\n")[0], path
    for method in ("PUT", "DELETE", "OPTIONS", "POST"):
        assert b" 200 " not in asked(made, "/static/app.css", login, method).partition(b"\r\n")[0]
    assert len(made[1].seen) == before


def test_no_other_port_scheme_or_name_of_it_is_reached(plain: tuple[Gate, Origin, str]) -> None:
    gate, console, host = plain
    names = {host: [console.http], f"evil.test:{console.http[1]}": [console.http]}
    gate.set_names(names | {"console.test:443": [console.https]})
    before = console.connections
    for other in (f"127.0.0.1:{console.http[1]}", f"evil.test:{console.http[1]}"):
        assert b" 403 " in first_line(gate, other, "/report", proxy_login("tess"))
    assert b" 407 " in first_line(gate, host, "/report", b"X-A: b\r\n", named="evil.test")
    for target in (host, "console.test:443"):
        status, client = opened(gate, target)
        client.close()
        assert status == 407
    assert console.connections == before


def first_line(gate: Gate, host: str, path: str, more: bytes = b"", named: str = "") -> bytes:
    with gate.connect() as client:
        head = f"GET http://{host}{path} HTTP/1.1\r\nHost: {named or host}\r\n".encode()
        return said_to(client, head + more + b"\r\n").partition(b"\r\n")[0]


def test_who_has_just_reported_something_gets_no_further_on_that_connection(
    plain: tuple[Gate, Origin, str],
) -> None:
    gate, console, host = plain
    evil = f"evil.test:{console.http[1]}"
    gate.set_names({host: [console.http], evil: [console.http]})
    with gate.connect() as client:
        first = said_to(client, f"GET http://{host}/report HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        before = len(console.seen)
        for other in (evil, host):
            head = f"GET http://{other}/login HTTP/1.1\r\nHost: {other}\r\n".encode()
            answer = said_to(client, head + proxy_login("anna") + b"\r\n")
            assert b" 403 " in answer.partition(b"\r\n")[0]
    assert first.startswith(b"HTTP/1.1 200 ")
    assert len(console.seen) == before


def test_nor_does_anybody_in_the_same_tunnel(secure: tuple[Gate, Origin, str]) -> None:
    gate, console, host = secure
    status, client = opened(gate, host)
    context = ssl.create_default_context(cafile=str(gate.ca))
    with context.wrap_socket(client, server_hostname="console.test") as inside:
        first = said_to(inside, f"GET /report HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        before = len(console.seen)
        second = said_to(inside, f"GET /login HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert status == 200
    assert first.startswith(b"HTTP/1.1 200 ")
    assert b" 403 " in second.partition(b"\r\n")[0]
    assert len(console.seen) == before


@pytest.mark.parametrize("login", [b"", proxy_login("anna"), proxy_login("sue")])
@pytest.mark.parametrize("way", ["plain", "secure"])
def test_what_a_browser_asks_for_beside_the_page_tells_nobody_who_reported(
    way: str, login: bytes, request: pytest.FixtureRequest
) -> None:
    made = request.getfixturevalue(way)
    assert b" 403 " in asked(made, "/favicon.ico", login).partition(b"\r\n")[0]
    assert of(made[0].last_row(kind="request", host="console.test", reason="egress")) == NOBODY_AT_ALL


def test_whatever_goes_wrong_in_a_tunnel_there_tells_nobody_who_opened_it(
    secure: tuple[Gate, Origin, str],
) -> None:
    gate, _, host = secure

    def rows_of(said: bytes, cafile: Path) -> list[dict[str, Any]]:
        before = len(gate.rows())
        _, client = opened(gate, host, proxy_login("anna"))
        context = ssl.create_default_context(cafile=str(cafile))
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            inside: socket.socket = stack.enter_context(client)
            if said:
                inside = stack.enter_context(context.wrap_socket(client, server_hostname="console.test"))
            inside.sendall(said or b"no hello\r\n\r\n")
            inside.recv(65536)
        return gate.wait_rows(lambda rows: len(rows) >= before + 2)[before:]

    evil = b"GET /report HTTP/1.1\r\nHost: evil.test\r\n\r\n"
    for said, ca, reason in (
        (b"", gate.ca, "not-tls"),
        (evil, gate.origin.ca, "tls-failed"),
        (evil, gate.ca, "egress"),
        (b"GET /re port HTTP/1.1\r\nHost: x\r\n\r\n", gate.ca, "bad-request"),
    ):
        found = rows_of(said, ca)
        assert found[-1]["reason"] == reason
        assert [of(row) for row in found] == [NOBODY_AT_ALL] * len(found)


@pytest.mark.parametrize("stage", ["names", "classify", "decide", "page"])
def test_a_report_that_fails_closed_tells_nobody_who_reported(
    plain: tuple[Gate, Origin, str], stage: str
) -> None:
    gate, _, host = plain
    before = len(gate.rows())
    with gate.failing(stage, "Exception"):
        first_line(gate, host, "/report", proxy_login("anna"))
    for row in gate.wait_rows(lambda rows: len(rows) > before)[before:]:
        assert of(row) == NOBODY_AT_ALL


@pytest.mark.parametrize("way", ["plain", "secure"])
def test_what_cannot_be_recorded_does_not_get_there(way: str, request: pytest.FixtureRequest) -> None:
    gate, console, host = request.getfixturevalue(way)
    before = console.connections
    with gate.failing("record", "Exception"):
        if way == "plain":
            assert b" 503 " in first_line(gate, host, "/report")
        else:
            status, client = opened(gate, host)
            client.close()
            assert status == 503
    assert console.connections == before


def test_the_block_page_leads_there(plain: tuple[Gate, Origin, str]) -> None:
    gate, _, host = plain
    reply = gate.curl("http://allowed.test/", user="sue")
    assert reply.status == 403
    assert f'href="http://{host}/report?ref=' in reply.text


@pytest.mark.parametrize("console", ["", "nonsense", "https://", "ftp://console.test"])
def test_where_nobody_knows_the_console_there_is_no_such_way(console: str) -> None:
    harbour = Harbour(None, None, None, None, console)  # type: ignore[arg-type]  # nothing of it is asked
    assert harbour._console is None
