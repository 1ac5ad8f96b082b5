"""Through a real gate: a device that is evidence reaches nothing; two seniors reach what a case is about."""

import asyncio
import json
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

from filter_policy.bundle import current_bundle, name_current, save_bundle
from filter_policy.case_orders import ISOLATE, MODE, RELEASE, Order
from filter_policy.model import Isolation, Reason, Role
from proxy_addon.connections import Connections
from proxy_addon.identify import NOBODY, Identity, NotIdentified
from proxy_addon.isolating import asker, is_evidence
from tests.builders import NOON, POLICY, a_person, a_policy
from tests.doors import read_head
from tests.harness import Gate, a_gate, an_account, everybody, proxy_login, until
from tests.proofs import log_for, save_proof
from tests.proxy_addon.test_ending import MOMENT, seconds_until_closed

DEVICE, OTHER = "127.0.7.9", "127.0.7.10"
HOUR = timedelta(hours=1)
BOTH = frozenset({"p_cora", "p_hedy"})
HELP = 'safe_harbour:\n  - {site: help.test, name: Help, telephone: "0800 0000", reason: agreed}\n'
PASSED_ON = (
    'passthrough:\n  - {sites: [look.test], for: everyone, why: health, reason: "not to be decrypted"}\n'
)


def an_order(act: str, id_: str, **facts: object) -> Order:
    said = {"act": act, "incident": "case7", **facts}
    return Order(act, id_, "case7", NOON, b"salt", json.dumps(said), BOTH if act != ISOLATE else frozenset())


LOOK = an_order(
    MODE, "s1", device=DEVICE, sites=["look.test", "path.test/x"], ends_at=(NOON + HOUR).isoformat()
)
SHUT = an_order(ISOLATE, "i1", device=DEVICE, ends_at=(NOON + 24 * HOUR).isoformat())
LET_GO = an_order(RELEASE, "s2", isolation="i1")


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    seniors = [a_person(name, groups=("staff",), role=Role.STAFF) for name in ("cora", "hedy")]
    accounts = [*everybody(), *(an_account(each) for each in seniors)]
    sites = {"look.test": "pornography", "abuse.test": "child-sexual-abuse", "path.test": "pornography"}
    with a_gate(POLICY + HELP + PASSED_ON, sites=sites, accounts=accounts) as found:
        yield found


def ordered(gate: Gate, *orders: Order) -> None:
    """And taken by the gate."""
    gate.set_clock(NOON)
    taken, known = gate.said().count("bundle.taken"), current_bundle(gate.state)
    if gate.publish(orders=list(orders)) != known:
        until(gate.said, lambda said: said.count("bundle.taken") > taken)


def ask(gate: Gate, url: str, user: str | None = "cora", device: str = DEVICE, *options: str) -> int:
    found = gate.curl(url, "--interface", device, *options, user=user)
    return found.status or found.connect


def a_download(gate: Gate, device: str = DEVICE, host: str = "look.test") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", gate.port), 10, source_address=(device, 0))
    client.sendall(f"GET http://{host}/drip/100000 HTTP/1.1\r\nHost: {host}\r\n".encode())
    client.sendall(proxy_login("cora") + b"\r\n")
    assert b" 200 " in read_head(client)
    return client


def test_what_two_seniors_look_into_is_open_to_them_on_that_device_and_recorded_whole(gate: Gate) -> None:
    ordered(gate, LOOK)

    assert ask(gate, "https://look.test/a/page?q=what+was+asked") == 200
    row = gate.last_row(reason="investigation", kind="request")
    assert row["url"] == "https://look.test/a/page?q=what+was+asked"
    assert (row["rule"], row["verdict"], row["address"]) == ("investigation.case7", "allow", DEVICE)
    assert (row["person"], row["category"]) == ("p_cora", "pornography")
    assert [ask(gate, "http://look.test/", user) for user in ("hedy", "tess")] == [200, 403]
    assert ask(gate, "http://look.test/", "cora", OTHER) == 403
    assert [ask(gate, f"http://{url}") for url in ("path.test/x", "path.test/y")] == [200, 403]
    assert ask(gate, "http://abuse.test/") == 403


def test_it_ends_by_the_clock_and_what_is_open_is_cut(gate: Gate) -> None:
    ordered(gate, LOOK)
    with a_download(gate) as client:
        gate.set_clock(NOON + HOUR - timedelta(seconds=1))
        assert client.recv(1)
        gate.set_clock(NOON + HOUR)
        assert seconds_until_closed(client) < MOMENT
    assert gate.last_row(url="http://look.test/drip/100000")["outcome"] == "cut"
    assert ask(gate, "https://look.test/") == 403


