"""uvicorn that says when it serves, and that ends with 0 when it is asked to leave."""

import socket
from collections.abc import Callable

import uvicorn


class ReadyServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()
