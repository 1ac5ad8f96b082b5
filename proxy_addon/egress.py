"""Where the gate may connect to: nowhere inside, whatever the request called it.

Nothing in mitmproxy limits this: loopback, the cloud's metadata, the database and our own API would all be in
reach of every pupil. The check sits in `sock_connect`, which every connection passes, names and literals
alike, after resolution: a name that resolves differently the second time gains nothing. What the policy
names in `egress.allow` (one address, one port) is let by; our own listeners never are.
"""

import asyncio
import contextlib
import errno
import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network
from typing import Any

from filter_lists.addresses import NAT64, embedded, plain_address
from filter_lists.names import is_ip
from proxy_addon.patience import CONNECT_SECONDS, RESOLVE_SECONDS, longer

Address = tuple[str, int]
Resolver = Callable[[str, int], Sequence[Address] | None]

REFUSED = "refused by the egress policy"
REMEMBERED_SECONDS = 30.0
FAILURE_SECONDS = 2.0
MOST_REMEMBERED = 4096

# Where this one connection may go besides: set by `let_in`, for the task that opens it and no other.
_WAY_IN: ContextVar[tuple[Address, Sequence[Address]] | None] = ContextVar("way_in", default=None)

NEVER_V4 = tuple(
    ipaddress.IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' own, and one cloud's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # public, and one cloud's own server for its machines
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
ONLY_V6 = IPv6Network("2000::/3")  # what is routed at all; each exception below
NEVER_V6 = tuple(
    IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "2002::/16")
)


@lru_cache(maxsize=8192)
def forbidden(text: str) -> bool:
    """Whether no policy-free connection may go to this address. What is not an address is forbidden."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return True
    if isinstance(address, IPv4Address):
        return _forbidden_v4(address)
    if address.scope_id is not None:
        return True
    if (inner := embedded(address)) is not None:
        # Only NAT64 is a road to the world, on networks without IPv4; the others are ways around.
        return address not in NAT64[0] or _forbidden_v4(inner)
    return address not in ONLY_V6 or any(address in net for net in NEVER_V6)


def _forbidden_v4(address: IPv4Address) -> bool:
    return any(address in net for net in NEVER_V4) or not address.is_global


class EgressRefused(OSError):
    """This destination is never connected to."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, REFUSED)


class Unresolved(OSError):
    """This name leads nowhere."""


