"""Help is reached by everybody, as it is, and the log does not say who asked; through a real gate."""

import contextlib
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from filter_policy.model import Role
from schoolgate.doctor import places_of_help
from schoolgate.settings import load_settings
from tests.builders import NOON, POLICY, a_person
from tests.doors import exchange
from tests.harness import ROOT, Gate, a_gate, an_account, everybody, proxy_login, until

HELP = """\
safe_harbour:
  - {site: help.test, name: Helpline, telephone: "0800 1111", reason: S128}
  - {site: bad.test, name: Not a helpline, reason: to try}
  - {site: part.test, name: With a page, reason: to try}
  - {site: lost.test, name: Nobody there, reason: to try}
  - {site: inside.test, name: Inside, reason: to try}
"""
SITES = {
    "help.test": "gambling",
    "bad.test": "child-sexual-abuse",
    "other.test": None,
    "part.test/bad": "child-sexual-abuse",
    "inside.test": None,
}
DEEP_INSIDE = ("10.99.99.99", 443)
KEPT = ("person", "role", "groups", "classes", "address", "terms")
SHUT: dict[str, dict[str, Any]] = {
    "sue": {"suspended_from": NOON - timedelta(days=1)},
    "eva": {"ends_at": NOON - timedelta(days=1)},
    "uma": {"agreement_signed": False},
    "pia": {"password_ends_at": NOON - timedelta(days=1)},
}


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    shut = [an_account(a_person(name, **changes)) for name, changes in SHUT.items()]
    head = an_account(a_person("hilda", ("staff",), Role.HEADTEACHER))
    accounts = [*everybody(), *shut, head]
    text = POLICY.replace("connect_ports: [443]", "connect_ports: [8443]")
    with a_gate(text + HELP, sites=SITES, accounts=accounts) as running:
        running.set_names({"lost.test:443": [], "inside.test:443": [DEEP_INSIDE]})
        yield running


def inside(
    gate: Gate, host: str, sni: str | None, login: bytes = b"", source: str | None = None
) -> ssl.SSLSocket:
    """TLS in a tunnel to `host`, whoever answers it."""
    status, client = opened(gate, host, login, source)
    assert status == 200
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(gate.ca)
    context.load_verify_locations(gate.origin.ca)
    return context.wrap_socket(client, server_hostname=sni)


def opened(gate: Gate, host: str, login: bytes = b"", source: str | None = None) -> tuple[int, socket.socket]:
    client = gate.connect(source)
    target = host if ":" in host else f"{host}:443"
    client.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode() + login + b"\r\n")
    return int(client.recv(65536).split(b" ")[1]), client


def is_of_origin(secure: ssl.SSLSocket) -> bool:
    der = secure.getpeercert()
    assert der is not None
    return "example sites" in str(der["issuer"])


