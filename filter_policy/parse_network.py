"""Which devices need no login, and which of the school's own servers may be reached (S27, S86)."""

import ipaddress
from collections.abc import Mapping

from filter_lists.names import NameFault, canonical_host, is_ip
from filter_policy.model import FilterGroup, Network
from filter_policy.reading import Reader
from filter_policy.yaml_lines import Path


def parse_networks(value: object, groups: Mapping[str, FilterGroup], read: Reader) -> tuple[Network, ...]:
    """Most exact range first, so that the first that holds an address is the one that counts."""
    found: list[Network] = []
    for i, raw in enumerate(read.items(value, ("networks",))):
        path: Path = ("networks", i)
        row = read.mapping(raw, path, ("addresses", "filter_group", "label"))
        group = read.one_of(row.get("filter_group"), (*path, "filter_group"), tuple(groups) or ("none",))
        try:
            addresses = ipaddress.ip_network(read.text(row.get("addresses"), (*path, "addresses")))
        except ValueError as error:
            read.fault((*path, "addresses"), f"needs a range like 10.20.0.0/24: {error}")
            continue
        if any(network.addresses == addresses for network in found):
            read.fault((*path, "addresses"), f"{addresses} stands twice")
        found.append(Network(addresses, group, str(row.get("label") or addresses)))
    return tuple(sorted(found, key=lambda network: -network.addresses.prefixlen))


def parse_egress(value: object, read: Reader) -> tuple[tuple[str, int], ...]:
    raw = read.mapping(value, ("egress",), ("allow",), needed=False)
    found = []
    for i, item in enumerate(read.items(raw.get("allow"), ("egress", "allow"))):
        path: Path = ("egress", "allow", i)
        host, _, port = read.text(item, path).rpartition(":")
        try:
            address = canonical_host(host)
            number = int(port)
        except (NameFault, ValueError):
            address, number = "", 0
        if not address or not is_ip(address) or not 0 < number < 65536:
            read.fault(path, f"needs one address and port like 10.0.0.5:443 or [fd00::5]:443, not {item!r}")
            continue
        found.append((address, number))
    return tuple(found)


def parse_connect_ports(value: object, read: Reader) -> frozenset[int]:
    if value is None:
        return frozenset({443})
    items = read.items(value, ("connect_ports",))
    return frozenset(read.whole(port, ("connect_ports", i), 1, 65535) for i, port in enumerate(items))
