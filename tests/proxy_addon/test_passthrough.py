"""A tunnel that the policy names is left as it is, recorded, counted and cut; every other is decrypted."""

import contextlib
import ssl
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy_addon.passthrough import hello_in, names_only
from schoolgate.demo.authority import ExampleAuthority
from tests.builders import NOON, POLICY
from tests.doors import exchange
from tests.harness import Gate, a_gate, until

PASSED = """\
passthrough:
  - {sites: [bank.test, dead.test, later.test], for: everyone, why: banking, reason: payroll}
  - {categories: [games-educational], for: pupils, why: safe-harbour, reason: D1}
"""
SITES = {
    "bank.test": None,
    "help.test": "games-educational",
    "evil.bank.test": "gambling",
    "later.test": "games-educational",
}
NOBODY = ("127.0.0.9", 1)  # nobody listens there


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(POLICY + PASSED, sites=SITES, egress=[NOBODY]) as running:
        yield running


@pytest.fixture(autouse=True)
def as_it_was(gate: Gate) -> Iterator[None]:
    yield
    gate.set_clock(NOON)
    if PASSED not in gate.policy_text:
        gate.publish(policy_text=gate.policy_text + PASSED)
        assert until(lambda: signer_of(gate, "bank.test"), lambda signer: signer == "origin") == "origin"


def inside(gate: Gate, host: str, sni: str | None = None, user: str = "anna") -> tuple[ssl.SSLSocket, str]:
    """TLS in a tunnel to `host`, whoever answers it; and who signed for that: "school" or "origin"."""
    status, client = gate.tunnel(host, user=user)
    assert status == 200
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(gate.ca)
    context.load_verify_locations(gate.origin.ca)
    secure = context.wrap_socket(client, server_hostname=sni if sni != "" else None)
    der = secure.getpeercert()
    assert der is not None
    return secure, "origin" if "example sites" in str(der["issuer"]) else "school"


def signer_of(gate: Gate, host: str, user: str = "anna") -> str:
    secure, signer = inside(gate, host, host, user)
    secure.close()
    return signer


def get(host: str) -> bytes:
    return f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


def test_a_named_tunnel_reaches_the_origin_as_it_is_and_is_recorded(gate: Gate) -> None:
    secure, signer = inside(gate, "bank.test", "bank.test")
    with secure:
        answer = exchange(secure, get("bank.test"))
    row = gate.last_row(kind="tunnel", host="bank.test")

    assert signer == "origin"
    assert answer.endswith(b"hello from bank.test")
    assert gate.origin.seen[-1].tls
    facts = {key: row[key] for key in ("verdict", "reason", "rule", "decrypted", "outcome", "person")}
    assert facts == {
        "verdict": "allow",
        "reason": "passthrough",
        "rule": "passthrough.banking",
        "decrypted": False,
        "outcome": "done",
        "person": "p_anna",
    }
    assert min(row["up"], row["down"]) > 200
    assert gate.last_row(kind="connect", host="bank.test")["decrypted"] is False


def test_the_row_is_there_before_a_byte_goes_out(gate: Gate) -> None:
    before = gate.origin.connections
    with gate.failing("record", "Exception"):
        _, client = gate.tunnel("bank.test")  # its own row was written already, or it has no 200
        with contextlib.suppress(OSError), client:
            exchange(client, hello("bank.test"))
    assert gate.origin.connections == before


@pytest.mark.parametrize("fault", ["Exception", "SystemExit", "CancelledError", "OptionsError", "AddonHalt"])
@pytest.mark.parametrize("stage", ["decide", "record"])
def test_whatever_fails_nothing_is_relayed(gate: Gate, stage: str, fault: str) -> None:
    status, client = gate.tunnel("bank.test")
    assert status == 200
    before = gate.origin.connections
    with gate.failing(stage, fault), client:
        exchange(client, hello("bank.test"))
    assert gate.origin.connections == before
    assert gate.is_alive


