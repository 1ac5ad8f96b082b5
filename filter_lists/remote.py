"""Which addresses a list may be fetched from: https; or http(s) of this machine itself, for trying out."""

import ipaddress
import re
from urllib.parse import urljoin

from filter_lists.names import NameFault, Url, parse_url

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
NAT64 = ipaddress.ip_network("64:ff9b::/96")
LONGEST = 2000  # characters
RULE = (
    "an https address without name and password (for those there is `credentials`); "
    "http only to this machine itself, for trying out"
)


def is_address(text: str) -> bool:
    """Whether a source is meant to be fetched, and is no file."""
    return SCHEME.match(text) is not None


def parse_address(text: str) -> Url:
    """In canonical form, so that whoever connects sees what was checked.

    Raises ValueError with what is allowed.
    """
    if len(text) > LONGEST or any(c.isspace() or not c.isprintable() for c in text):
        raise ValueError(f"{RULE}; {LONGEST} characters at most and no blanks")
    try:
        url = parse_url(text)
    except NameFault:
        raise ValueError(RULE) from None
    if not text.lower().startswith(("https://", "http://")) or (url.scheme == "http" and not is_local(url)):
        raise ValueError(RULE)
    return url


def next_address(url: Url, location: str) -> Url:
    """Where a server that was asked for `url` sends us on to. Raises ValueError with what we do not take."""
    try:
        found = parse_address(urljoin(str(url), location))
    except ValueError:
        raise ValueError("an address that is not https") from None
    if found.host == url.host or (is_local(url) and is_local(found)):
        return found
    if is_local(found) or found.host.endswith(".localhost"):
        raise ValueError("this machine itself")
    if found.is_ip and not is_public(found.host):
        raise ValueError("an address within a network")
    return found


def is_local(url: Url) -> bool:
    """Whether the address is one of this machine itself."""
    if url.is_ip:
        return ipaddress.ip_address(url.host).is_loopback
    return url.host == "localhost"


def without_secrets(text: str) -> str:
    """An address as it may be shown: what stands before an @ is left out."""
    return re.sub(r"//[^/]*@", "//…@", text, count=1)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the whole internet, and no way into this network in other clothes."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast
