"""Floods over HTTP/2: refused before they are worked on, recorded, and the connection told to calm down."""

import time
from collections.abc import Iterator

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from tests.doors import read_some
from tests.harness import Gate, a_gate, until
from tests.proxy_addon.floods import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    MB,
    PING,
    PRIORITY,
    SETTINGS,
    WINDOW,
    frame,
    get_block,
    goaway_code,
    h2_client,
    rapid_resets,
    send_all,
)

CALM_DOWN = 11
BEGUN = frame(HEADERS, 1, get_block(), END_HEADERS)
FLOODS = {
    "streams that are reset at once": rapid_resets(3000),
    "pings": frame(PING, 0, b"12345678") * 50_000,
    "settings": frame(SETTINGS) * 50_000,
    "priorities": frame(PRIORITY, 1, b"\0\0\0\0\1") * 50_000,
    "windows of one byte": frame(WINDOW, 0, b"\0\0\0\1") * 50_000,
    "unknown frames": frame(0x42) * 50_000,
    "empty data": BEGUN + frame(DATA, 1) * 50_000,
    "endless fields": frame(HEADERS, 1, get_block()) + frame(CONTINUATION, 1, b"\x00\x01a\x01b" * 900) * 1000,
    "fields that unpack to megabytes": frame(
        HEADERS,
        1,
        get_block() + b"\x40\x01a\x7f\x81\x1e" + b"b" * 4000 + b"\xbe" * 8000,
        END_HEADERS | END_STREAM,
    ),
}


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"bet.test": "gambling"}) as gate:
        yield gate


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_a_flood_is_cut_short_with_one_row(flood: bytes, gate: Gate) -> None:
    before, contacted = len(gate.rows()), gate.origin.connections
    with h2_client(gate) as client:
        send_all(client, [flood])
        assert goaway_code(read_some(client)) == CALM_DOWN
    rows = gate.wait_rows(lambda rows: any(row["kind"] == "unparsed" for row in rows[before:]))[before:]
    assert [row["status"] for row in rows if row["kind"] == "unparsed"] in ([429], [400])
    assert not [row for row in rows if row["kind"] == "request" and row["verdict"] == "block"]
    assert gate.origin.connections - contacted <= 1
    assert gate.is_alive


def test_more_streams_than_agreed_are_refused(gate: Gate) -> None:
    asks = (frame(HEADERS, 2 * each + 1, get_block(), END_HEADERS | END_STREAM) for each in range(300))
    with h2_client(gate) as client:
        client.sendall(b"".join(asks))
        assert goaway_code(read_some(client)) is not None
    assert gate.last_row(kind="unparsed", host="allowed.test")["status"] == 400


def test_what_the_client_has_no_window_for_is_not_kept(gate: Gate) -> None:
    """A site sends as fast as we read: so we do not."""
    process = psutil.Process(gate.process.pid)
    before, memory = gate.origin.sent, process.memory_info().rss
    with h2_client(gate) as client:
        client.sendall(frame(HEADERS, 1, get_block(path="/bytes/200000000"), END_HEADERS | END_STREAM))
        until(lambda: gate.origin.sent - before, lambda sent: sent > 5 * MB)
        time.sleep(0.5)
        assert process.memory_info().rss - memory < 40 * MB
    assert gate.origin.sent - before < 40 * MB


def test_a_whole_download_comes_through_small_windows(gate: Gate) -> None:
    size, got = 3 * MB, 0
    with h2_client(gate) as client:
        client.sendall(frame(HEADERS, 1, get_block(path=f"/bytes/{size}"), END_HEADERS | END_STREAM))
        held = b""
        while got < size:
            held += client.recv(65536)
            while len(held) >= 9 and len(held) >= 9 + (length := int.from_bytes(held[:3])):
                if held[3] == DATA and length:
                    got += length
                    client.sendall(
                        frame(WINDOW, 0, length.to_bytes(4)) + frame(WINDOW, 1, length.to_bytes(4))
                    )
                held = held[9 + length :]
    assert got == size
