"""What is said on a websocket goes on as it comes, whatever its size."""

from collections.abc import Iterator

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from tests.harness import Gate, a_gate, a_websocket, talk
from tests.proxy_addon.floods import MB, is_closed, send_all


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate() as gate:
        yield gate


def test_a_flood_of_large_messages_leaves_memory_flat(gate: Gate) -> None:
    process = psutil.Process(gate.process.pid)
    message = b"\x82\xff" + MB.to_bytes(8) + bytes(4) + bytes(MB)
    before = process.memory_info().rss
    with a_websocket(gate, "flood.allowed.test") as client:
        client.settimeout(5)
        for _ in range(8):
            assert send_all(client, [message]) == len(message)
            left = MB + 10
            while left > 0 and (got := len(client.recv(left))):
                left -= got
        assert process.memory_info().rss - before < 20 * MB
    assert gate.last_row(host="flood.allowed.test", kind="websocket")["up"] == 8 * MB


def test_a_message_without_end_leaves_memory_flat(gate: Gate) -> None:
    process = psutil.Process(gate.process.pid)
    part = b"\x00\xfe" + (60_000).to_bytes(2) + bytes(4) + bytes(60_000)
    before = process.memory_info().rss
    with a_websocket(gate, "endless.allowed.test") as client:
        client.sendall(b"\x02" + part[1:])
        client.settimeout(5)
        for _ in range(300):
            client.sendall(part)
            left = 60_004
            while left > 0 and (got := len(client.recv(left))):
                left -= got
        assert process.memory_info().rss - before < 20 * MB


def test_what_is_no_websocket_after_all_is_closed(gate: Gate) -> None:
    with a_websocket(gate, "ssh.allowed.test") as client:
        assert talk(client, b"hello") == b"hello"
        client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        assert is_closed(client)
    assert gate.last_row(host="ssh.allowed.test", kind="websocket")["outcome"] == "done"


@pytest.mark.parametrize("goodbye", [b"", b"\x88\x82\0\0\0\0\x03\xe8"], ids=["no word", "a word"])
def test_inside_tls_its_tunnel_ends_with_whoever_leaves(goodbye: bytes, gate: Gate) -> None:
    with a_websocket(gate, "secure.allowed.test", secure=True) as client:
        assert talk(client, b"hello") == b"hello"
        client.sendall(goodbye)
    assert gate.last_row(kind="websocket", host="secure.allowed.test")["outcome"] == "done"
    tunnels = [row for row in gate.rows() if row["kind"] == "connect"]
    ended = gate.wait_rows(lambda rows: all(row.get("ended") for row in rows if row["kind"] == "connect"))
    assert tunnels
    assert all(row.get("ended") for row in ended if row["kind"] == "connect")
