"""Bodies with limits: nothing of one is kept but a little at its beginning.

As shipped, the size of a chunk may be written in a line without end, trailers crash the connection, a million
chunks of one byte are a million events, and what comes before an answer is done is kept, all of it.
"""

from typing import Any

from h11 import Data, EndOfMessage
from h11._readers import ChunkedReader
from h11._util import LocalProtocolError
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import _http1

from proxy_addon import limits
from proxy_addon.mitm_seams import Seam
from proxy_addon.turned_away import TurnedAway, TurnedAwayHook


class Chunks(ChunkedReader):
    """What one read brought goes on as one part; trailers are left out, as HTTP allows."""

    def __init__(self) -> None:
        super().__init__()
        self._ended = False

    def __call__(self, buf: Any) -> Any:
        parts: list[bytes] = []
        while not self._ended and isinstance(event := super().__call__(buf), Data):
            parts.append(bytes(event.data))
            if len(parts) > limits.CHUNKS_A_READ:
                raise LocalProtocolError("too many small chunks")
        if not self._ended and isinstance(event, EndOfMessage):
            self._ended = True
        elif not self._ended and len(buf) > limits.CHUNK_LINE:
            raise LocalProtocolError("a chunk without a size")
        if parts:
            return Data(data=b"".join(parts))
        return EndOfMessage() if self._ended else None


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
