"""One spelling for an address, whatever it is wrapped in."""

import ipaddress
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network

NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
V4_COMPATIBLE = IPv6Network("::/96")


def embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, compatible, 6to4, Teredo, NAT64."""
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address.is_loopback or address.is_unspecified:
        return None
    if any(address in net for net in NAT64) or address in V4_COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@lru_cache(maxsize=8192)
def plain_address(text: str) -> str:
    """One spelling: `::ffff:10.0.0.1` is `10.0.0.1`. What is not an address stays as it is."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    inner = embedded(address) if isinstance(address, IPv6Address) else None
    return str(inner if inner is not None else address)
