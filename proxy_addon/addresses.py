"""What a client's address says of the device behind it. Asked on every request, so remembered."""

import ipaddress
from functools import lru_cache

IP = ipaddress.IPv4Address | ipaddress.IPv6Address


@lru_cache(maxsize=4096)
def is_this_machine(address: str, far: frozenset[str] = frozenset()) -> bool:
    """Whether nobody on a network could read along. What is not an address is not.

    `far`: those of this machine that stand for others. It can only make this stricter, so a test may have
    another machine without leaving its own.
    """
    client = _parsed(address)
    return client is not None and client.is_loopback and str(client) not in far


@lru_cache(maxsize=4096)
def spelled(address: str) -> str:
    """As cases and policies name a device (filter_policy/devices.py); "" for what is no address."""
    return str(_parsed(address) or "")


@lru_cache(maxsize=4096)
def device_of(address: str) -> str:
    """An address of IPv4; of IPv6 a whole /64, since one device has several there by itself."""
    return network_of_six(address) or str(_parsed(address) or address)


@lru_cache(maxsize=4096)
def network_of_six(address: str) -> str | None:
    """The /64 around an address of IPv6; None for any other."""
    client = _parsed(address)
    if not isinstance(client, ipaddress.IPv6Address):
        return None
    return str(ipaddress.IPv6Network((client.packed[:8] + bytes(8), 64)))


def _parsed(address: str) -> IP | None:
    """Without a zone; an address of IPv4 in the clothes of IPv6 is one of IPv4."""
    try:
        client = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(client, "ipv4_mapped", None) or client
