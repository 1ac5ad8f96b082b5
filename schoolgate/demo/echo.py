"""A websocket that echoes (RFC 6455), small enough to need no library: the example sites' `/ws`."""

import base64
import hashlib
import struct
from io import BufferedIOBase

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
LARGEST_FRAME = 16 * 1024 * 1024


def accept_websocket(upgrade: str | None, key: str | None) -> str | None:
    """The answer to the client's key, or None when this is no websocket handshake."""
    if not key or (upgrade or "").lower() != "websocket":
        return None
    digest = hashlib.sha1(f"{key}{GUID}".encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def echo(reader: BufferedIOBase, writer: BufferedIOBase) -> None:
    """Sends every message back until the client closes."""
    answers = {PING: PONG, CLOSE: CLOSE}
    while frame := _read(reader):
        first, payload = frame
        opcode = first & 0x0F
        if opcode != PONG:
            _write(writer, (first & 0xF0) | answers.get(opcode, opcode), payload)
        if opcode == CLOSE:
            return


def _read(reader: BufferedIOBase) -> tuple[int, bytes] | None:
    head = reader.read(2)
    if len(head) < 2:
        return None
    first, second = head
    length = second & 0x7F
    if length == 126:
        (length,) = struct.unpack("!H", reader.read(2))
    elif length == 127:
        (length,) = struct.unpack("!Q", reader.read(8))
    if not second & 0x80 or length > LARGEST_FRAME:  # clients must mask (5.1)
        return None
    mask = reader.read(4)
    return first, _unmasked(reader.read(length), mask)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    whole = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(whole)).to_bytes(size)


def _write(writer: BufferedIOBase, first: int, payload: bytes) -> None:
    size = len(payload)
    if size < 126:
        head = bytes((first, size))
    elif size < 65536:
        head = struct.pack("!BBH", first, 126, size)
    else:
        head = struct.pack("!BBQ", first, 127, size)
    writer.write(head + payload)
    writer.flush()
