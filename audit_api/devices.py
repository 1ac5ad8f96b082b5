"""What an address says of the device behind it. Of IPv6 one device has a whole /64, and as many addresses."""

from ipaddress import IPv6Address, IPv6Network, ip_address


def device_of(address: str) -> str:
    """An address of IPv4, in whichever clothes; of IPv6 its /64; anything else as it is."""
    try:
        client = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    client = getattr(client, "ipv4_mapped", None) or client
    if isinstance(client, IPv6Address):
        return str(IPv6Network((client.packed[:8] + bytes(8), 64)))
    return str(client)
