"""What kinds of frames come on one HTTP/2 connection, and how many: counted before anything parses them.

A frame of nine bytes costs its sender nothing and us some twenty microseconds, and a stream that is opened
and reset at once costs a whole request. A read that goes over a limit is not worked on at all.
"""

import time
from collections.abc import Callable

from proxy_addon import limits

PREFACE = 24  # bytes that a client begins with
DATA, HEADERS, PRIORITY, RESET, SETTINGS, PING, WINDOW, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
KINDS = {
    HEADERS: "headers",
    PRIORITY: "priority",
    RESET: "reset",
    SETTINGS: "settings",
    PING: "ping",
    WINDOW: "window",
    CONTINUATION: "continuation",
}
END_HEADERS = 0x4
HEAD = 9


class Flood(Exception):
    """More of a kind than anybody needs. `says` is for the record."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


class FrameCounts:
    """Of one connection, in one direction."""

    __slots__ = ("_begun", "_block", "_clock", "_counts", "_held", "_parts", "_skip", "in_block", "sent")

    def __init__(self, preface: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._skip = PREFACE if preface else 0
        self._clock = clock
        self._held = b""
        self._begun = clock()
        self._counts: dict[str, int] = {}
        self._block = self._parts = 0
        self.in_block = False  # whether a block of header fields is not whole
        self.sent = 0  # bytes that went the other way, in this period

    def read(self, data: bytes) -> None:
        """Raises Flood."""
        self._turn()
        if self._held:
            data, self._held = self._held + data, b""
        at, size = 0, len(data)
        while self._skip < size - at:
            at, self._skip = at + self._skip, 0
            if size - at < HEAD:
                self._held = data[at:]
                return
            length = int.from_bytes(data[at : at + 3])
            self._count(data[at + 3], data[at + 4], length)
            at, self._skip = at + HEAD, length
        self._skip -= size - at

    def _turn(self) -> None:
        now = self._clock()
        if now - self._begun >= limits.FRAMES_SECONDS:
            self._begun, self.sent = now, 0
            self._counts.clear()

    def _count(self, kind: int, flags: int, length: int) -> None:
        if kind in (HEADERS, CONTINUATION):
            self._in_block(kind, flags, length)
        if kind == DATA and length >= limits.SMALL:
            return
        name = "small data" if kind == DATA else KINDS.get(kind, "other")
        count = self._counts[name] = self._counts.get(name, 0) + 1
        most = limits.FRAMES[name]
        if count > most and (kind != WINDOW or count > most + self.sent // limits.WINDOW_BYTES):
            raise Flood(f"HTTP/2: more than {most} of {name} in {limits.FRAMES_SECONDS:g} s")

    def _in_block(self, kind: int, flags: int, length: int) -> None:
        if kind == HEADERS:
            self._block, self._parts = length, 0
        else:
            self._block, self._parts = self._block + length, self._parts + 1
        self.in_block = not flags & END_HEADERS
        if self._block > limits.HEADER_BLOCK or self._parts > limits.CONTINUATIONS:
            raise Flood("HTTP/2: a block of header fields without end")
