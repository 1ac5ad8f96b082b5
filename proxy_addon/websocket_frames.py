"""Whether bytes are websocket frames (RFC 6455, 5.2), without keeping or unpacking any of them.

What is not is a tunnel for something else. A message may be as long as it likes: only the head of a frame is
ever waited for.
"""

from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
OPCODES = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
FIN, COMPRESSED, MASKED = 0x80, 0x40, 0x80
LENGTH_BYTES = {126: 2, 127: 8}


class NotFrames(Exception):
    """These bytes are not what a websocket carries."""


@dataclass(slots=True)
class Frames:
    """One direction of one websocket. `deflate`: both ends agreed to compress (RFC 7692)."""

    from_client: bool
    deflate: bool = False
    _left: int = 0  # bytes of the frame under way that have not come yet
    _held: bytes = b""  # the beginning of a frame's head
    _in_message: bool = False
    _closed: bool = False

    def feed(self, data: bytes) -> tuple[bytes, int]:
        """(what may be passed on, how much of that is content). Raises NotFrames."""
        if self._held:
            data, self._held = self._held + data, b""
        at, content = 0, 0
        while at < len(data):
            if self._left:
                taken = min(self._left, len(data) - at)
                self._left -= taken
                content += taken
                at += taken
                continue
            size = self._head(data, at)
            if not size:
                self._held = data[at:]
                break
            at += size
        return data[:at], content

    def _head(self, data: bytes, at: int) -> int:
        """The size of the head that begins here; 0 while it is not whole."""
        if len(data) - at < 2:
            return 0
        first, second = data[at], data[at + 1]
        opcode, length = first & 0x0F, second & 0x7F
        self._check(first, second, opcode, length)
        more = LENGTH_BYTES.get(length, 0)
        size = 2 + more + (4 if self.from_client else 0)
        if len(data) - at < size:
            return 0
        if more:
            length = int.from_bytes(data[at + 2 : at + 2 + more])
            if length >> 63:
                raise NotFrames("a frame of impossible length")
        self._left = length
        if opcode < CLOSE:
            self._in_message = not first & FIN
        self._closed = opcode == CLOSE
        return size

    def _check(self, first: int, second: int, opcode: int, length: int) -> None:
        if self._closed:
            raise NotFrames("more after the end")
        if opcode not in OPCODES or bool(second & MASKED) is not self.from_client:
            raise NotFrames("not a websocket frame")
        reserved = first & 0x70
        if reserved and not (self.deflate and reserved == COMPRESSED and opcode in (TEXT, BINARY)):
            raise NotFrames("an extension that nobody agreed to")
        if opcode >= CLOSE:
            if length > 125 or not first & FIN:
                raise NotFrames("a control frame that is too long")
        elif (opcode == CONTINUATION) is not self._in_message:
            raise NotFrames("parts of messages out of order")