def test_what_failed_is_in_the_log_as_a_block(gate: Gate) -> None:
    _, client = gate.tunnel("bank.test")
    with gate.failing("decide", "MemoryError"), client:
        exchange(client, hello("bank.test"))
        row = gate.last_row(reason="failed-closed", rule="next_layer: MemoryError")
    assert (row["verdict"], row["host"], row["person"]) == ("block", "bank.test", "p_anna")


def test_it_is_the_same_where_the_way_to_the_gate_is_protected_too(gate: Gate) -> None:
    through = ("-x", f"https://127.0.0.1:{gate.port}", "--proxy-cacert", str(gate.ca))
    reply = gate.curl("https://bank.test/", *through, "--cacert", str(gate.origin.ca), user="anna")
    assert reply.text == "hello from bank.test"


@pytest.mark.parametrize("sni", ["", "other.test", "www.bank.test", "help.test"])
def test_without_the_same_server_name_it_is_decrypted_as_ever(gate: Gate, sni: str) -> None:
    secure, signer = inside(gate, "bank.test", sni)
    with secure:
        answer = exchange(secure, get("bank.test"))
    assert signer == "school"
    assert answer.startswith(b"HTTP/1.1 200" if sni == "" else b"HTTP/1.1 421")


@pytest.mark.parametrize("host", ["allowed.test", "blocked.test"])
def test_a_named_host_as_server_name_opens_no_other_tunnel(gate: Gate, host: str) -> None:
    secure, signer = inside(gate, host, "bank.test")
    before = len(gate.origin.seen)
    with secure:
        answer = exchange(secure, get("bank.test"))
    assert signer == "school"
    assert b" 421 " in answer
    assert len(gate.origin.seen) == before


def test_what_is_blocked_below_a_named_host_gets_the_block_page(gate: Gate) -> None:
    secure, signer = inside(gate, "evil.bank.test", "evil.bank.test")
    with secure:
        answer = exchange(secure, get("evil.bank.test"))
    assert signer == "school"
    assert b" 403 " in answer


def test_a_name_that_leads_inside_the_school_is_refused_on_a_page(gate: Gate) -> None:
    gate.set_names({"inside.bank.test:443": [("10.1.2.3", 443)]})
    secure, signer = inside(gate, "inside.bank.test", "inside.bank.test")
    with secure:
        answer = exchange(secure, get("inside.bank.test"))
    assert (signer, b" 403 " in answer) == ("school", True)
    assert gate.last_row(kind="request", host="inside.bank.test")["reason"] == "egress"


def test_whose_account_is_gone_is_cut_off(gate: Gate) -> None:
    secure, _ = inside(gate, "bank.test", "bank.test", "ben")
    accounts = list(gate.accounts)
    with secure:
        gate.publish(accounts=[each for each in accounts if each.person.username != "ben"])
        assert is_cut(secure)
    gate.publish(accounts=accounts)
    assert (
        until(lambda: gate.curl("http://allowed.test/", user="ben").status, lambda told: told == 200) == 200
    )


def test_a_kind_of_site_is_passed_for_those_it_is_named_for(gate: Gate) -> None:
    gate.set_clock(NOON + timedelta(minutes=10))
    for user, wanted in (("anna", "origin"), ("tess", "school")):
        assert signer_of(gate, "help.test", user) == wanted
    assert gate.last_row(kind="tunnel", host="help.test")["rule"] == "passthrough.safe-harbour"


def is_cut(secure: ssl.SSLSocket) -> bool:
    secure.settimeout(10)
    try:
        return secure.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_it_is_cut_when_its_time_is_over(gate: Gate) -> None:
    secure, signer = inside(gate, "later.test", "later.test")
    assert signer == "origin"
    with secure:
        gate.set_clock(NOON + timedelta(hours=1, seconds=1))
        assert is_cut(secure)
    assert gate.last_row(kind="tunnel", host="later.test")["outcome"] == "cut"


def test_it_is_cut_when_the_policy_passes_it_on_no_more(gate: Gate) -> None:
    secure, _ = inside(gate, "bank.test", "bank.test")
    other = gate.tls("allowed.test")
    with secure, other:
        gate.publish(policy_text=gate.policy_text.replace(PASSED, ""))
        assert is_cut(secure)
        assert exchange(other, get("allowed.test")).endswith(b"hello from allowed.test")
    assert gate.last_row(kind="tunnel", host="bank.test")["outcome"] == "cut"
    assert signer_of(gate, "bank.test") == "school"


