"""The console's connections: a request must be told within seconds, or its connection is closed.

uvicorn itself waits for ever for the rest of a head, so that whoever sends one letter a minute on each of
many connections would leave none for anybody else.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0
LARGEST_HEAD = 32_768  # bytes: request line and header fields
MOST_CONNECTIONS = 500  # at once; more are answered 503


class Unhurried(H11Protocol):
    """Closes what has sent no whole head for so long; how long an answer takes is not its business."""

    head_seconds = HEAD_SECONDS
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Another request on a connection that was kept has as long as the first."""
        if self.conn.their_state is h11.IDLE and self._head_timer is None:
            self._expect_head()
        super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        if self.conn.their_state is not h11.IDLE:
            self._head_came()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self._give_up)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        self.transport.abort()