class Egress:
    """The rule, and what names were found to mean a moment ago. `allow` follows the policy in force."""

    def __init__(self, own: Sequence[Address] = (), resolve: Resolver | None = None) -> None:
        self.allow: frozenset[Address] = frozenset()
        self.resolve = resolve
        self._own: set[Address] = set()
        for address in own:
            self.add_own(address)
        self._known: dict[Address, tuple[float, Sequence[Address] | OSError]] = {}
        self._inside: dict[Address, Sequence[Address]] = {}  # what `find` found

    def add_own(self, address: Address) -> None:
        """One of our own listeners, by address or by name: a name is looked up now."""
        host, port = address
        self._own.add((plain_address(host), port))
        if not is_ip(host):
            with contextlib.suppress(OSError, UnicodeError):
                self._own |= {
                    (plain_address(str(info[4][0])), port) for info in socket.getaddrinfo(host, port)
                }

    def permits(self, host: str, port: int) -> bool:
        """For an address, in any spelling."""
        plain = plain_address(host)
        if self._is_own(plain, port):
            return False
        return not forbidden(host) or (plain, port) in self.allow or (host, port) in self.allow

    def _is_own(self, host: str, port: int) -> bool:
        ours = [own for own, own_port in self._own if own_port == port]
        return bool(ours) and (host in ours or is_local(host))

    async def check(self, host: str, port: int) -> None:
        """Before a request is let by. Raises EgressRefused, or Unresolved."""
        if is_ip(host):
            self.check_literal(host, port)
            return
        known = self._known.get((host, port))
        if known is None or known[0] < time.monotonic():
            known = self._remember(host, port, await self._look_up_twice(host, port))
        if isinstance(known[1], OSError):
            raise known[1].with_traceback(None)
        if not any(self.permits(address, real_port) for address, real_port in known[1]):
            raise EgressRefused

    async def find(self, host: str, port: int) -> None:
        """Before a request is let by that may go inside, to a page of our own: harbour.py says which. Raises
        Unresolved."""
        known = self._known.get((host, port))
        found: Sequence[Address] | OSError = [(host, port)]
        if not is_ip(host):
            fresh = known is not None and known[0] >= time.monotonic() and not isinstance(known[1], OSError)
            found = known[1] if known is not None and fresh else await self._look_up(host, port)
        if isinstance(found, OSError):
            raise found
        self._inside[(host, port)] = found

    def let_in(self, host: str, port: int) -> None:
        """The connection that this task is about to open may go to what was found there."""
        _WAY_IN.set(((host, port), self._inside.get((host, port), ())))

    def check_literal(self, host: str, port: int) -> None:
        """For a host that may be an address. Raises EgressRefused."""
        if is_ip(host) and not self.permits(host, port):
            raise EgressRefused

    async def _look_up_twice(self, host: str, port: int) -> Sequence[Address] | OSError:
        """A name that leads inside the second time was made to: such a name is refused whole."""
        first = await self._look_up(host, port)
        if isinstance(first, OSError) or not any(self.permits(*each) for each in first):
            return first
        second = await self._look_up(host, port)
        again = [] if isinstance(second, OSError) else [each for each in second if each not in first]
        return EgressRefused() if any(not self.permits(*each) for each in again) else first

    async def _look_up(self, host: str, port: int) -> Sequence[Address] | OSError:
        loop = asyncio.get_running_loop()
        try:
            with longer(RESOLVE_SECONDS + 1):
                async with asyncio.timeout(RESOLVE_SECONDS):
                    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return Unresolved(errno.EHOSTUNREACH, "no such name")
        return [(str(info[4][0]), int(info[4][1])) for info in found]

    def _remember(
        self, host: str, port: int, answer: Sequence[Address] | OSError
    ) -> tuple[float, Sequence[Address] | OSError]:
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        seconds = FAILURE_SECONDS if isinstance(answer, OSError) else REMEMBERED_SECONDS
        known = self._known[(host, port)] = (time.monotonic() + seconds, answer)
        return known

    def remembered(self, host: str, port: int) -> Sequence[Address] | None:
        """For the connection that follows a check: what the check saw, and no second question."""
        known = self._known.get((host, port))
        if known is None or known[0] < time.monotonic() or isinstance(known[1], OSError):
            return None
        return [address for address in known[1] if self.permits(*address)]


@lru_cache(maxsize=1024)
def is_local(host: str) -> bool:
    """Whether an address is one of this machine's own: only those can be bound."""
    try:
        address = ipaddress.ip_address(host)
        if address.is_loopback:
            return True
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except (OSError, ValueError):
        return False
    return True


def _is_let_in(address: Any) -> bool:
    way_in = _WAY_IN.get()
    if way_in is None:
        return False
    return (plain_address(address[0]), address[1]) in [(plain_address(at), port) for at, port in way_in[1]]


class GuardLoop(asyncio.SelectorEventLoop):
    """The gate's event loop. Not uvloop: that never calls `sock_connect`."""

    egress: Egress

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        if not self.egress.permits(address[0], address[1]) and not _is_let_in(address):
            raise EgressRefused
        async with asyncio.timeout(CONNECT_SECONDS):
            await super().sock_connect(sock, address)

    async def getaddrinfo(  # type: ignore[override]  # the base class says str | bytes | None where str comes
        self, host: str, port: int, *, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        way_in = _WAY_IN.get()
        found = self.egress.remembered(host, port)
        if way_in is not None and way_in[0] == (host, port):
            found = way_in[1]
        if found is None and self.egress.resolve is not None and isinstance(port, int):
            found = self.egress.resolve(host, port)
        if found is None:
            return await super().getaddrinfo(  # type: ignore[return-value]  # a v6 address has two more parts
                host, port, family=family, type=type, proto=proto, flags=flags
            )
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [_info(address) for address in found]


def _info(address: Address) -> tuple[int, int, int, str, tuple[str, int]]:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    return int(family), int(socket.SOCK_STREAM), socket.IPPROTO_TCP, "", address


def guard_loop(egress: Egress) -> GuardLoop:
    loop = GuardLoop()
    loop.egress = egress
    return loop
