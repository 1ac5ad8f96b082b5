"""Who is connected and what each has open: for the last look before a server is contacted, and for the end.

Time ends things (invariant 7): a page, a download, a socket that was let by until 11:00 is cut at 11:00, and
a change of policy cuts what it no longer allows.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from filter_lists.names import Url
from filter_policy.model import Decision
from proxy_addon.asked import Asked, Head, Tunnelled
from proxy_addon.handshakes import Handshakes
from proxy_addon.identify import Identity, Withheld
from proxy_addon.records import Happening


@dataclass(slots=True, eq=False)
class Exchange:
    """One thing that was let by and is still open: a request, a websocket or a tunnel."""

    id: str
    identity: Identity
    names: tuple[Url, ...]
    target: tuple[str, int]
    decision: Decision
    begun: float = field(default_factory=time.monotonic)
    up: int = 0
    down: int = 0
    status: int | None = None
    signs: tuple[str, ...] = ()  # of ways round the filter, told by the header fields
    decrypted: bool | None = None  # of tunnels: whether requests followed
    relayed: bool = False  # a tunnel that is passed on as it is (passthrough.py)
    ends: str = "failed"  # what becomes of it when its connection ends first

    def count_up(self, data: bytes) -> bytes:
        self.up += len(data)
        return data

    def count_down(self, data: bytes) -> bytes:
        self.down += len(data)
        return data

    def is_due(self, now: datetime) -> bool:
        """Whether time alone may have changed the answer."""
        return self.decision.valid_until is not None and self.decision.valid_until <= now

    @property
    def ms(self) -> int:
        return int((time.monotonic() - self.begun) * 1000)


@dataclass(slots=True, eq=False)
class Tunnel:
    """What the CONNECT established for all requests inside."""

    identity: Identity
    exchange: Exchange
    named: Tunnelled
    withheld: Withheld | None = None  # what all requests inside are refused for (told_inside.py)
    asks: Sequence[bytes] | None = None  # to a place of help: the credentials that nobody has looked at


@dataclass(slots=True, eq=False)
class Waiting:
    """A request that is not answered before its form is here (forms.py): what is known of it by then."""

    what: Happening
    identity: Identity
    asked: Asked
    head: Head
    signs: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Connection:
    """One client connection; `open` and `waiting` are by flow id."""

    id: str
    address: str
    open: dict[str, Exchange] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    tunnel: Tunnel | None = None
    cut: bool = False
    person: str = ""  # who was found to ask on it last; a group, where nobody has a name
    secure: bool = False  # TLS between the client and us, around everything else

    def permits(self, host: str, port: int) -> bool:
        return not self.cut and any(exchange.target == (host, port) for exchange in self.open.values())


class Connections:
    """All of them, by mitmproxy's connection id."""

    def __init__(self) -> None:
        self._all: dict[str, Connection] = {}
        self.handshakes = Handshakes()

    def begin(self, connection_id: str, address: str) -> Connection:
        connection = self._all[connection_id] = Connection(connection_id, address)
        return connection

    def find(self, connection_id: str) -> Connection | None:
        return self._all.get(connection_id)

    def end(self, connection_id: str) -> Connection | None:
        return self._all.pop(connection_id, None)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._all.values()))

    def due(self, now: datetime) -> list[Connection]:
        """Those with something open whose time has passed."""
        return [
            connection
            for connection in self
            if any(exchange.is_due(now) for exchange in connection.open.values())
        ]

    @property
    def in_flight(self) -> int:
        return sum(len(connection.open) + len(connection.waiting) for connection in self._all.values())