def get(host: str, path: str = "/", more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n".encode()


def of(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row.get(key) for key in KEPT}


NOBODY_AT_ALL: dict[str, Any] = {
    "person": None,
    "role": None,
    "address": None,
    "terms": None,
    "groups": [],
    "classes": [],
}
LOGINS = [b"", b"Proxy-Authorization: nonsense\r\n", *(proxy_login(name) for name in ("anna", "kim", *SHUT))]
LOGINS.append(proxy_login("nobody-we-know"))
LOGINS.append(proxy_login("hilda"))  # in the clear from afar, her password would not be looked at


@pytest.mark.parametrize("login", LOGINS)
def test_everybody_gets_through_to_help_as_it_is(gate: Gate, login: bytes) -> None:
    before = len(gate.rows())
    with inside(gate, "www.help.test", "www.help.test", login, source="127.0.0.99") as secure:
        assert is_of_origin(secure)
        assert exchange(secure, get("www.help.test", "/?q=me")).endswith(b"hello from www.help.test")
    rows = gate.wait_rows(lambda rows: len(rows) >= before + 2 and all(row.get("ended") for row in rows))
    for row in rows[before:]:
        assert of(row) == NOBODY_AT_ALL
        said = {key: row[key] for key in ("verdict", "reason", "rule", "host", "keep")}
        assert said == {
            "verdict": "allow",
            "reason": "safe-harbour",
            "rule": "safe_harbour.help.test",
            "host": "www.help.test",
            "keep": "everyone",
        }
    assert {row["kind"] for row in rows[before:]} == {"connect", "tunnel"}


def test_help_over_plain_http_is_the_same_and_only_its_host_is_kept(gate: Gate) -> None:
    before = len(gate.rows())
    reply = gate.raw(
        b"POST http://help.test/echo?q=secret HTTP/1.1\r\nHost: help.test\r\n"
        + proxy_login("sue")
        + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\nq=secret"
    )
    rows = gate.wait_rows(lambda rows: len(rows) > before and bool(rows[-1].get("ended")))

    assert b" 200 " in reply.partition(b"\r\n")[0]
    assert reply.endswith(b"q=secret")
    assert b"Proxy-Authorization" not in reply
    assert of(rows[-1]) == NOBODY_AT_ALL
    assert (rows[-1]["reason"], rows[-1]["url"]) == ("safe-harbour", "http://help.test/")
    assert "secret" not in json.dumps(rows[-1])


def test_of_one_account_at_many_devices_nobody_hears_there(gate: Gate) -> None:
    for source in ("127.0.0.31", "127.0.0.32", "127.0.0.31", "127.0.0.33"):
        with inside(gate, "help.test", "help.test", proxy_login("ben"), source) as secure:
            exchange(secure, get("help.test"))
    for source in ("127.0.0.34", "127.0.0.35"):
        status, client = opened(gate, "help.test", proxy_login("ben", "wrong"), source)
        client.close()
        assert status == 200
    assert not [row for row in gate.rows() if row["kind"] == "event"]


@pytest.mark.parametrize("sni", [None, "other.test", "help.test.other.test", "www.help.test"])
def test_another_name_inside_is_judged_as_ever_and_nobody_is_let_by(gate: Gate, sni: str | None) -> None:
    before = gate.origin.connections
    with inside(gate, "help.test", sni) as secure:
        assert not is_of_origin(secure)
        answer = exchange(secure, get(sni or "help.test"))
    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert gate.origin.connections == before
    assert gate.last_row(kind="request")["reason"] == "no-credentials"


@pytest.mark.parametrize(("login", "status", "reason"), [
    (proxy_login("anna"), b" 421 ", "bad-request"),
    (proxy_login("sue"), b" 403 ", "suspended"),
    (proxy_login("anna", "wrong"), b" 400 ", "wrong-credentials"),
])  # fmt: skip
def test_another_name_inside_is_asked_about_with_what_the_connect_said(
    gate: Gate, login: bytes, status: bytes, reason: str
) -> None:
    with inside(gate, "help.test", "other.test", login) as secure:
        answer = exchange(secure, get("other.test"))
    assert status in answer.partition(b"\r\n")[0]
    row = gate.last_row(kind="request", reason=reason)
    assert row["verdict"] == "block"


def test_who_hides_the_name_inside_and_signs_in_is_let_by_without_a_word_of_who(gate: Gate) -> None:
    with inside(gate, "help.test", None, proxy_login("anna")) as secure:
        assert exchange(secure, get("help.test")).endswith(b"hello from help.test")
    row = gate.last_row(kind="request", url="https://help.test/", reason="safe-harbour")
    assert of(row) == NOBODY_AT_ALL


@pytest.mark.parametrize(("said", "kind"), [
    ("CONNECT help.test:443 HTTP/1.1\r\nHost: other.test:443\r\n{}\r\n", "connect"),
    ("CONNECT help.test:443 HTTP/1.1\r\nHost: help.test:443\r\n{}Content-Length: 4\r\n\r\nabcd", "connect"),
    ("GET http://help.test/?q=sad HTTP/1.1\r\nHost: help.test\r\nHost: help.test\r\n{}\r\n", "request"),
])  # fmt: skip
def test_who_signed_in_and_asks_for_help_in_a_way_that_is_refused_is_not_named(
    gate: Gate, said: str, kind: str
) -> None:
    before = len(gate.rows())
    gate.raw(said.format(proxy_login("anna").decode()).encode())
    row = gate.wait_rows(lambda rows: len(rows) > before)[before]
    assert (row["kind"], row["reason"], row["host"], of(row)) == (
        kind, "bad-request", "help.test", NOBODY_AT_ALL,
    )  # fmt: skip


def test_nor_is_who_hides_the_name_inside_and_does_not_trust_the_gate(gate: Gate) -> None:
    status, client = opened(gate, "help.test", proxy_login("anna"))
    context = ssl.create_default_context(cafile=str(gate.origin.ca))
    context.check_hostname = False
    with client, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(client)
    assert status == 200
    assert of(gate.last_row(kind="handshake", host="help.test")) == NOBODY_AT_ALL


@pytest.mark.parametrize(
    "target", ["help.test:8443", "help.test:80", "nothelp.test:443", "help.test.other.test:443"]
)
def test_no_other_port_and_no_other_name_is_a_place_of_help(gate: Gate, target: str) -> None:
    status, client = opened(gate, target)
    client.close()
    assert status == 407


def test_two_names_in_one_connect_are_no_way_there(gate: Gate) -> None:
    with gate.connect() as client:
        answer = exchange(client, b"CONNECT help.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n")
    assert b" 407 " in answer.partition(b"\r\n")[0]


def test_what_is_no_tls_is_not_passed_on_there(gate: Gate) -> None:
    before = gate.origin.connections
    status, client = opened(gate, "help.test")
    with client:
        assert exchange(client, get("help.test")) == b""
    assert status == 200
    row = gate.last_row(reason="not-tls", host="help.test")
    assert (row["verdict"], of(row)) == ("block", NOBODY_AT_ALL)
    assert gate.origin.connections == before


@pytest.mark.parametrize("login", [b"", proxy_login("anna")])
def test_a_place_of_help_on_an_illegal_list_stays_shut(gate: Gate, login: bytes) -> None:
    before = gate.origin.connections
    status, client = opened(gate, "bad.test", login)
    client.close()
    plain = gate.raw(b"GET http://bad.test/ HTTP/1.1\r\nHost: bad.test\r\n" + login + b"\r\n")
    assert (b"against the law" if login else b"Please sign in") in plain
    assert status == (403 if login else 407)  # 443 is no port of this policy, and no exception is made
    assert gate.origin.connections == before
    assert "bad.test" not in json.dumps(gate.rows())


def test_a_place_of_help_with_an_illegal_page_is_a_site_like_any_other(gate: Gate) -> None:
    assert [status_of(gate, host) for host in ("part.test", "www.part.test", "help.test")] == [407, 407, 200]
    assert b"Please sign in" in gate.raw(b"GET http://part.test/ HTTP/1.1\r\nHost: part.test\r\n\r\n")
    assert gate.curl("http://part.test/", user="anna").status == 200
    row = gate.last_row(kind="request", host="part.test", verdict="allow")
    assert (row["person"], row["reason"]) == ("p_anna", "unlisted-allowed")
    assert b"against the law" in gate.curl("http://part.test/bad/1", user="anna").body
    assert "place_of_help_not_open" in gate.said()
    (told,) = places_of_help(load_settings(ROOT / "config", {"SCHOOLGATE_STATE": str(gate.state)}))
    assert (told.fit, told.warns, told.says.startswith("part.test: ")) == (True, True, True)


@pytest.mark.parametrize(("host", "page", "reason"), [
    ("lost.test", b"did not answer", "unreachable"),
    ("inside.test", b"own network and is not open", "egress"),
])  # fmt: skip
def test_where_help_cannot_be_reached_a_page_inside_says_so_to_nobody_in_particular(
    gate: Gate, host: str, page: bytes, reason: str
) -> None:
    with inside(gate, host, host) as secure:
        answer = exchange(secure, get(host))
    assert page in answer
    assert of(gate.last_row(kind="request", host=host, reason=reason)) == NOBODY_AT_ALL


def test_a_network_of_devices_is_not_named_either(gate: Gate) -> None:
    with inside(gate, "help.test", "help.test", source="127.20.0.9") as secure:
        assert exchange(secure, get("help.test")).endswith(b"hello from help.test")
    assert of(gate.last_row(kind="tunnel", host="help.test")) == NOBODY_AT_ALL


@pytest.mark.parametrize("stage", ["connect_names", "decide", "record", "classify"])
def test_whatever_fails_the_way_there_is_shut_too(gate: Gate, stage: str) -> None:
    before = gate.origin.connections
    with gate.failing(stage, "Exception"):
        status, client = opened(gate, "help.test")
        client.close()
    assert status == 503
    assert gate.origin.connections == before
    assert gate.is_alive


@pytest.mark.parametrize("stage", ["decide", "record"])
def test_what_fails_inside_lets_nothing_by(gate: Gate, stage: str) -> None:
    status, client = opened(gate, "help.test")
    before = gate.origin.connections
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    hello = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="help.test")
    with contextlib.suppress(ssl.SSLWantReadError):
        hello.do_handshake()
    with gate.failing(stage, "Exception"), client:
        exchange(client, outgoing.read())
    assert status == 200
    assert gate.origin.connections == before
    assert gate.is_alive


