"""Many clients at once, who keep asking and remember every answer they got, until the gate is gone.

Each asks for what nobody else asks for, so that an answer and its record can be held against each other: by
URL, by the host of a CONNECT, by the client's own address where nothing could be read, and by the reference
on the page.
"""

import asyncio
import contextlib
import re
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.harness import Gate, proxy_login

PATIENCE = 60.0
REFERENCE = re.compile(rb"<dt>Reference</dt><dd>([^<]+)</dd>")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
NOWHERE = "nowhere.test"  # a site that does not answer
# What a plain connection asks in turn: a host, fields of its own, and whether the client signs in.
PLAIN = (
    ("allowed.test", "", True),
    ("blocked.test", "", True),
    ("allowed.test", "", True),
    ("allowed.test", "", False),
    ("allowed.test", "", True),
    ("allowed.test", "Host: another.test\r\n", True),
    ("allowed.test", "", True),
    (NOWHERE, "", True),
)
INSIDE = 3  # requests in one tunnel
SITES = {"blocked.test": "gambling"}
# Every way in which such clients are answered while all is well.
EACH_WAY = {("http", status) for status in (200, 400, 403, 407, 502)} | {
    ("https", 200),
    ("connect", 200),
    ("unparsed", 400),
}

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and where its record is to be found: `kind` and `what` of the row."""

    status: int
    kind: str
    what: str
    reference: str | None = None

    @property
    def way(self) -> str:
        """http, https, connect or unparsed."""
        return self.what.partition(":")[0] if self.kind == "request" else self.kind


@dataclass
class Clients:
    """`number` makes what they ask unlike what any others ever asked. `newest`: the newest TLS they speak.

    `pause`: after each answer, in seconds.
    """

    gate: Gate
    number: int
    plain: int = 10
    tunnels: int = 4
    garbled: int = 1
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    answers: list[Answer] = field(default_factory=list)
    leave: bool = False
    pause: float = 0.0

    def ask_all(self) -> None:
        """Back when they were told to leave, or nobody listens any more."""
        asyncio.run(self._ask_all())

    async def _ask_all(self) -> None:
        many = [self._keep(self._plain(me)) for me in range(self.plain)]
        many += [self._keep(self._in_tunnels(me)) for me in range(self.tunnels)]
        many += [self._keep_garbling(me) for me in range(self.garbled)]
        await asyncio.gather(*many)

    async def _keep(self, talk: Talk) -> None:
        while not self.leave and await self._connected(talk):
            pass

    async def _keep_garbling(self, me: int) -> None:
        """From an address of its own each time: nothing else tells whose record it is."""
        for number in count():
            address = f"127.{100 + me}.{self.number % 200}.{number % 250 + 1}"
            if self.leave or not await self._connected(self._garbled(address), address):
                return

    async def _connected(self, talk: Talk, address: str | None = None) -> bool:
        """One connection from beginning to end; whether somebody listened."""
        source = (address, 0) if address else None
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.gate.port, local_addr=source)
        except OSError:
            return False
        plain = writer.transport  # TLS puts its own around it
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()
        plain.abort()
        await asyncio.sleep(0)
        return True

    def _plain(self, me: int) -> Talk:
        numbers = count()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            keeps = True
            while keeps and not self.leave:
                number = next(numbers)
                host, fields, signs = PLAIN[number % len(PLAIN)]
                url = f"http://{host}/{self.number}/{me}/{number}"
                writer.write(f"GET {url} HTTP/1.1\r\n{fields or f'Host: {host}\r\n'}".encode())
                writer.write((proxy_login("anna") if signs else b"") + b"\r\n")
                keeps = await self._take(reader, "request", url)

        return talk

    def _in_tunnels(self, me: int) -> Talk:
        context = ssl.create_default_context(cafile=self.gate.ca)
        context.maximum_version = self.newest
        numbers = count()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            host = f"t{next(numbers)}-{me}-{self.number}.allowed.test"
            writer.write(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n".encode())
            writer.write(proxy_login("anna") + b"\r\n")
            keeps = await self._take(reader, "connect", host)
            if not keeps:
                return
            await writer.start_tls(context, server_hostname=host)
            for page in range(INSIDE):
                if not keeps or self.leave:
                    return
                writer.write(f"GET /{page} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                keeps = await self._take(reader, "request", f"https://{host}/{page}")

        return talk

    def _garbled(self, address: str) -> Talk:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"NOT HTTP AT ALL\r\n\r\n")
            await self._take(reader, "unparsed", address)

        return talk

    async def _take(self, reader: asyncio.StreamReader, kind: str, what: str) -> bool:
        """Read one answer and remember it, also a torn one; whether the connection can go on."""
        rest, whole = b"", True
        async with asyncio.timeout(PATIENCE):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError as torn:
                head, whole = torn.partial, False
            if whole and (length := LENGTH.search(head)):
                try:
                    rest = await reader.readexactly(int(length[1]))
                except asyncio.IncompleteReadError:
                    whole = False
        status = int(head[9:12]) if head[9:12].isdigit() else 0
        if head:
            reference = REFERENCE.search(rest)
            self.answers.append(Answer(status, kind, what, reference[1].decode() if reference else None))
        await asyncio.sleep(self.pause)
        if kind == "connect":
            return whole and status == 200
        return whole and not CLOSES.search(head)


@contextlib.contextmanager
def asking(clients: Clients) -> Iterator[Clients]:
    """They ask in a thread, and have gone at the end."""
    thread = threading.Thread(target=clients.ask_all, name="clients", daemon=True)
    thread.start()
    try:
        yield clients
    finally:
        clients.leave = True
        thread.join(PATIENCE)
        assert not thread.is_alive()
