"""SIGTERM: what is under way ends as it should, nothing new begins, nothing is lost."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.harness import Gate, a_gate, proxy_login

UNDER_WAY = 50
LOGIN = proxy_login("anna")


@pytest.fixture
def gate() -> Iterator[Gate]:
    with a_gate() as gate:
        yield gate


async def fetched(gate: Gate, path: str, begun: asyncio.Semaphore) -> bytes:
    """The whole answer; `begun` is told as its head comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
    head = f"GET http://allowed.test{path} HTTP/1.1\r\nHost: allowed.test\r\nConnection: close\r\n"
    writer.write(head.encode() + LOGIN + b"\r\n")
    got = await reader.readuntil(b"\r\n\r\n")
    begun.release()
    got += await reader.read()
    writer.close()
    return got


async def refused(gate: Gate) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", gate.port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


def test_fifty_answers_end_whole_and_nobody_new_comes_in(gate: Gate) -> None:
    async def story() -> tuple[list[bytes], bool]:
        begun = asyncio.Semaphore(0)
        asked = [asyncio.create_task(fetched(gate, f"/slow/3?{n}", begun)) for n in range(UNDER_WAY)]
        for _ in asked:
            await begun.acquire()
        os.kill(gate.process.pid, signal.SIGTERM)
        await asyncio.sleep(1)
        shut = await refused(gate)
        return await asyncio.gather(*asked), shut

    told = time.monotonic()
    answers, shut = asyncio.run(story())
    assert gate.process.wait(20) == 0
    assert time.monotonic() - told < 25  # ten seconds, on a machine that does nothing else
    assert shut
    assert all(answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"x") for answer in answers)
    rows = [row for row in gate.rows() if row["kind"] == "request"]
    assert len(rows) == UNDER_WAY
    assert {(row["status"], row["outcome"], row["down"]) for row in rows} == {(200, "done", 1)}
