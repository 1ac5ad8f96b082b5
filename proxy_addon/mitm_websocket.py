"""Websockets, passed on as they come.

mitmproxy puts each message together, unpacked, before it passes it on: one that never ends, or one megabyte
that unpacks to a gigabyte, fills the memory. Here frames are checked for being frames, counted and passed on.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mitmproxy import http
from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import websocket
from mitmproxy.proxy.layers.websocket import WebsocketEndHook

from proxy_addon.first_frames import FirstFrame
from proxy_addon.mitm_seams import Seam
from proxy_addon.websocket_frames import Frames, NotFrames

EXTENSIONS = "Sec-WebSocket-Extensions"


@dataclass(slots=True)
class Said:
    """How much content went which way."""

    flow: http.HTTPFlow
    from_client: bool
    size: int


@dataclass
class WebsocketSaidHook(commands.StartHook):  # type: ignore[no-untyped-call]  # mitmproxy's __init_subclass__ has no types
    """Nobody waits for it."""

    name = "websocket_said"
    blocking = False
    said: Said


@dataclass(slots=True)
class Tunnelled(Said):
    """What a site said first is a tunnel's greeting: it goes no further unless somebody lets it."""

    is_let: bool = False


@dataclass
class WebsocketTunnelHook(commands.StartHook):  # type: ignore[no-untyped-call]  # mitmproxy's __init_subclass__ has no types
    """Waited for: its row comes first."""

    name = "websocket_tunnel"
    tunnelled: Tunnelled


class Relay(layer.Layer):
    """Between a client and a site, once both have agreed to speak websocket."""

    def __init__(self, context: Context, flow: http.HTTPFlow) -> None:
        super().__init__(context)
        self.flow = flow
        deflate = _compresses(flow.request.headers) and _compresses(_answered(flow))
        self._up = Frames(from_client=True, deflate=deflate)
        self._down = Frames(from_client=False, deflate=deflate)
        self._first = FirstFrame()

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.DataReceived):
            yield from self._pass_on(event)
        elif isinstance(event, events.ConnectionClosed):  # inside TLS its own half would stay open
            yield from self._end(self.context.server, self.context.client)

    def _pass_on(self, event: events.DataReceived) -> layer.CommandGenerator[None]:
        from_client = event.connection == self.context.client
        frames = self._up if from_client else self._down
        try:
            data, size = frames.feed(event.data)
        except NotFrames:
            yield from self._end(self.context.server, self.context.client)
            return
        if data and not from_client and self._first.tells_of_a_tunnel(data):
            tunnelled = Tunnelled(self.flow, from_client, size)
            yield WebsocketTunnelHook(tunnelled)
            if not tunnelled.is_let:
                yield from self._end(self.context.server, self.context.client)
                return
        if data:
            yield WebsocketSaidHook(Said(self.flow, from_client, size))
            yield commands.SendData(self._other(event.connection), data)

    def _other(self, connection: Connection) -> Connection:
        return self.context.server if connection == self.context.client else self.context.client

    def _end(self, *close: Connection) -> Iterator[commands.Command]:
        self._handle_event = self._ended  # type: ignore[method-assign]  # as mitmproxy's layers do
        if self.flow.websocket is not None:
            self.flow.websocket.timestamp_end = time.time()
        for connection in close:
            yield commands.CloseConnection(connection)
        yield WebsocketEndHook(self.flow)
        self.flow.live = False

    def _ended(self, event: events.Event) -> layer.CommandGenerator[None]:
        yield from ()


def _answered(flow: http.HTTPFlow) -> http.Headers:
    return flow.response.headers if flow.response is not None else http.Headers()


def _compresses(headers: http.Headers) -> bool:
    return "permessage-deflate" in headers.get(EXTENSIONS, "").lower()


def seams() -> tuple[Seam, ...]:
    def make(_original: Any) -> Any:
        return Relay

    return (
        Seam(
            websocket,
            "WebsocketLayer",
            "094cd5f8cf0314331722a29847af552213bd92ed43d1df55569789f1dd097c74",
            "keeps and unpacks whole messages, of any length",
            make,
        ),
    )
