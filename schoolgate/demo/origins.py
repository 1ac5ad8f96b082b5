"""Where the demo's hosts really are: a name service for its own gate, and for nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from filter_lists.names import is_ip

ANY_PORT = 0
# Names that exist nowhere (RFC 2606, RFC 6761): asking a server of the outside about them would be wrong.
RESERVED = (".test", ".example", ".invalid", ".localhost")


@dataclass(frozen=True, slots=True)
class Origin:
    """An address; `port` ANY_PORT keeps the port that was asked for."""

    address: str
    port: int = ANY_PORT


@dataclass(frozen=True, slots=True)
class Origins:
    """By host, then by the port asked for (ANY_PORT: whichever). `*.host` stands for all below it.

    `closed`: the names here are all there are; otherwise the others are asked of the system.
    """

    by_host: Mapping[str, Mapping[int, Origin]] = field(default_factory=dict)
    closed: bool = False

    def resolve(self, host: str, port: int) -> list[tuple[str, int]] | None:
        """Addresses to connect to; an empty list: there is no such host; None: the system knows."""
        ports = self._ports(host)
        if ports is not None:
            origin = ports.get(port) or ports.get(ANY_PORT)
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
            for origin in ports.values():
                found |= {(origin.address, origin.port or port) for port in asked}
        return found

    def to_json(self) -> dict[str, object]:
        hosts = {
            host: {str(port): [origin.address, origin.port] for port, origin in ports.items()}
            for host, ports in self.by_host.items()
        }
        return {"hosts": hosts, "closed": self.closed}

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> "Origins":
        hosts = raw["hosts"]
        if not isinstance(hosts, dict):
            raise TypeError("hosts: a mapping is needed")
        by_host = {
            host: {int(port): Origin(str(address), int(real)) for port, (address, real) in ports.items()}
            for host, ports in hosts.items()
        }
        return cls(by_host, bool(raw["closed"]))
