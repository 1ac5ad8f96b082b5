"""Bodies with limits: nothing of one is kept but a little at its beginning.

As shipped, the size of a chunk may be written in a line without end, trailers crash the connection, a million
chunks of one byte are a million events, and what comes before an answer is done is kept, all of it.
"""

import re
from typing import Any, NoReturn

from h11 import Data, EndOfMessage, LocalProtocolError, RemoteProtocolError
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import _http1

from proxy_addon import limits
from proxy_addon.mitm_seams import Seam
from proxy_addon.turned_away import TurnedAway, TurnedAwayHook

_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\x00\r\n]*)?")


class Chunks:
    """Reads a body in chunks, as h11's reader does, which takes five times as long over each. What one read
    brought goes on as one part; trailers are left out, as HTTP allows."""

    def __init__(self) -> None:
        self._left = 0  # bytes of the chunk under way
        self._footed = True  # whether the line end after the last chunk was seen
        self._last = self._ended = False
        self._trailers = 0

    def __call__(self, buf: Any) -> Any:
        data: bytearray = buf._data
        parts: list[bytes] = []
        at = self._take(data, parts)
        if at:
            buf.maybe_extract_at_most(at)
        if not self._ended and len(data) > limits.CHUNK_LINE:
            raise LocalProtocolError("a chunk without a size")
        if parts:
            return Data(data=b"".join(parts))
        return EndOfMessage() if self._ended else None

    def _take(self, data: bytearray, parts: list[bytes]) -> int:
        """How many bytes are done with."""
        at, size = 0, len(data)
        while not self._ended:
            if self._left:
                part = bytes(data[at : at + self._left])
                if not part:
                    return at
                parts.append(part)
                at, self._left, self._footed = at + len(part), self._left - len(part), False
                if len(parts) > limits.CHUNKS_A_READ:
                    raise LocalProtocolError("too many small chunks")
                continue
            if not self._footed:
                if size - at < 2:
                    return at
                if data[at : at + 2] != b"\r\n":
                    raise LocalProtocolError("a chunk without an end")
                at, self._footed = at + 2, True
            end = data.find(b"\r\n", at, at + limits.CHUNK_LINE)
            if end < 0:
                return at
            self._line(data[at:end])
            at = end + 2
        return at

    def _line(self, line: bytearray) -> None:
        """The size of the next chunk; or a trailer, of which the empty one is the last."""
        if not self._last:
            self._left = _size(line)
            self._last = not self._left
            return
        self._ended = not line
        self._trailers += len(line)
        if self._trailers > limits.CHUNK_LINE:
            raise LocalProtocolError("trailers without end")

    def read_eof(self) -> NoReturn:
        raise RemoteProtocolError("closed in the middle of a body in chunks")


def _size(line: bytearray) -> int:
    match = _CHUNK.fullmatch(line)
    if match is None:
        raise LocalProtocolError("a chunk without a size")
    return int(match[1], 16)


def _make_body_reader(original: Any) -> Any:
    def make_body_reader(expected_size: int | None) -> Any:
        return Chunks() if expected_size is None else original(expected_size)

    return make_body_reader


def _wait(original: Any) -> Any:
    """Requests that came before the answer to the last are kept, and judged one after the other; not many."""

    def wait(self: Any, event: events.ConnectionEvent) -> CommandGenerator[None]:
        yield from original(self, event)
        if type(event) is not events.DataReceived or self.__dict__.get("is_away"):
            return
        if len(self.buf) > limits.QUEUED:
            self.is_away = True
            says = "too many requests before their answers"
            yield TurnedAwayHook(TurnedAway(self.context.client, 429, says))
            yield commands.CloseConnection(self.conn)

    return wait


def seams() -> tuple[Seam, ...]:
    return (
        Seam(
            _http1,
            "make_body_reader",
            "9b076acda459637bde527694ba13bd723cb29ced1bb08e2673b9e4c64eca2471",
            "no limit on the line of a chunk; trailers crash it",
            _make_body_reader,
        ),
        Seam(
            _http1.Http1Connection,
            "wait",
            "c99d0494a840a2b6178a2f9c526b87c3a6f2e6547a698925fd974a3181d74c25",
            "keeps whatever comes before an answer is done",
            _wait,
        ),
    )
