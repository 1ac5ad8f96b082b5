"""Over plain http nobody talks to what is no web server."""

from collections.abc import Iterator

import pytest

from proxy_addon.odd_ports import ODD
from tests.harness import Gate, a_gate

WEB = (80, 443, 591, 3000, 5000, 8000, 8008, 8080, 8081, 8443, 8888, 9000, 9090, 10000)


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate() as gate:
        gate.set_names({f"allowed.test:{port}": [gate.origin.http] for port in (25, 8080)})
        yield gate


def test_ports_of_web_servers_are_not_odd() -> None:
    assert ODD.isdisjoint(WEB)
    assert {22, 25, 53, 110, 143, 587, 6667} < ODD


def test_mail_cannot_be_sent_by_a_form(gate: Gate) -> None:
    reply = gate.curl("http://allowed.test:25/", "--data", "MAIL FROM:<a@b.test>", user="anna")
    assert reply.status == 400
    row = gate.last_row(host="allowed.test")
    assert (row["verdict"], row["reason"], row["rule"]) == ("block", "bad-request", "a port of no web server")
    assert gate.origin.connections == 0


def test_a_web_server_may_have_any_other_port(gate: Gate) -> None:
    assert gate.curl("http://allowed.test:8080/", user="anna").status == 200
