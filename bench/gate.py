"""The gate beside bare `mitmdump -q`, in the same minutes on the same machine: ratios, not absolute times.

    python -m bench.gate [--rounds 5] [--requests 3200]

Both get the same requests from the same client to the same site, over 16 kept-alive connections, plain and
HTTPS. The gate has its policy, its people, 20,000 listed sites and its durable journal, and the recorder that
empties it into SQLite; their CPU is counted together. Rounds alternate, and the median of rounds counts.
"""

import argparse
import asyncio
import contextlib
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # ships no types

from bench.load import Target, basic, first_byte, load
from filter_lists.gathering import Gatherer
from filter_lists.names import parse_site
from filter_lists.writing import write_generation
from filter_policy.bundle import write_bundle
from schoolgate.demo.authority import ExampleAuthority
from tests.builders import POLICY
from tests.harness import PASSWORD, everybody, with_egress
from tests.proofs import prove_bundle

CONNECTIONS = 16
LISTED = 20_000
DOWNLOAD = 50 * 1024 * 1024
WARM = 320
GATE = """
import json, sys
from pathlib import Path
from proxy_addon.run import GateSettings, run_gate
from schoolgate.log import configure_logging
configure_logging("gate")
state, ca = map(Path, sys.argv[1:3])
settings = GateSettings("127.0.0.1", 0, state, upstream_ca=ca)
sys.exit(run_gate(settings, ready=lambda port: print(json.dumps({"port": port}), flush=True)))
"""
RECORDER = """
import signal, sys, threading
from pathlib import Path
from audit_log.db import migrate, open_engine
from audit_log.recorder import Recorder
from schoolgate.log import configure_logging
configure_logging("recorder")
engine = open_engine(f"sqlite:///{sys.argv[1]}/schoolgate.sqlite")
migrate(engine)
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
print("{}", flush=True)
Recorder(engine, Path(sys.argv[1]) / "journal").run(stop)
"""


@dataclass
class Side:
    """One proxy: where it listens, what it is trusted with, and the processes whose CPU is its own."""

    port: int
    ca: Path
    login: str
    processes: list[Any]
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)
    rates: dict[str, list[float]] = field(default_factory=dict)

    def cpu(self) -> float:
        """Seconds, user and system, of all its processes and threads."""
        return float(sum(sum(process.cpu_times()[:2]) for process in self.processes))

    def target(self, scheme: str, ports: dict[str, int]) -> Target:
        return Target(self.port, ports[scheme], str(self.ca) if scheme == "https" else None, self.login)


@dataclass
class Bench:
    ports: dict[str, int]
    gate: Side
    bare: Side

    @property
    def sides(self) -> dict[str, Side]:
        return {"gate": self.gate, "mitmdump": self.bare}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=3200)
    given = parser.parse_args()
    with running() as bench:
        for line in report(bench, given.rounds, given.requests):
            print(line, flush=True)
    return 0


def report(bench: Bench, rounds: int, requests: int) -> Iterator[str]:
    """Markdown, a table at a time."""
    for scheme in ("http", "https"):
        for side in bench.sides.values():
            asyncio.run(load(side.target(scheme, bench.ports), CONNECTIONS, WARM))
    for _ in range(rounds):
        for scheme in ("http", "https"):
            for side in bench.sides.values():
                _measure(side, scheme, bench.ports, requests)
    yield "| | gate + recorder: CPU ms/request | mitmdump -q | ratio | requests/s, gate | mitmdump |"
    yield "|---|---|---|---|---|---|"
    for scheme in ("http", "https"):
        ours, theirs = (statistics.median(side.cpu_ms[scheme]) for side in bench.sides.values())
        ratio = statistics.median(
            b / a for a, b in zip(bench.gate.cpu_ms[scheme], bench.bare.cpu_ms[scheme], strict=True)
        )
        rates = [statistics.median(side.rates[scheme]) for side in bench.sides.values()]
        name = f"{scheme} keep-alive, {CONNECTIONS} connections"
        yield f"| {name} | {ours:.3f} | {theirs:.3f} | {ratio:.2f} | {rates[0]:.0f} | {rates[1]:.0f} |"
    yield from _unloaded(bench)
    yield from _downloads(bench)


def _measure(side: Side, scheme: str, ports: dict[str, int], requests: int) -> None:
    cpu, begun = side.cpu(), time.perf_counter()
    asyncio.run(load(side.target(scheme, ports), CONNECTIONS, requests))
    seconds = time.perf_counter() - begun
    time.sleep(0.5)  # the recorder takes what is left
    side.cpu_ms.setdefault(scheme, []).append((side.cpu() - cpu) / requests * 1000)
    side.rates.setdefault(scheme, []).append(requests / seconds)


