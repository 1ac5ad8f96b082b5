"""Nothing is waited for that nobody takes."""

import asyncio
import socket

from proxy_addon.room import Lingering, Reader


def test_what_is_not_taken_in_time_is_dropped() -> None:
    async def story() -> tuple[bool, bool, int]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        transport.write(bytes(10_000_000))
        transport.close()
        lingering = Lingering(seconds=5)
        lingering.add(transport)
        lingering.look(0)
        before = bool(transport.get_write_buffer_size())
        lingering.look(float("inf"))
        await asyncio.sleep(0)
        theirs.close()
        return before, ours.fileno() == -1, len(lingering)

    assert asyncio.run(story()) == (True, True, 0)


def test_what_has_gone_is_forgotten() -> None:
    async def story() -> int:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        transport.write(b"hello")
        lingering = Lingering(seconds=5)
        lingering.add(transport)
        transport.close()
        await asyncio.sleep(0)
        theirs.close()
        return len(lingering)

    assert asyncio.run(story()) == 0


def test_a_reader_counts_what_came() -> None:
    async def story() -> tuple[bytes, int]:
        inner = asyncio.StreamReader()
        inner.feed_data(b"hello")
        reader = Reader(inner, None)
        return await reader.read(100), reader.came

    assert asyncio.run(story()) == (b"hello", 5)
