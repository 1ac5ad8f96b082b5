"""What looks like a site and is none: a range of addresses, or the ending that many sites share."""

import ipaddress
from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from filter_lists.names import Site, is_ip


def is_range(text: str) -> bool:
    """`10.0.0.0/8`; a single address is no range."""
    if "/" not in text:
        return False
    try:
        ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    return True


def is_ending(site: Site) -> bool:
    """`uk`, `co.uk`, `github.io`: names under which anybody may have a site (publicsuffix.org)."""
    if is_ip(site.host):
        return False
    return "." not in site.host or public_suffixes().publicsuffix(site.host) == site.host


@lru_cache(maxsize=1)
def public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()
