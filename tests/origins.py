"""A web site for tests: real sockets on loopback, any host name, plain and TLS, and it remembers what it saw.

/              hello from HOST            /echo          the head and body that came, as text
/bytes/N       N bytes                    /drip/N        N bytes, one every 50 ms, until the peer leaves
/status/N      that status                /slow/S        a head at once, a byte after S seconds
/ws            a websocket that echoes    /endless       a head that never ends
"""

import asyncio
import base64
import contextlib
import hashlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from schoolgate.demo.authority import ExampleAuthority

WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    tls: bool
    line: str
    fields: dict[str, str]
    body: bytes
    head: bytes

    @property
    def host(self) -> str:
        return self.fields.get("host", "")

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]


@dataclass
class Origin:
    """Addresses of one running site, and what it saw. `connections` counts also those that said nothing."""

    http: tuple[str, int]
    https: tuple[str, int]
    ca: Path
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    sent: int = 0
    answers: dict[str, bytes] = field(default_factory=dict)  # by path: the whole answer, head and all

    def hosts(self) -> list[str]:
        return [seen.host for seen in self.seen]

    def forget(self) -> None:
        """What other tests of one gate asked it."""
        self.seen.clear()
        self.connections = 0


@contextlib.contextmanager
def an_origin(
    folder: Path, hosts: list[str], address: str = "127.0.0.1", authority: ExampleAuthority | None = None
) -> Iterator[Origin]:
    """Serves until the block ends; its certificate is for `hosts` and all below them."""
    authority = authority or ExampleAuthority()
    ca = folder / "origin-ca.pem"
    ca.write_bytes(authority.certificate)
    names = [*hosts, *(f"*.{host}" for host in hosts)]
    site = authority.write_site(names, folder)
    ready, stop, made = threading.Event(), [], []

    async def serve() -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(site)
        origin = Origin((address, 0), (address, 0), ca)
        handle = _handler(origin)
        plain = await asyncio.start_server(handle, address, 0, limit=1 << 20)
        secure = await asyncio.start_server(handle, address, 0, ssl=tls, limit=1 << 20)
        origin.http, origin.https = plain.sockets[0].getsockname(), secure.sockets[0].getsockname()
        made.append(origin)
        ended = asyncio.Event()
        stop.append((asyncio.get_running_loop(), ended))
        ready.set()
        await ended.wait()
        plain.close()
        secure.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="origin", daemon=True)
    thread.start()
    if not ready.wait(20):
        raise RuntimeError("the origin did not start")
    try:
        yield made[0]
    finally:
        loop, ended = stop[0]
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)


def _handler(origin: Origin):  # type: ignore[no-untyped-def]  # asyncio's callback
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        origin.connections += 1
        try:
            while await _one(origin, reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    return handle


async def _one(origin: Origin, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    fields = {k.strip().lower(): v.strip() for k, _, v in (each.partition(":") for each in rest)}
    body = await _body(reader, fields)
    seen = Seen(writer.get_extra_info("ssl_object") is not None, line, fields, body, head)
    origin.seen.append(seen)
    await _answer(origin, seen, reader, writer)
    return fields.get("connection", "").lower() != "close"


async def _body(reader: asyncio.StreamReader, fields: dict[str, str]) -> bytes:
    if fields.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(fields.get("content-length", 0)))
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def _answer(
    origin: Origin, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    if (given := origin.answers.get(seen.path.partition("?")[0])) is not None:
        writer.write(given)
        await writer.drain()
        return
    _, what, *number = seen.path.partition("?")[0].split("/")
    if what == "ws":
        await _websocket(seen, reader, writer)
        return
    if what == "endless":
        await _endless(writer)
        return
    if what == "drip":
        await _drip(origin, int(number[0]), writer)
        return
    if what == "slow":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")
        await asyncio.sleep(float(number[0]))
        writer.write(b"x")
    elif what == "bytes":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % int(number[0]))
        await _pour(origin, int(number[0]), writer)
    else:
        body = seen.head + seen.body if what == "echo" else f"hello from {seen.host}".encode()
        status = number[0] if what == "status" else "200"
        fields = f'Content-Length: {len(body)}\r\nContent-Type: text/plain\r\nAlt-Svc: h3=":443"\r\n'
        writer.write(f"HTTP/1.1 {status} OK\r\n{fields}\r\n".encode() + body)
    await writer.drain()


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X: " + b"y" * 8000 + b"\r\n")
        await writer.drain()


async def _pour(origin: Origin, count: int, writer: asyncio.StreamWriter) -> None:
    block = b"x" * 65536
    while count > 0:
        writer.write(block[:count])
        origin.sent += min(count, len(block))
        count -= len(block)
        await writer.drain()


async def _drip(origin: Origin, count: int, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % count)
    for _ in range(count):
        writer.write(b".")
        origin.sent += 1
        await writer.drain()
        await asyncio.sleep(0.05)


async def _websocket(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    key = seen.fields["sec-websocket-key"].encode()
    accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET, usedforsecurity=False).digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
    )
    while True:
        first, second = await reader.readexactly(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8))
        mask = await reader.readexactly(4)
        data = bytes(b ^ mask[i % 4] for i, b in enumerate(await reader.readexactly(size)))
        length = size.to_bytes(1) if size < 126 else b"\x7e" + (size & 0xFFFF).to_bytes(2)
        if size > 0xFFFF:
            length = b"\x7f" + size.to_bytes(8)
        writer.write(bytes([first]) + length + data)
        await writer.drain()
        if first & 0x0F == 8:
            return
