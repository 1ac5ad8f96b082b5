"""What an attack costs the gate, and what everybody else notices of it: hostile clients at a capped rate.

    python -m bench attack [--seconds 5]

Each attack runs for some seconds in a process of its own, beside an honest client that asks for a blocked
page twenty times a second. CPU is that of the gate, without what the honest client alone costs; the ordinary
request in the first row is measured in the same run, so look at the ratios. Lag is how long the honest client
waited for its answer.
"""

import argparse
import contextlib
import multiprocessing
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psutil  # type: ignore[import-untyped]  # ships no types

from tests.doors import read_head, read_some
from tests.harness import Gate, a_gate
from tests.proxy_addon import floods
from tests.proxy_addon.doings import get

PROBE_SECONDS = 0.05
SETTLE_SECONDS = 2.0
Attack = Callable[[Gate], object]


@dataclass
class Seen:
    """Of one attack."""

    attempts: int
    cpu_ms: float
    lags: list[float]
    memory_mb: tuple[float, float]
    files: tuple[int, int]


def plain(data: bytes) -> Attack:
    def do(gate: Gate) -> None:
        with gate.connect() as client:
            floods.send_all(client, [data])
            with contextlib.suppress(OSError):
                read_head(client)

    return do


def over_h2(data: bytes) -> Attack:
    def do(gate: Gate) -> None:
        with contextlib.suppress(OSError), floods.h2_client(gate) as client:
            floods.send_all(client, [data])
            read_some(client)

    return do


def one_stream(gate: Gate) -> None:
    """An ordinary request over HTTP/2, with the tunnel and the handshake."""
    with floods.h2_client(gate, "bet.test") as client:
        flags = floods.END_HEADERS | floods.END_STREAM
        client.sendall(floods.frame(floods.HEADERS, 1, floods.get_block("bet.test"), flags))
        client.recv(65536)


def crumbs(gate: Gate) -> None:
    with gate.connect() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        floods.send_all(client, (bytes([each]) for each in get("bet.test", path="/" + "a" * 2000)))


def endless_hello(gate: Gate) -> None:
    _, client = gate.tunnel("bet.test")
    with client:
        record = b"\x16\x03\x01\x40\x00" + b"\x01\x0f\xff\xff" + bytes(0x4000 - 4)
        floods.send_all(client, [record * 20])


def says_nothing(gate: Gate) -> None:
    gate.connect().detach()  # left open


def attacks(port: int) -> Iterator[tuple[str, float, Attack]]:
    """(name, how many a second, what)."""
    chunked = b"Transfer-Encoding: chunked"
    yield "**an ordinary request**", 40, plain(get("bet.test"))
    yield "**an ordinary request over HTTP/2, with its handshake**", 10, one_stream
    yield "a head of 100,000 fields", 20, plain(get("bet.test", *[b"a: b"] * 100_000))
    yield "a head of 2 KB, byte by byte", 10, crumbs
    yield "100,000 empty lines", 20, plain(b"\r\n" * 100_000)
    yield "100,000 requests at once", 10, plain(get("bet.test", path="/") * 100_000)
    yield "a chunk line of 5 MB", 20, plain(floods.post("allowed.test", chunked) + b"5;" + b"x" * 5_000_000)
    yield (
        "200,000 chunks of a byte",
        20,
        plain(floods.post("allowed.test", chunked) + b"1\r\nx\r\n" * 200_000),
    )
    yield (
        "an upload of 2 GB to a blocked site",
        20,
        plain(floods.post("bet.test", b"Content-Length: 2000000000")),
    )
    packed = floods.post("allowed.test", b"Content-Encoding: br", b"Content-Length: 3") + b"abc"
    yield "a packed body", 20, plain(packed)
    yield "the proxy itself", 20, plain(get(f"127.1:{port}"))
    yield "a ClientHello without end", 10, endless_hello
    yield "3,000 streams, each reset", 10, over_h2(floods.rapid_resets(3000))
    yield "50,000 pings", 10, over_h2(floods.frame(floods.PING, 0, bytes(8)) * 50_000)
    endless = floods.frame(floods.HEADERS, 1, floods.get_block())
    yield (
        "fields without end",
        10,
        over_h2(endless + floods.frame(floods.CONTINUATION, 1, bytes(1000)) * 1000),
    )
    yield "a connection that says nothing", 100, says_nothing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    with a_gate(sites={"bet.test": "gambling"}) as gate:
        for line in report(gate, given.seconds):
            print(line, flush=True)
    return 0


def report(gate: Gate, seconds: float) -> Iterator[str]:
    """Markdown."""
    process = psutil.Process(gate.process.pid)
    quiet = _run(gate, process, None, 0, seconds)
    yield "| attack | a second | CPU ms each | lag p99, ms | MB before, after | descriptors before, after |"
    yield "|---|---|---|---|---|---|"
    yield f"| nobody but the honest client | 0 | - | {_ms(quiet.lags, 99):.0f} | - | - |"
    for name, rate, attack in attacks(gate.port):
        seen = _run(gate, process, attack, rate, seconds)
        each = max(seen.cpu_ms - quiet.cpu_ms, 0) / max(seen.attempts, 1)
        memory = f"{seen.memory_mb[0]:.0f}, {seen.memory_mb[1]:.0f}"
        files = f"{seen.files[0]}, {seen.files[1]}"
        done = seen.attempts / seconds
        yield f"| {name} | {done:.0f} | {each:.2f} | {_ms(seen.lags, 99):.0f} | {memory} | {files} |"


def _run(gate: Gate, process: Any, attack: Attack | None, rate: float, seconds: float) -> Seen:
    memory, files, cpu = process.memory_info().rss, process.num_fds(), process.cpu_times()
    context = multiprocessing.get_context("fork")
    count = context.Value("i", 0)
    hostile = context.Process(target=_attack, args=(gate, attack, rate, seconds, count)) if attack else None
    if hostile is not None:
        hostile.start()
    lags = _probe(gate, seconds)
    after = process.cpu_times()
    if hostile is not None:
        hostile.join()
    time.sleep(SETTLE_SECONDS)
    spent = (after.user + after.system - cpu.user - cpu.system) * 1000
    return Seen(
        count.value,
        spent,
        lags,
        (memory / 1e6, process.memory_info().rss / 1e6),
        (files, process.num_fds()),
    )


def _attack(gate: Gate, attack: Attack, rate: float, seconds: float, count: Any) -> None:
    begun = time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(begun + number / rate - time.monotonic(), 0))
        if time.monotonic() - begun > seconds:
            return
        with contextlib.suppress(OSError):
            attack(gate)
        count.value = number + 1


def _probe(gate: Gate, seconds: float) -> list[float]:
    lags, end = [], time.monotonic() + seconds
    ask = get("bet.test", b"Connection: close")
    while time.monotonic() < end:
        begun = time.perf_counter()
        with gate.connect() as client:
            client.sendall(ask)
            assert b" 403 " in read_head(client)
        lags.append(time.perf_counter() - begun)
        time.sleep(PROBE_SECONDS)
    return lags


def _ms(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] * 1000


if __name__ == "__main__":
    sys.exit(main())
