"""Nothing inside is reached, whatever it is called; what the policy names is; our own services never are."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.addresses import embedded, plain_address
from proxy_addon.egress import (
    Egress,
    EgressRefused,
    Unresolved,
    forbidden,
    guard_loop,
    is_local,
)
from tests.harness import Gate, a_gate, proxy_login

INSIDE = (
    "168.63.129.16 "
    "127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 "
    "100.100.100.200 0.0.0.0 0.1.2.3 255.255.255.255 224.0.0.1 239.255.255.255 240.0.0.1 192.0.0.1 192.0.2.1 "
    "198.18.0.1 198.51.100.1 203.0.113.9 192.88.99.1 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 "
    "::ffff:93.184.216.34 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1::1 2002:5db8:d822::1 "
    "2001:0:4136:e378:8000:63bf:3fff:fdd2 fe80::1 fec0::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 3fff::1 "
    "5f00::1 100::1 2001:10::1 fe80::1%eth0 localhost 2130706433 0x7f000001 127.1 017700000001 1.2.3"
)
OUTSIDE = ("93.184.216.34", "8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::5db8:d822")


@pytest.mark.parametrize("address", INSIDE.split(" "))
def test_nothing_inside_is_reached(address: str) -> None:
    assert forbidden(address)
    assert not Egress().permits(address, 80)


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_world_is_reached(address: str) -> None:
    assert not forbidden(address)


@given(st.ip_addresses(v=4))
def test_an_address_of_this_house_is_refused_in_every_dress(address: ipaddress.IPv4Address) -> None:
    """Mapped, 6to4 and NAT64 forms are at most as open as the address itself."""
    number = int(address)
    dresses = (
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address(number),
    )
    for dress in dresses:
        assert forbidden(str(dress)) >= forbidden(str(address)), dress


@given(st.ip_addresses(v=6))
def test_only_routed_addresses_are_open(address: ipaddress.IPv6Address) -> None:
    if not forbidden(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_private


def test_a_plain_address_is_the_one_that_is_meant() -> None:
    assert plain_address("::ffff:10.0.0.1") == "10.0.0.1"
    assert plain_address("not an address") == "not an address"
    assert embedded(ipaddress.IPv6Address("2606:4700::1")) is None


def test_the_policy_opens_one_address_and_port() -> None:
    egress = Egress()
    egress.allow = frozenset({("10.0.0.5", 443)})
    assert egress.permits("10.0.0.5", 443)
    assert not egress.permits("10.0.0.5", 80)
    assert not egress.permits("10.0.0.6", 443)


def test_our_own_listeners_are_refused_whatever_is_allowed() -> None:
    egress = Egress([("0.0.0.0", 8000), ("localhost", 8001)])  # noqa: S104  # as a listener would be named
    egress.allow = frozenset(
        (host, port) for host in ("127.0.0.1", "127.0.0.9", "::1") for port in (8000, 8001)
    )
    for host in ("127.0.0.1", "127.0.0.9", "::ffff:127.0.0.1", "::1"):
        assert not egress.permits(host, 8000)
        assert not egress.permits(host, 8001)


def test_only_this_machine_is_local() -> None:
    assert is_local("127.0.0.1")
    assert not is_local("203.0.113.7")
    assert not is_local("example.test")


def test_a_name_that_leads_inside_is_refused() -> None:
    egress = Egress(resolve=lambda host, port: {"in.test": [("10.0.0.1", port)], "no.test": []}.get(host))

    async def ask(host: str) -> None:
        await egress.check(host, 80)

    with asyncio.Runner(loop_factory=lambda: guard_loop(egress)) as runner:
        with pytest.raises(EgressRefused):
            runner.run(ask("in.test"))
        with pytest.raises(Unresolved):
            runner.run(ask("no.test"))


def test_the_loop_connects_nowhere_inside() -> None:
    egress = Egress()

    async def connect(port: int) -> None:
        await asyncio.open_connection("127.0.0.1", port)

    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        asyncio.Runner(loop_factory=lambda: guard_loop(egress)) as runner,
    ):
        with pytest.raises(EgressRefused):
            runner.run(connect(server.getsockname()[1]))
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_name_that_turns_inside_after_the_check_is_refused() -> None:
    """DNS rebinding: the first answer is public, the second is loopback."""
    answers = iter([[("93.184.216.34", 80)], [("93.184.216.34", 80)], [("127.0.0.1", 80)]])
    egress = Egress(resolve=lambda host, port: next(answers))

    async def go() -> None:
        await egress.check("flip.test", 80)
        egress._known.clear()  # as if the answer had become old
        await asyncio.open_connection("flip.test", 80)

    with asyncio.Runner(loop_factory=lambda: guard_loop(egress)) as runner, pytest.raises(EgressRefused):
        runner.run(go())


def test_a_name_that_moves_inside_between_two_looks_is_refused_and_one_that_moves_outside_is_not() -> None:
    places = {"flip.test": ["93.184.216.34", "127.0.0.1"], "cdn.test": ["93.184.216.34", "1.1.1.1"]}
    egress = Egress(resolve=lambda host, port: [(places[host].pop(0), port)])

    with asyncio.Runner(loop_factory=lambda: guard_loop(egress)) as runner:
        with pytest.raises(EgressRefused):
            runner.run(egress.check("flip.test", 80))
        runner.run(egress.check("cdn.test", 80))

    assert egress.remembered("cdn.test", 80) == [("93.184.216.34", 80)]


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with socket.create_server(("127.0.0.1", 0)) as api:
        own = [api.getsockname()]
        with a_gate(own_addresses=own, egress=own) as gate:
            yield gate


SPELLINGS = ("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]", "0")


@pytest.mark.parametrize("host", SPELLINGS)
def test_our_own_service_is_not_reached_through_the_gate(host: str, gate: Gate) -> None:
    """It is even in egress.allow here."""
    for port in (gate.own[0][1], gate.port):
        where = f"{host}:{port}"
        raw = f"GET http://{where}/ HTTP/1.1\r\nHost: {where}\r\n".encode() + proxy_login("tess") + b"\r\n"
        assert gate.raw(raw).split(b" ")[1] in (b"403", b"400")


def test_a_refused_destination_gets_a_page_and_a_row(gate: Gate) -> None:
    reply = gate.curl("http://169.254.169.254/latest", user="tess")
    assert (reply.status, "school" in reply.text) == (403, True)
    row = gate.last_row(host="169.254.169.254")
    assert (row["reason"], row["verdict"], row["status"]) == ("egress", "block", 403)


def test_a_name_of_the_inside_gets_a_page_and_a_row(gate: Gate) -> None:
    gate.set_names({"router.test": [("192.168.1.1", 80)]})
    assert gate.curl("http://router.test/", user="tess").status == 403
    assert gate.last_row(host="router.test")["reason"] == "egress"


def test_a_tunnel_to_an_address_inside_is_refused(gate: Gate) -> None:
    status, client = gate.tunnel("10.0.0.1", user="tess")
    client.close()
    assert status == 403
    assert gate.last_row(kind="connect", host="10.0.0.1")["reason"] == "egress"