def test_an_open_way_to_help_outlives_a_policy_that_keeps_it_and_no_other(gate: Gate) -> None:
    with inside(gate, "help.test", "help.test") as secure, gate.connect() as idle:
        gate.publish(policy_text=gate.policy_text.replace("Helpline", "Another name"))
        assert exchange(idle, get("other.test"))
        secure.sendall(b"GET / HTTP/1.1\r\nHost: help.test\r\n\r\n")
        assert secure.recv(65536)
        kept = gate.policy_text
        gate.publish(policy_text=kept.replace("site: help.test", "site: gone.test"))
        secure.settimeout(10)
        with contextlib.suppress(ConnectionError):
            while secure.recv(65536):
                pass
    assert gate.last_row(kind="tunnel", host="help.test", outcome="cut")
    gate.publish(policy_text=kept)
    assert until(lambda: status_of(gate, "help.test"), lambda status: status == 200) == 200


def status_of(gate: Gate, host: str) -> int:
    status, client = opened(gate, host)
    client.close()
    return status


def test_the_way_to_help_is_there_at_every_time_of_day(gate: Gate) -> None:
    gate.set_clock(NOON + timedelta(hours=14))
    with inside(gate, "help.test", "help.test") as secure:
        assert is_of_origin(secure)
    gate.set_clock(NOON)
