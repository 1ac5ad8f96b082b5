"""Reading no faster than what was read can go on; and not waiting for ever for what nobody takes.

mitmproxy reads on while a request waits for its decision, or for a connection; and what HTTP/2 has no window
for it keeps. Both would hold whatever a client, or a site, cares to send.
"""

import asyncio
import os
import socket
import time
from typing import Any

from proxy_addon.paces import Pace

LOOK_AFTER = 256 * 1024  # bytes; what is kept at most beside the limits themselves
AGAIN_SECONDS = 0.02
WAITING_OUTSIDE = 2048


class Reader:
    """In the place of asyncio's, for mitmproxy's read loop. `came`: bytes so far."""

    __slots__ = ("_connection", "_inner", "_unseen", "came", "pace")

    def __init__(self, inner: Any, connection: Any) -> None:
        self._inner = inner
        self._connection = connection
        self._unseen = 0
        self.pace: Pace | None = None
        self.came = 0

    async def read(self, most: int) -> bytes:
        if self._unseen > LOOK_AFTER:
            while self.pace is not None and self.pace.is_full(self._connection):  # noqa: ASYNC110  # mitmproxy has no event for it
                await asyncio.sleep(AGAIN_SECONDS)
            self._unseen = 0
        data: bytes = await self._inner.read(most)
        self.came += len(data)
        self._unseen += len(data)
        return data


def widen(listening: Any) -> None:
    """Let more of those wait who have connected and were not yet let in: beyond asyncio's hundred, the system
    answers nobody for a second, so that a flood would keep everybody out."""
    for each in (each for server in listening._servers for each in server.sockets):
        with socket.socket(fileno=os.dup(each.fileno())) as same:
            same.listen(WAITING_OUTSIDE)


class Lingering:
    """Connections that are over for us, with something still to be sent. Each is a descriptor."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[Any, float] = {}

    def __len__(self) -> int:
        return len(self._until)

    def add(self, transport: Any) -> None:
        if transport.get_write_buffer_size():
            self._until.setdefault(transport, time.monotonic() + self._seconds)

    def look(self, now: float) -> None:
        for transport, until in list(self._until.items()):
            if not transport.get_write_buffer_size():
                del self._until[transport]
            elif until <= now:
                del self._until[transport]
                transport.abort()
