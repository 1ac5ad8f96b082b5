"""Somebody who is known browses while others guess passwords: how long a page takes, beside an idle gate.

    python -m bench guessing [--seconds 6] [--rate 5]

Hashes cost what they cost in a school. Each guesser is a device of its own with a new wrong password each
time, `--rate` a second, from a process of their own; rounds with and without them take turns, and the medians
of the rounds are compared.
"""

import argparse
import contextlib
import http.client
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from audit_log.passwords import PROXY
from filter_policy.bundle import Account
from tests.builders import a_person
from tests.harness import PASSWORD, Gate, a_gate, proxy_login

GUESSERS = (8, 50)
ROUNDS = 3
PAUSE = 0.005  # between two pages of the one who browses
GUESS = """
import asyncio, base64, itertools, sys
port, devices, rate = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
numbers = itertools.count()

async def device(address, username):
    await asyncio.sleep(int(address.rpartition(".")[2]) / devices / rate)
    while True:
        login = base64.b64encode(f"{username}:wrong{next(numbers)}".encode()).decode()
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        writer.write(f"GET http://allowed.test/ HTTP/1.1\\r\\nHost: allowed.test\\r\\nConnection: close\\r\\n"
                     f"Proxy-Authorization: Basic {login}\\r\\n\\r\\n".encode())
        await reader.read()
        writer.close()
        await asyncio.sleep(1 / rate)

async def main():
    tasks = [device(f"127.9.{sys.argv[4]}.{n + 1}", ("tess", f"p{n}")[n % 2]) for n in range(devices)]
    await asyncio.gather(*tasks)

asyncio.run(main())
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rate", type=float, default=5.0)
    given = parser.parse_args()
    hashed = PROXY.hash(PASSWORD)
    people = [a_person(name) for name in ("anna", "tess", *(f"p{number}" for number in range(50)))]
    with a_gate(
        accounts=[Account(one, hashed) for one in people], sites={"allowed.test": "education"}
    ) as gate:
        print("| guessing | p50 ms | p95 ms | p50 beside idle | p95 beside idle | tries checked |")
        print("|---|---|---|---|---|---|")
        for number, devices in enumerate(GUESSERS):
            print(_row(gate, devices, given.seconds, given.rate, number), flush=True)
    return 0


def _row(gate: Gate, devices: int, seconds: float, rate: float, number: int) -> str:
    idle: list[tuple[float, float]] = []
    busy: list[tuple[float, float]] = []
    before = len(gate.rows())
    for turn in range(ROUNDS):
        idle.append(_browse(gate, seconds))
        with _guessing(gate, devices, rate, number * ROUNDS + turn):
            busy.append(_browse(gate, seconds))
    tries = [row["reason"] for row in gate.rows()[before:] if row["verdict"] == "block"]
    checked = sum(reason == "wrong-credentials" for reason in tries)
    (p50, p95), (idle50, idle95) = (_medians(rounds) for rounds in (busy, idle))
    ratios = f"{p50 / idle50:.2f} | {p95 / idle95:.2f}"
    return f"| {devices} | {p50:.1f} | {p95:.1f} | {ratios} | {checked} of {len(tries)} |"


def _medians(rounds: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(p50 for p50, _ in rounds), statistics.median(p95 for _, p95 in rounds)


def _browse(gate: Gate, seconds: float) -> tuple[float, float]:
    """(p50, p95) in ms of one page after another."""
    login = proxy_login("anna").decode().strip().partition(": ")[2]
    client = http.client.HTTPConnection("127.0.0.1", gate.port)
    taken, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.perf_counter()
        client.request("GET", "http://allowed.test/", headers={"Proxy-Authorization": login})
        answer = client.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the one who browses got {answer.status}")
        taken.append((time.perf_counter() - begun) * 1000)
        time.sleep(PAUSE)
    client.close()
    cuts = statistics.quantiles(taken, n=20)
    return statistics.median(taken), cuts[18]


@contextlib.contextmanager
def _guessing(gate: Gate, devices: int, rate: float, third: int) -> Iterator[None]:
    """Devices that were never seen before, each time."""
    given = [str(each) for each in (gate.port, devices, rate, third)]
    process = subprocess.Popen([sys.executable, "-c", GUESS, *given])
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
