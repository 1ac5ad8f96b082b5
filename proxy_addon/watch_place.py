"""Where whoever watches the gate comes from. A few places are kept for it (admission.py), and nobody who
floods the gate may take them.

On the loopback of IPv4 it has an address of its own. Elsewhere (one address of the school's network; IPv6,
whose loopback is a single address) it comes, as every program of this machine does, from the very address
that it asks, and from a port that follows from the secret of this start. Nobody on the network can hold a
conversation from the gate's own address; and what a forwarder on this machine brings in comes from ports that
the system chose, which lie above these.
"""

import errno
import hashlib
import random
import socket
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from proxy_addon.watch_proof import Secret, reachable

OWN_ADDRESS = "127.0.0.2"
LOWEST, HIGHEST = 10_000, 32_000  # systems choose from 32,768 or 49,152 on
MANY = 2048  # a port rests for a minute after each question, and the canaries ask twenty a second
TRIES = 8
TAKEN = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL})


@lru_cache(maxsize=4)
def ports_of(nonce: bytes) -> frozenset[int]:
    """Nobody can tell them who does not know the secret."""
    drawn = hashlib.shake_256(b"schoolgate places " + nonce).digest(4 * MANY)
    numbers = (int.from_bytes(drawn[at : at + 4]) for at in range(0, len(drawn), 4))
    return frozenset(LOWEST + number % (HIGHEST - LOWEST) for number in numbers)


def is_watching(ports: frozenset[int], peer: tuple[Any, ...], here: tuple[Any, ...]) -> bool:
    """Asked of each connection that comes in: `peer` is its other end, `here` ours."""
    return bool(peer[0] == OWN_ADDRESS or (peer[1] in ports and peer[0] == here[0]))


def sources(secret: Secret) -> Iterator[tuple[str, int] | None]:
    """What to connect from, in this order; None: anything, where there is no other way."""
    host = reachable(secret.host)
    if host.startswith("127."):
        yield OWN_ADDRESS, 0  # not on every system
    else:
        for port in random.sample(sorted(ports_of(secret.nonce)), TRIES):
            yield host, port
    yield None


def connect(secret: Secret, seconds: float) -> socket.socket:
    """To the gate, from a place that is kept for us where that can be. Raises OSError."""
    where = reachable(secret.host), secret.port
    for source in sources(secret):
        try:
            return socket.create_connection(where, seconds, source_address=source)
        except OSError as fault:
            if source is None or fault.errno not in TAKEN:
                raise
    raise OSError(errno.EADDRNOTAVAIL, "no place to ask from")
