"""A tunnel is told by what the site says first on a websocket, under whatever path."""

import zlib
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon.first_frames import FirstFrame
from tests.builders import POLICY
from tests.harness import Gate, a_gate, a_websocket, talk
from tests.proxy_addon.floods import is_closed

CIRCUMVENTION = "  circumvention: {everyone: not_allowed, locked: true, staff: allowed}\n"
CONTINUE = b"\x03\0\0\0\0\x80\0\0\0"
INFO = b"\x05\0\0\0\0\x02\0"
PING = b"\x89\x02hi"


def frame(content: bytes, first: int = 0x82) -> bytes:
    if len(content) < 126:
        return bytes([first, len(content)]) + content
    return bytes([first, 126]) + len(content).to_bytes(2) + content


def squeezed(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(content) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")


TUNNELS = {
    "the first version": frame(CONTINUE),
    "the second": frame(INFO),
    "the second, with all it can do": frame(INFO + bytes(200)),
    "behind a ping": PING + PING + frame(CONTINUE),
    "compressed": frame(squeezed(CONTINUE), 0xC2),
    "with a long head": b"\x82\x7e\0\x09" + CONTINUE,
    "in parts": b"\x02\x09" + CONTINUE,
}


@pytest.mark.parametrize("name", TUNNELS)
@given(cuts=st.lists(st.integers(0, 230), max_size=6))
def test_a_tunnels_greeting_is_told_wherever_it_is_cut(name: str, cuts: list[int]) -> None:
    data = TUNNELS[name] + frame(b"more")
    first, places = FirstFrame(), [0, *sorted(min(each, len(data)) for each in cuts), len(data)]
    parts = [data[start:end] for start, end in pairwise(places)]
    assert sum(first.tells_of_a_tunnel(each) for each in parts) == 1


@pytest.mark.parametrize(
    "data",
    [
        frame(b"\x03\0\0\0\0ab", 0x81),
        frame(CONTINUE + b"x"),
        frame(CONTINUE[:8]),
        frame(b"\x03\x01\0\0\0\x80\0\0\0"),
        frame(b'0{"sid":"x"}', 0x81) + frame(CONTINUE),
        frame(b"") + frame(CONTINUE),
        frame(b"\xff" * 20, 0xC2),
        PING * 200 + frame(b"x"),
    ],
)
def test_what_others_say_first_is_no_greeting(data: bytes) -> None:
    first = FirstFrame()
    assert not first.tells_of_a_tunnel(data)
    assert not first.tells_of_a_tunnel(b"")


@given(st.lists(st.binary(max_size=40)))
def test_no_bytes_at_all_are_too_odd_for_it(parts: list[bytes]) -> None:
    first = FirstFrame()
    for each in parts:
        first.tells_of_a_tunnel(each)


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(POLICY.replace("access:\n", f"access:\n{CIRCUMVENTION}")) as gate:
        yield gate


def said(content: bytes) -> bytes:
    """By the client; the origin says it again."""
    return bytes([0x82, 0x80 | len(content)]) + bytes(4) + content


@pytest.mark.parametrize("greeting", [CONTINUE, INFO])
@pytest.mark.parametrize("secure", [False, True])
def test_a_websocket_that_is_a_tunnel_is_cut_and_recorded(gate: Gate, greeting: bytes, secure: bool) -> None:
    host = f"wisp{len(greeting)}{secure}.allowed.test".lower()
    with a_websocket(gate, host, secure=secure) as client:
        client.sendall(said(greeting))
        assert is_closed(client)
    row = gate.last_row(host=host, kind="event", verdict="block")
    assert (row["category"], row["entry"]) == ("circumvention", "tunnel")
    assert gate.last_row(host=host, kind="websocket")["outcome"] == "cut"


def test_who_may_by_the_policy_keeps_the_tunnel(gate: Gate) -> None:
    with a_websocket(gate, "staff.allowed.test", user="tess") as client:
        client.sendall(said(CONTINUE))
        assert client.recv(11) == frame(CONTINUE)


def test_other_talk_goes_on_and_a_greeting_later_is_none(gate: Gate) -> None:
    with a_websocket(gate, "chat.allowed.test") as client:
        assert talk(client, b"hello") == b"hello"
        client.sendall(said(CONTINUE))
        assert client.recv(11) == frame(CONTINUE)
