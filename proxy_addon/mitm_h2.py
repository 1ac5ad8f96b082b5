"""HTTP/2 with limits: on what comes, and on what we keep for somebody who does not take it.

h2 itself refuses more than a hundred streams at once, and more than 64 KB of header fields unpacked. It has
no limit on how many streams are opened and reset, nor on frames that mean nothing. And mitmproxy keeps what
the other side has no window for, without end: a site's whole download (see `unsent`, and mitm_load.py).
"""

from typing import Any

from h2.errors import ErrorCodes
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import _http2
from mitmproxy.proxy.layers.http._http_h2 import BufferedH2Connection

from proxy_addon import limits
from proxy_addon.frame_counts import Flood, FrameCounts
from proxy_addon.mitm_seams import Seam
from proxy_addon.turned_away import TurnedAway, TurnedAwayHook


def _handle_event(original: Any) -> Any:
    """Frames are counted before h2 sees them; what goes out earns the other side its window updates."""

    def handle_event(self: Any, event: events.Event) -> CommandGenerator[None]:
        counts: FrameCounts | None = self.__dict__.get("counts")
        if counts is None:
            counts = self.counts = FrameCounts(preface=isinstance(self, _http2.Http2Server))
        if type(event) is events.DataReceived:
            try:
                counts.read(event.data)
            except Flood as flood:
                yield from _hang_up(self, flood.says)
                return
        for command in original(self, event):
            if type(command) is commands.SendData:
                counts.sent += len(command.data)
            yield command

    return handle_event


def _hang_up(connection: Any, says: str) -> CommandGenerator[None]:
    """Recorded, said in HTTP/2's own words, and closed. No stream is worked on."""
    if isinstance(connection, _http2.Http2Server):
        yield TurnedAwayHook(TurnedAway(connection.context.client, 429, says))
    connection.h2_conn.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
    yield commands.SendData(connection.conn, connection.h2_conn.data_to_send())
    yield from connection.close_connection(says)


def _closed_streams(original: Any) -> Any:
    """A connection that lives long need not know each stream that it ever had."""

    def __init__(self: Any, config: Any) -> None:
        original(self, config)
        self._closed_streams._size_limit = limits.CLOSED_STREAMS

    return __init__


def unsent(connection: BufferedH2Connection) -> bool:
    """Whether too much waits here for a window."""
    waiting = connection.stream_buffers.values()
    if not waiting:
        return False
    pieces = sum(map(len, waiting))
    if pieces > limits.H2_PIECES:
        return True
    return sum(len(part.data) for parts in waiting for part in parts) > limits.H2_UNSENT


def seams() -> tuple[Seam, ...]:
    return (
        Seam(
            _http2.Http2Connection,
            "_handle_event",
            "a7f4a7a71d31074b8c8d0106114bdf8ba9a5b787b8a28ecb4ea583b6345dcc2b",
            "no limit on frames, or on streams that are opened and reset",
            _handle_event,
        ),
        Seam(
            BufferedH2Connection,
            "__init__",
            "73fce8e17f54112ad01a18c8ed46865b4577bc61237301af9d8d43360d057379",
            "remembers 65,536 closed streams of each connection",
            _closed_streams,
        ),
        Seam(
            BufferedH2Connection,
            "send_data",
            "eeb7918d96b197086bd4dae11737a48f4869e96dab114c6244b96ad96f3d52de",
            "what `unsent` counts",
        ),
    )
