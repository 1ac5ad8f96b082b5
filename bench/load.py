"""A small web site and a load client, for the benchmarks: asyncio protocols, nothing else.

`python -m bench.load origin CERT` prints {"http": PORT, "https": PORT} and serves until killed.
"""

import asyncio
import base64
import json
import ssl
import sys
import time
from dataclasses import dataclass, field

BODY = b"x" * 1024
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nServer: bench\r\n"
    b'Date: Tue, 24 Nov 2026 12:00:00 GMT\r\nCache-Control: max-age=60\r\nETag: "1"\r\n\r\n'
)
BROWSER_FIELDS = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\nCookie: session=0123456789abcdef\r\n"
)


class Site(asyncio.Protocol):
    """Answers every GET; `/bytes/N` with N bytes, anything else with 1 KB."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=131072)
        self.held = b""
        self.left = 0

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            path = self.held[:end].split(b" ", 2)[1]
            self.held = self.held[end + 4 :]
            if path.startswith(b"/bytes/"):
                self.left = int(path[7:])
                self.transport.write(HEAD % self.left)
                self.pour()
            else:
                self.transport.write(HEAD % len(BODY) + BODY)

    def pour(self) -> None:
        block = b"y" * 65536
        while self.left and self.transport.get_write_buffer_size() < 262144:
            self.transport.write(block[: self.left])
            self.left -= min(self.left, len(block))

    def resume_writing(self) -> None:
        self.pour()


async def serve(certificate: str) -> None:
    loop = asyncio.get_running_loop()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    plain = await loop.create_server(Site, "127.0.0.1", 0)
    secure = await loop.create_server(Site, "127.0.0.1", 0, ssl=tls)
    ports = {"http": plain.sockets[0].getsockname()[1], "https": secure.sockets[0].getsockname()[1]}
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


@dataclass
class Target:
    """A proxy to send requests through. `trust` None: plain HTTP to `port` on localhost."""

    proxy: int
    port: int
    trust: str | None = None
    login: str = ""
    times: list[float] = field(default_factory=list)

    def request(self, path: str = "/page") -> bytes:
        login = f"Proxy-Authorization: {self.login}\r\n" if self.login and not self.trust else ""
        where = path if self.trust else f"http://localhost:{self.port}{path}"
        return f"GET {where} HTTP/1.1\r\nHost: localhost:{self.port}\r\n{login}{BROWSER_FIELDS}\r\n".encode()


async def connect(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.proxy)
    if target.trust:
        login = f"Proxy-Authorization: {target.login}\r\n" if target.login else ""
        where = f"localhost:{target.port}"
        writer.write(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{login}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head, head
        context = ssl.create_default_context(cafile=target.trust)
        await writer.start_tls(context, server_hostname="localhost")
    return reader, writer


async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> float:
    begun = time.perf_counter()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    at = head.lower().index(b"content-length:") + 15
    await reader.readexactly(int(head[at : head.index(b"\r", at)]))
    return time.perf_counter() - begun


async def load(target: Target, connections: int, requests: int) -> list[float]:
    """The time of each request, in seconds."""
    request = target.request()

    async def client() -> list[float]:
        reader, writer = await connect(target)
        times = [await one(reader, writer, request) for _ in range(requests // connections)]
        writer.close()
        return times

    return [each for many in await asyncio.gather(*(client() for _ in range(connections))) for each in many]


async def first_byte(target: Target, path: str, direct: bool = False) -> tuple[float, float]:
    """(time to the first byte, time to the last) of one download."""
    if direct:
        reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    else:
        reader, writer = await connect(target)
        request = target.request(path)
    begun = time.perf_counter()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    first = time.perf_counter() - begun
    at = head.lower().index(b"content-length:") + 15
    left = int(head[at : head.index(b"\r", at)])
    while left:
        left -= len(await reader.read(min(left, 1 << 18)))
    writer.close()
    return first, time.perf_counter() - begun


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[2]))
