"""The console's listening socket: one device holds only so many of its connections.

They are counted as they are accepted, before a word is said, so that those that never begin TLS count too;
and whoever began must have ended the handshake within seconds. Whoever asks from this very machine, and a
front end that the school has named, stands for many, and is not counted.
"""

import asyncio
import socket
import weakref
from collections import Counter
from collections.abc import Collection
from typing import Any

from proxy_addon.addresses import device_of, is_this_machine

MOST_OF_ONE = 32  # connections of one address at once; of IPv6, of one /64
HANDSHAKE_SECONDS = 5.0
LOOP = f"{__name__}:HastyLoop"  # as uvicorn is told it


class Listening(socket.socket):
    """Accepts as any, and closes at once what is too many of one device."""

    _spared: frozenset[str] = frozenset()
    _far: frozenset[str] = frozenset()
    _most = MOST_OF_ONE
    _held: Counter[str]

    @classmethod
    def at(
        cls,
        host: str,
        port: int,
        spared: Collection[str] = (),
        most: int = MOST_OF_ONE,
        far: Collection[str] = (),
    ) -> "Listening":
        """`spared`: addresses of front ends. `far`: see `is_this_machine`. Raises OSError."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        plain = socket.create_server((host, port), family=family, backlog=256)
        made = cls(plain.family, plain.type, plain.proto, fileno=plain.detach())
        made._spared = frozenset(map(device_of, spared))
        made._most, made._far = most, frozenset(far)
        made._held = Counter()
        return made

    def accept(self) -> tuple[socket.socket, Any]:
        """Raises ConnectionAbortedError for what was closed: the loop goes on to the next."""
        conn, address = super().accept()
        device = device_of(address[0])
        if is_this_machine(address[0], self._far) or device in self._spared:
            return conn, address
        if self._held[device] >= self._most:
            conn.close()
            raise ConnectionAbortedError
        self._held[device] += 1
        return _Counted(conn, self._held, device), address


class _Counted(socket.socket):
    """Counted until it is closed, or forgotten."""

    def __init__(self, conn: socket.socket, held: Counter[str], device: str) -> None:
        super().__init__(conn.family, conn.type, conn.proto, fileno=conn.detach())
        self._left = weakref.finalize(self, _leave, held, device)

    def close(self) -> None:
        super().close()
        self._left()


def _leave(held: Counter[str], device: str) -> None:
    held[device] -= 1
    if held[device] <= 0:
        del held[device]


class HastyLoop(asyncio.SelectorEventLoop):
    """asyncio's own waits a minute for the end of a TLS handshake."""

    async def create_server(self, *args: Any, **more: Any) -> asyncio.Server:
        if more.get("ssl") is not None:
            more.setdefault("ssl_handshake_timeout", HANDSHAKE_SECONDS)
        return await super().create_server(*args, **more)
