"""Hosts files: `0.0.0.0 name name # comment`."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from filter_lists.entry import Entry
from filter_lists.names import is_ip
from filter_lists.readers.lines import RefusedError, host_of, numbered
from filter_lists.report import ReadOptions, ReadReport, Why

BROADCAST = IPv4Address("255.255.255.255")

type Address = IPv4Address | IPv6Address


def read_hosts(lines: Iterable[bytes], report: ReadReport, options: ReadOptions) -> Iterator[Entry]:
    """A line with a bad name counts as skipped; its good names still hold."""
    for number, text in numbered(lines, report, _without_any_hash):
        entries, why = _row(text.split(), options)
        if why is None:
            report.understood += 1
        else:
            report.skip(why, number)
        yield from entries


@lru_cache(maxsize=1024)  # most lists have the same one on every line
def address_of(word: str) -> Address | None:
    """The address that a word is, its zone left out."""
    try:
        return ip_address(word.partition("%")[0])
    except ValueError:
        return None


def leads_nowhere(address: Address) -> bool:
    """Whether to give this address for a name is to block it."""
    return address.is_unspecified or address.is_loopback or address == BROADCAST


def _without_any_hash(text: str) -> str:
    return text.partition("#")[0].rstrip()


def _row(words: list[str], options: ReadOptions) -> tuple[list[Entry], Why | None]:
    """The names that are understood, and what is wrong with the first that is not."""
    address = address_of(words[0])
    if address is None or len(words) < 2:
        return [], Why.NO_NAME if address else Why.NO_ADDRESS
    entries: list[Entry] = []
    whys: list[Why] = []
    for word in words[1:]:
        try:
            entries.append(Entry(_name(word, options)))
        except RefusedError as refused:
            whys.append(refused.why)
    if entries and not leads_nowhere(address):
        return [], Why.REWRITES
    return entries, whys[0] if whys else None


def _name(word: str, options: ReadOptions) -> str:
    host = host_of(word, options)
    if is_ip(host):
        raise RefusedError(Why.NOT_A_SITE)
    return host
