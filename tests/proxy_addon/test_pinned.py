"""A client that does not trust the school's certificate is told apart from other failures; never let by."""

import contextlib
import ssl
import warnings
from collections.abc import Iterator

import pytest

from proxy_addon.pinned import rule_of
from tests.harness import Gate, a_gate


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate() as running:
        yield running


def handshake(gate: Gate, host: str, context: ssl.SSLContext) -> None:
    _, client = gate.tunnel(host)
    with client, contextlib.suppress(ssl.SSLError, OSError):
        context.wrap_socket(client, server_hostname=host)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_app_that_pins_its_certificate_is_recorded_as_such(version: ssl.TLSVersion, gate: Gate) -> None:
    context = ssl.create_default_context()
    context.minimum_version = context.maximum_version = version
    host = f"pinned-{version.name.lower().replace('_', '-')}.test"
    handshake(gate, host, context)

    row = gate.last_row(kind="handshake", host=host)
    assert (row["verdict"], row["reason"], row["rule"], row["person"]) == (
        "block",
        "tls-failed",
        "pinned",
        "p_anna",
    )
    assert gate.origin.connections == 0


def test_each_time_counts_and_none_opens_anything(gate: Gate) -> None:
    for _ in range(4):
        handshake(gate, "often.test", ssl.create_default_context())
    rows = gate.wait_rows(lambda rows: len([r for r in rows if r["host"] == "often.test"]) == 8)
    kinds = [
        (row["kind"], row["rule"])
        for row in rows
        if row["host"] == "often.test" and row["kind"] == "handshake"
    ]
    assert kinds == [("handshake", "pinned")] * 4
    assert gate.origin.connections == 0


def test_a_client_that_is_too_old_is_no_app_that_pins(gate: Gate) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    handshake(gate, "ancient.test", context)
    assert gate.last_row(kind="handshake", host="ancient.test")["rule"] == "old-tls"


def test_a_client_that_leaves_in_the_middle_is_no_app_that_pins(gate: Gate) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    talking = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="leaves.test")
    with contextlib.suppress(ssl.SSLWantReadError):
        talking.do_handshake()
    _, client = gate.tunnel("leaves.test")
    with client:
        client.sendall(outgoing.read())
        client.recv(1)
    assert gate.last_row(kind="handshake", host="leaves.test")["rule"] == "closed"


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        ("tlsv1 alert unknown ca", "pinned"),
        ("OpenSSL Error([('SSL routines', '', 'ssl/tls alert certificate unknown')])", "pinned"),
        ("OpenSSL Error([('SSL routines', '', 'no shared cipher')])", "no-cipher"),
        ("Cannot parse ClientHello: 1603", "no-hello"),
        ("connection closed", "closed"),
        ("something new", "handshake"),
        (None, "handshake"),
    ],
)
def test_openssls_words_become_one_of_ours(error: str | None, rule: str) -> None:
    assert rule_of(error) == rule