def _unloaded(bench: Bench) -> Iterator[str]:
    yield ""
    yield "| one connection, p50 ms | gate | mitmdump -q |"
    yield "|---|---|---|"
    for scheme in ("http", "https"):
        medians: dict[str, list[float]] = {}
        for _ in range(5):
            for name, side in bench.sides.items():
                times = asyncio.run(load(side.target(scheme, bench.ports), 1, 100))
                medians.setdefault(name, []).append(statistics.median(times) * 1000)
        ours, theirs = (statistics.median(medians[name]) for name in bench.sides)
        yield f"| {scheme} | {ours:.2f} | {theirs:.2f} |"


def _downloads(bench: Bench) -> Iterator[str]:
    path = f"/bytes/{DOWNLOAD}"
    process = bench.gate.processes[0]
    yield ""
    yield "| 50 MB through the gate | first byte ms | the site's own | RSS above idle, MB | MB/s |"
    yield "|---|---|---|---|---|"
    for scheme in ("http", "https"):
        target = bench.gate.target(scheme, bench.ports)
        own = (
            min(asyncio.run(first_byte(target, path, direct=True))[0] for _ in range(3))
            if scheme == "http"
            else 0.0
        )
        firsts, peaks, rates = [], [], []
        for _ in range(3):
            idle = process.memory_info().rss
            with _peak(lambda: process.memory_info().rss) as peak:
                first, whole = asyncio.run(first_byte(target, path))
            firsts.append(first * 1000)
            peaks.append((peak[0] - idle) / 1e6)
            rates.append(DOWNLOAD / 1e6 / whole)
        shown = f"{own * 1000:.1f}" if own else "-"
        yield (
            f"| {scheme} | {statistics.median(firsts):.1f} | {shown} | {max(peaks):.1f} "
            f"| {statistics.median(rates):.0f} |"
        )


@contextlib.contextmanager
def _peak(ask: Callable[[], int]) -> Iterator[list[int]]:
    """The highest of what is asked for every few milliseconds meanwhile."""
    found, done = [ask()], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            found[0] = max(found[0], ask())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()


@contextlib.contextmanager
def running() -> Iterator[Bench]:
    """The site, the gate with its recorder, and mitmdump."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        authority = ExampleAuthority()
        ca = folder / "site-ca.pem"
        ca.write_bytes(authority.certificate)
        certificate = authority.write_site(["localhost"], folder)
        _, ports = stack.enter_context(_process("-m", "bench.load", "origin", str(certificate)))
        state = a_state(folder, ports)
        gate, said = stack.enter_context(_process("-c", GATE, str(state), str(ca)))
        recorder, _ = stack.enter_context(_process("-c", RECORDER, str(state)))
        ours = Side(
            said["port"],
            state / "ca" / "mitmproxy-ca-cert.pem",
            basic("anna", PASSWORD),
            [psutil.Process(gate.pid), psutil.Process(recorder.pid)],
        )
        yield Bench(ports, ours, stack.enter_context(_mitmdump(folder, ca)))


def a_state(folder: Path, ports: dict[str, int]) -> Path:
    """Policy, people and lists, as the publisher leaves them."""
    state = folder / "state"
    (state / "lists").mkdir(parents=True)
    gathered = Gatherer()
    for number in range(LISTED):
        gathered.add(parse_site(f"site{number}.example"), "gambling", "gambling-list")
    gathered.add(parse_site("localhost"), "education", "education-list")
    lists = write_generation(gathered, (), state / "lists")
    text = with_egress(POLICY, [("127.0.0.1", port) for port in ports.values()])
    text = text.replace("connect_ports: [443]", f"connect_ports: [443, {ports['https']}]")
    prove_bundle(state, write_bundle(state, policy_text=text, lists=lists, accounts=everybody()))
    return state


@contextlib.contextmanager
def _process(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", Any]]:
    """A Python of ours, once it has said a line of JSON."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = next(line for line in process.stdout if line.startswith("{"))
        yield process, json.loads(said)
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def _mitmdump(folder: Path, ca: Path) -> Iterator[Side]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {
        "listen_host": "127.0.0.1",
        "listen_port": port,
        "confdir": folder / "bare",
        "ssl_verify_upstream_trusted_ca": ca,
    }
    command = [str(Path(sys.executable).with_name("mitmdump")), "-q"]
    command += [part for name, value in options.items() for part in ("--set", f"{name}={value}")]
    process = subprocess.Popen(command)
    try:
        _wait_for(port)
        yield Side(port, folder / "bare" / "mitmproxy-ca-cert.pem", "", [psutil.Process(process.pid)])
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("mitmdump did not start")


if __name__ == "__main__":
    sys.exit(main())
