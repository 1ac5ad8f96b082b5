"""What a site says first on a websocket, looked at for the one thing that says so much: a tunnel.

Wisp carries any number of connections in one websocket, under whatever path. Its server speaks first: how
much it takes (CONTINUE, 9 bytes), or, in its second version, what it can do (INFO). Both are about the stream
with the number nought.
"""

import zlib
from dataclasses import dataclass

from proxy_addon.websocket_frames import BINARY, CLOSE, COMPRESSED, LENGTH_BYTES

CONTINUE, INFO = b"\x03\0\0\0\0", b"\x05\0\0\0\0"
CONTINUE_BYTES = 9
MOST = 256  # bytes of the first frame; and of all before it, none of which says anything


@dataclass(slots=True)
class FirstFrame:
    """The first frame with content that a site sends; its frames are not masked."""

    _held: bytes = b""
    _done: bool = False

    def tells_of_a_tunnel(self, data: bytes) -> bool:
        """Of bytes that are known to be frames, wherever they are cut."""
        if self._done:
            return False
        self._held += data[: 2 * MOST]
        while (parted := self._parted()) is not None:
            first, length, content = parted
            if first & 0x0F < CLOSE:
                return self._is_tunnel(first, length, content)
            if len(content) < length:
                break
            self._held = content[length:]
        self._done = len(self._held) > MOST
        return False

    def _parted(self) -> tuple[int, int, bytes] | None:
        """The first byte of the frame that begins here, its length, and all behind its head."""
        if len(self._held) < 2:
            return None
        size = 2 + LENGTH_BYTES.get(self._held[1], 0)
        if len(self._held) < size:
            return None
        length = int.from_bytes(self._held[2:size]) if size > 2 else self._held[1]
        return self._held[0], length, self._held[size:]

    def _is_tunnel(self, first: int, length: int, content: bytes) -> bool:
        content = content[: min(length, MOST)]
        if len(content) < min(length, MOST if first & COMPRESSED else CONTINUE_BYTES):
            return False  # more of it is to come
        self._done, self._held = True, b""
        if first & 0x0F != BINARY:
            return False
        if first & COMPRESSED:
            content = _inflated(content)
            length = len(content)
        return content.startswith(INFO) or (length == CONTINUE_BYTES and content.startswith(CONTINUE))


def _inflated(content: bytes) -> bytes:
    try:
        return zlib.decompressobj(-15).decompress(content + b"\0\0\xff\xff", MOST)
    except zlib.error:
        return b""
