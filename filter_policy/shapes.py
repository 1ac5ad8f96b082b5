"""Kinds of site that no list names, since the gate sees them by itself: by the form of a host or a request.

Each is a listing beside those of the lists, so that the policy's own table says who may go there. They shut
what the table shuts, and open nothing: that something is reached by its number says nothing of what it is.
"""

from collections.abc import Iterable

from filter_lists.listing import Listing
from filter_lists.names import Url
from filter_policy.model import Policy

OWN = "schoolgate"  # the list that is none
CIRCUMVENTION = "circumvention"
IP_ADDRESSES = "ip-addresses"
INTERNATIONAL_NAMES = "international-names"
# Looked for only where the policy has a row of that name; without one they are sites like any other.
BY_HOST = frozenset({IP_ADDRESSES, INTERNATIONAL_NAMES})


def by_host(url: Url, listed: bool, policy: Policy) -> tuple[Listing, ...]:
    """`listed`: whether some list names it. An address is one whatever the lists say."""
    access = policy.access
    if IP_ADDRESSES in access and url.is_ip:
        return (Listing(IP_ADDRESSES, OWN, url.host),)
    if INTERNATIONAL_NAMES in access and not listed and "xn--" in url.host and _is_international(url.host):
        return (Listing(INTERNATIONAL_NAMES, OWN, url.host),)
    return ()


def _is_international(host: str) -> bool:
    return any(label.startswith("xn--") for label in host.split("."))


def circumventions(entries: Iterable[str]) -> tuple[Listing, ...]:
    """`entries` say by what it was seen: `dns-over-https`, `web-proxy`, `unreadable-carrier`."""
    return tuple(Listing(CIRCUMVENTION, OWN, entry) for entry in entries)


def only_shuts(listing: Listing) -> bool:
    """Whether it says how something is reached, and nothing of what it is."""
    return listing.list_id == OWN
