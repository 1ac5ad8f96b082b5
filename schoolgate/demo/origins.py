"""Where the demo's hosts really are: a name service for its own gate, and for nobody else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from filter_lists.names import is_ip

ANY_PORT = 0
# Names that exist nowhere (RFC 2606, RFC 6761): asking a server of the outside about them would be wrong.
RESERVED = (".test", ".example", ".invalid", ".localhost")


@dataclass(frozen=True, slots=True)
class Origin:
    """An address; `port` ANY_PORT keeps the port that was asked for. `then`: where it is the next time."""

    address: str
    port: int = ANY_PORT
    then: tuple["Origin", ...] = ()

    def turn(self, number: int) -> "Origin":
        """The one of the `number`th question, from 0 on, round and round."""
        return (self, *self.then)[number % (len(self.then) + 1)]


@dataclass(frozen=True, slots=True)
class Origins:
    """By host, then by the port asked for (ANY_PORT: whichever). `*.host` stands for all below it.

    `closed`: the names here are all there are; otherwise the others are asked of the system.
    """

    by_host: Mapping[str, Mapping[int, Origin]] = field(default_factory=dict)
    closed: bool = False
    asked: Counter[str] = field(default_factory=Counter, compare=False)  # how often, of names that move

    def resolve(self, host: str, port: int) -> list[tuple[str, int]] | None:
        """Addresses to connect to; an empty list: there is no such host; None: the system knows."""
        ports = self._ports(host)
        if ports is not None:
            origin = ports.get(port) or ports.get(ANY_PORT)
            if origin is not None and origin.then:
                self.asked[host] += 1
                origin = origin.turn(self.asked[host] - 1)
            return [(origin.address, origin.port or port)] if origin else []
        if is_ip(host):
            return None
        return [] if self.closed or host.endswith(RESERVED) else None

    def _ports(self, host: str) -> Mapping[int, Origin] | None:
        if found := self.by_host.get(host):
            return found
        below = host
        while "." in below:
            below = below.partition(".")[2]
            if found := self.by_host.get(f"*.{below}"):
                return found
        return None

    def endpoints(self, asked: frozenset[int]) -> set[tuple[str, int]]:
        """Every address and port that can be meant, if the ports asked for are `asked`."""
        found: set[tuple[str, int]] = set()
        for ports in self.by_host.values():
            for origin in (each for first in ports.values() for each in (first, *first.then)):
                found |= {(origin.address, origin.port or port) for port in asked}
        return found

    def to_json(self) -> dict[str, object]:
        hosts = {
            host: {str(port): _to_json(origin) for port, origin in ports.items()}
            for host, ports in self.by_host.items()
        }
        return {"hosts": hosts, "closed": self.closed}

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> "Origins":
        hosts = raw["hosts"]
        if not isinstance(hosts, dict):
            raise TypeError("hosts: a mapping is needed")
        by_host = {
            host: {int(port): _from_json(where) for port, where in ports.items()}
            for host, ports in hosts.items()
        }
        return cls(by_host, bool(raw["closed"]))


def _to_json(origin: Origin) -> list[Any]:
    """[address, port]; of one that moves, a list of them."""
    places = [[each.address, each.port] for each in (origin, *origin.then)]
    return places if origin.then else places[0]


def _from_json(where: Sequence[Any]) -> Origin:
    places = where if isinstance(where[0], list) else [where]
    first, *others = (Origin(str(address), int(real)) for address, real in places)
    return Origin(first.address, first.port, tuple(others))