def test_a_host_that_does_not_answer_is_recorded_as_failed(gate: Gate) -> None:
    gate.set_names({"dead.test:443": [NOBODY]})
    _, client = gate.tunnel("dead.test")
    with client:
        assert exchange(client, hello("dead.test")) == b""
    assert gate.last_row(kind="tunnel", host="dead.test")["outcome"] == "failed"


def test_a_hello_that_comes_in_pieces_is_waited_for(gate: Gate) -> None:
    _, client = gate.tunnel("bank.test")
    whole = hello("bank.test")
    with client:
        for i in range(0, len(whole), 50):
            client.sendall(whole[i : i + 50])
        answer = exchange(client, b"")
    assert answer[:1] == b"\x16"
    assert gate.last_row(kind="tunnel", host="bank.test")["reason"] == "passthrough"


def test_two_server_names_in_one_hello_are_decrypted(gate: Gate) -> None:
    whole = hello("bank.test")
    name = b"\x00\x00\x00\x0e\x00\x0c\x00\x00\x09bank.test"
    assert name in whole
    twice = whole.replace(name, name + name)
    more = len(name)
    sized = bytearray(twice)
    sized[3:5] = (int.from_bytes(sized[3:5]) + more).to_bytes(2)
    sized[6:9] = (int.from_bytes(sized[6:9]) + more).to_bytes(3)
    at = whole.index(name) - 2
    place = _extensions_at(whole)
    assert place <= at
    sized[place : place + 2] = (int.from_bytes(sized[place : place + 2]) + more).to_bytes(2)
    before = gate.origin.connections
    _, client = gate.tunnel("bank.test")
    with client:
        exchange(client, bytes(sized))
    assert gate.origin.connections == before


def _extensions_at(hello: bytes) -> int:
    place = 5 + 4 + 2 + 32
    place += 1 + hello[place]  # session
    place += 2 + int.from_bytes(hello[place : place + 2])  # ciphers
    return place + 1 + hello[place]  # compression


def hello(host: str) -> bytes:
    """What a client says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    client = context.wrap_bio(incoming, outgoing, server_hostname=host)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


# --- what we read in a hello is what a server reads in it


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ExampleAuthority().write_site(["bank.test"], tmp_path_factory.mktemp("server")))
    return context


def names_for_a_server(context: ssl.SSLContext, said: bytes) -> list[str | None]:
    """The names that OpenSSL heard; empty where it would not talk at all."""
    heard: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: heard.append(name)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(said)
    with contextlib.suppress(ssl.SSLError, UnicodeError):
        context.wrap_bio(incoming, outgoing, server_side=True).do_handshake()
    return heard


HELLO = hello("bank.test")
NAME_AT = HELLO.index(b"bank.test")
PLACES = st.integers(0, len(HELLO) - 1) | st.integers(NAME_AT - 12, NAME_AT + 12)
CHANGES = st.lists(st.tuples(PLACES, st.integers(0, 255)), max_size=4)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES, st.integers(0, 3))
def test_a_hello_that_is_passed_on_names_that_host_to_every_server(
    server: ssl.SSLContext, changes: list[tuple[int, int]], cut: int
) -> None:
    said = bytearray(HELLO)
    for place, byte in changes:
        said[place] = byte
    read = hello_in(bytes(said[: len(said) - cut]))
    if read is not None and names_only(read, "bank.test"):
        heard = names_for_a_server(server, bytes(said))
        assert all(name is not None and name.lower().rstrip(".") == "bank.test" for name in heard)


def test_an_unchanged_hello_is_read_alike(server: ssl.SSLContext) -> None:
    read = hello_in(HELLO)
    assert read is not None
    assert names_only(read, "bank.test")
    assert not names_only(read, "other.test")
    assert names_for_a_server(server, HELLO) == ["bank.test"]
