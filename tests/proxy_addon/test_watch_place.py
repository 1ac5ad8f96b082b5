"""Nobody on the network, and nobody whom a forwarder brings in, can come from where whoever watches comes."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon.watch_place import (
    HIGHEST,
    LOWEST,
    OWN_ADDRESS,
    TRIES,
    connect,
    is_watching,
    ports_of,
    sources,
)
from proxy_addon.watch_proof import Secret

NONCE, OTHER = b"n" * 32, b"o" * 32
PORTS = ports_of(NONCE)
ADDRESSES = st.sampled_from(["10.0.0.5", "10.0.0.6", "::1", "2001:db8::5", "127.0.0.1"])


def test_the_ports_follow_from_the_secret_and_are_none_that_a_system_chooses() -> None:
    assert ports_of(NONCE) == PORTS != ports_of(OTHER)
    assert all(LOWEST <= port < HIGHEST <= 32768 for port in PORTS)
    assert len(PORTS) > 1500
    assert len(PORTS & ports_of(OTHER)) < 400


@given(ADDRESSES, ADDRESSES, st.integers(1, 65535))
def test_elsewhere_it_takes_the_gates_own_address_and_one_of_the_ports(
    peer: str, here: str, port: int
) -> None:
    assert is_watching(PORTS, (peer, port), (here, 8080)) == (peer == here and port in PORTS)
    assert is_watching(PORTS, (peer, min(PORTS)), (here, 8080)) == (peer == here)
    assert not is_watching(frozenset(), (peer, port), (here, 8080))


def test_on_loopback_it_comes_from_an_address_of_its_own() -> None:
    for host in ("127.0.0.1", "0.0.0.0", ""):  # noqa: S104  # not bound
        assert list(sources(Secret(NONCE, host, 1))) == [(OWN_ADDRESS, 0), None]
    assert is_watching(PORTS, (OWN_ADDRESS, 5), ("127.0.0.1", 8080))


@pytest.mark.parametrize(("host", "own"), [("::", "::1"), ("10.0.0.5", "10.0.0.5")])
def test_elsewhere_it_comes_from_the_address_that_it_asks(host: str, own: str) -> None:
    *tried, last = sources(Secret(NONCE, host, 1))
    assert last is None
    assert len(tried) == TRIES
    assert {each[0] for each in tried if each} == {own}
    assert {each[1] for each in tried if each} <= PORTS


def test_a_place_that_is_taken_is_left_for_another_and_in_the_end_for_any() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as door:
        secret = Secret(NONCE, "::1", door.getsockname()[1])
        with connect(secret, 5) as one, connect(secret, 5) as another:
            places = [each.getsockname()[:2] for each in (one, another)]
            assert all(is_watching(PORTS, place, door.getsockname()) for place in places)
            assert places[0] != places[1]
    with (
        socket.create_server(("127.0.0.1", 0)) as door,
        connect(Secret(NONCE, "127.0.0.1", door.getsockname()[1]), 5) as one,
    ):
        assert one.getsockname()[0] == OWN_ADDRESS


def test_where_nobody_listens_that_is_said(unused_port: int) -> None:
    with pytest.raises(ConnectionRefusedError):
        connect(Secret(NONCE, "127.0.0.1", unused_port), 5)


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])