def test_a_device_that_is_shut_off_reaches_nothing_at_once(gate: Gate) -> None:
    """Whoever is at it, signed in or not; what was open on it is cut, and all others go on."""
    ordered(gate)
    with a_download(gate, host="new.test") as client, a_download(gate, OTHER, "new.test") as other:
        ordered(gate, SHUT, LOOK)
        assert seconds_until_closed(client) < 2 * MOMENT
        assert other.recv(1)
    assert [ask(gate, "http://new.test/", user) for user in ("cora", "anna", None)] == [403] * 3
    assert ask(gate, "http://new.test/", "cora", OTHER) == 200
    page = gate.curl("https://look.test/", "--interface", DEVICE, user="tess")
    assert (page.status, page.connect) == (403, 200)
    assert "Please ask an adult to let you use another device." in page.text
    assert gate.last_row(reason="isolated", kind="request")["rule"] == "isolation.i1"


def test_nobody_has_to_say_who_they_are_on_a_device_that_is_shut_off(gate: Gate) -> None:
    ordered(gate, SHUT)

    page = gate.curl("https://new.test/", "--interface", DEVICE, "-H", "Sec-Fetch-Dest: document")
    assert (page.connect, page.status) == (200, 403)
    assert "another device" in page.text
    assert gate.curl("https://new.test/", "--interface", OTHER).connect == 407
    assert gate.last_row(reason="isolated", kind="request")["person"] is None


def test_help_is_found_on_another_device_too(gate: Gate) -> None:
    """A page of help that is open on it is cut as well: whoever is at it is told to use another."""
    ordered(gate)
    with gate.connect(DEVICE) as client:
        client.sendall(b"GET http://help.test/drip/100000 HTTP/1.1\r\nHost: help.test\r\n\r\n")
        assert b" 200 " in read_head(client)
        ordered(gate, SHUT)
        assert seconds_until_closed(client) < 2 * MOMENT
    page = gate.curl("https://help.test/", "--interface", DEVICE)
    assert (page.connect, page.status) == (200, 403)
    assert "another device" in page.text
    assert gate.curl("http://help.test/", "--interface", OTHER).status == 200


def test_a_device_that_two_let_go_is_as_any_other(gate: Gate) -> None:
    ordered(gate, SHUT)
    assert ask(gate, "http://new.test/") == 403
    ordered(gate, LET_GO)
    assert ask(gate, "http://new.test/") == 200


def test_a_bundle_that_forgets_a_device_is_not_taken(gate: Gate) -> None:
    """Its proof tells of a device that was shut off, and the bundle does not."""
    ordered(gate, SHUT)
    log = log_for(gate.state, gate.publish())
    name = save_bundle(
        gate.state, policy_text=gate.policy_text, lists=gate.lists, accounts=gate.accounts,
        unblocks=[], openings=[], sealed_lists=[],
    )  # fmt: skip
    for _ in range(50):
        log.add("person:enrol", "p_hedy", "p_hedy", {})
    save_proof(gate.state, name, log.proof())
    name_current(gate.state, name)
    until(gate.said, lambda said: "is not shut off" in said)

    assert ask(gate, "http://new.test/") == 403


EVIDENCE = a_policy(isolations=(Isolation("i1", "10.1.2.3", NOON, NOON + HOUR),))


def test_a_device_is_told_by_its_address_however_it_is_spelled() -> None:
    assert is_evidence(EVIDENCE, "::ffff:10.1.2.3", NOON)
    assert not is_evidence(EVIDENCE, "10.1.2.3", NOON + HOUR)
    assert not is_evidence(EVIDENCE, "10.1.2.4", NOON)
    assert not is_evidence(EVIDENCE, "", NOON)


async def _somebody() -> Identity:
    return Identity(a_person())


async def _unknown() -> Identity:
    raise NotIdentified(Reason.NO_CREDENTIALS)


def test_who_signed_in_is_known_there_and_tunnels_for_nobody_are_counted() -> None:
    async def tried() -> None:
        connections = Connections()
        here, elsewhere = connections.begin("1", "10.1.2.3"), connections.begin("2", "10.1.2.4")
        assert (await asker(_somebody(), here, connections, EVIDENCE, NOON)).person == a_person()
        assert (await asker(_unknown(), here, connections, EVIDENCE, NOON)).person == NOBODY
        with pytest.raises(NotIdentified):
            await asker(_unknown(), elsewhere, connections, EVIDENCE, NOON)
        while connections.handshakes.may_begin("10.1.2.3"):
            pass
        with pytest.raises(NotIdentified):
            await asker(_unknown(), here, connections, EVIDENCE, NOON)

    asyncio.run(tried())
