"""A device is known by its address, and an address is spelled in one way: in bundles, requests and cases."""

import ipaddress


def device_in(text: str) -> str:
    """Without a zone; an address of IPv4 in the clothes of IPv6 is one of IPv4. Raises ValueError for what is
    no address of a single device."""
    found = ipaddress.ip_address(text.strip().partition("%")[0])
    return str(getattr(found, "ipv4_mapped", None) or found)
