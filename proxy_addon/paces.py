"""What a client connection waits for, read from mitmproxy's own state: a request pays nothing for it."""

from dataclasses import dataclass
from typing import Any

from h2.stream import StreamState
from mitmproxy.proxy.layer import Layer, NextLayer
from mitmproxy.proxy.layers.http import HttpLayer, _http1, _http2
from mitmproxy.proxy.layers.tcp import TCPLayer
from mitmproxy.proxy.layers.tls import ClientTLSLayer
from mitmproxy.proxy.tunnel import TunnelState

from proxy_addon import limits
from proxy_addon.connections import Connection
from proxy_addon.mitm_h2 import unsent

# What it waits for. While nothing is under way (the first three) it may be closed for another to come in.
QUIET = "quiet"  # the next request
HEAD = "head"  # the rest of a head
HELLO = "hello"  # the TLS handshake, in a tunnel or at our own door
BODY = "body"  # the rest of a body
ANSWER = "answer"  # what we or a site will say
OPEN = "open"  # whatever either side says, on a websocket or in a tunnel that we do not look into
EVICTABLE = frozenset({QUIET, HEAD, HELLO})


@dataclass(slots=True, eq=False)
class Pace:
    """One client connection. `phase`, `since` and `came` are as the last look found them."""

    handler: Any  # mitmproxy's ConnectionHandler
    client: Any
    transport: Any
    address: str
    reader: Any
    phase: tuple[str, int] = (QUIET, 0)
    since: float = 0.0
    came: int = 0
    known: Connection | None = None
    reached: int = 0  # connections to sites that are open for it
    watches: bool = False  # whoever watches the gate (watch_place.py)

    @property
    def person(self) -> str:
        """Who was found to ask on it; empty while nobody has said."""
        return self.known.person if self.known is not None else ""

    def now_waits_for(self) -> tuple[str, int]:
        """And for the how manieth time: a new head is a new wait."""
        http, last = _walked(self.handler.layer)
        if isinstance(last, TCPLayer):
            return OPEN, 0
        if isinstance(last, NextLayer) and _is_open(last.context.layers[-1]):
            return QUIET, -1  # inside TLS, and nothing said
        speaker = http.connections.get(self.client) if http is not None else None
        if isinstance(speaker, _http1.Http1Server):
            return _http1_phase(speaker)
        if isinstance(speaker, _http2.Http2Server):
            return _http2_phase(speaker)
        return (HELLO if self.reader.came else QUIET), -1

    def is_full(self, reading: Any) -> bool:
        """Whether so much waits for something else that no more should be read from `reading` for now."""
        http = innermost(self.handler.layer)
        if http is None:
            return False
        mine = http.connections.get(self.client)
        if reading is self.client:
            waiting = sum(len(stream._paused_event_queue) for stream in http.streams.values())
            waiting += len(mine._paused_event_queue) if mine is not None else 0
            if waiting > limits.WAITING_EVENTS:
                return True
        return any(
            isinstance(each, _http2.Http2Connection) and unsent(each.h2_conn)
            for connection, each in http.connections.items()
            if connection is not reading
        )


def innermost(layer: Any) -> HttpLayer | None:
    """The layer that reads the client's requests; None while there is none."""
    return _walked(layer)[0]


def _walked(layer: Any) -> tuple[HttpLayer | None, Any]:
    """That, and the innermost layer of all."""
    found: HttpLayer | None = None
    last = None
    while isinstance(layer, Layer):
        last = layer
        if isinstance(layer, NextLayer):
            layer = layer.layer
        elif isinstance(layer, HttpLayer):
            found = layer
            tunnels = (stream.child_layer for stream in layer.streams.values())
            layer = next((inner for inner in tunnels if inner is not None), None)
        else:
            layer = getattr(layer, "child_layer", None) or _given_way_to(layer)
    return found, last


def _is_open(layer: Any) -> bool:
    return isinstance(layer, ClientTLSLayer) and layer.tunnel_state is TunnelState.OPEN


def _given_way_to(layer: Layer) -> Any:
    """The layer that answers in the place of this one: mitmproxy's outermost keeps no other trace of it."""
    inner = getattr(layer._handle_event, "__self__", None)
    return None if inner is layer else inner


def _http1_phase(server: _http1.Http1Server) -> tuple[str, int]:
    state, turn = server.state, server.stream_id
    if state == server.read_headers:
        return (HEAD if server.buf else QUIET), turn
    if state == server.read_body:
        return BODY, turn
    if state == server.passthrough:
        connects = server.request is not None and server.request.data.method == b"CONNECT"
        return (HELLO if connects else OPEN), turn
    return ANSWER, turn


def _http2_phase(server: _http2.Http2Server) -> tuple[str, int]:
    connection = server.h2_conn
    turn = connection.highest_inbound_stream_id
    counts = server.__dict__.get("counts")
    if counts is not None and counts.in_block:
        return HEAD, turn
    if not server.streams:
        return QUIET, turn
    open_ones = (connection.streams.get(each) for each in server.streams)
    if any(each is not None and each.state_machine.state is StreamState.OPEN for each in open_ones):
        return BODY, 0
    return ANSWER, turn
