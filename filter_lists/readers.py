"""What a list file says. Every line is understood, or counted with its reason and a line number.

A reader never guesses: a line that is not plainly a site is no entry, and the report says how many there were
of each kind and where the first one is. It never repeats the line, since the list may be one that nobody
should read (invariant 3).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import IO

from publicsuffixlist import PublicSuffixList

from filter_lists.names import NameFault, Site, canonical_host, is_ip, parse_site

LONGEST = 4096  # bytes of a line
HOST = re.compile(r"[a-z0-9_.-]+")  # what names in the DNS are made of; a browser would take more
COMMENT = re.compile(r"(\A|\s)#.*", re.DOTALL)
LENGTH = re.compile(r"/\d{1,3}")
LOCAL = re.compile(r"local|localhost(\.localdomain)?|broadcasthost|loopback|ip6-[a-z]+")
BROADCAST = IPv4Address("255.255.255.255")


class Why(StrEnum):
    """Why a line, or a part of it, is no entry."""

    TOO_LONG = f"longer than {LONGEST} bytes"
    NOT_A_SITE = "not a host name, an address or a path of one"
    TOO_WIDE = "a public suffix or a single word: it would cover everybody's sites under it"
    SEVERAL = "more than one word on a line"
    PATTERN = "a pattern: entries are hosts and paths"
    QUERY = "a query or fragment: entries are hosts and paths"
    RANGE = "a range of addresses"
    ODD_ADDRESS = "an address in an unusual spelling, which could mean two things"
    LOCAL = "a name of the machine itself"
    NO_ADDRESS = "no address in front of the name"
    NO_NAME = "an address without a name"
    REWRITES = "points to a real address, so it rewrites the name and does not block it"


class _RefusedError(Exception):
    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(slots=True)
class Skipped:
    count: int
    line: int  # the first such line, counted from 1


@dataclass(slots=True)
class ReadReport:
    """`lines` are those with something on them; each is `understood` or counted once in `skipped`."""

    lines: int = 0
    understood: int = 0
    skipped: dict[Why, Skipped] = field(default_factory=dict)

    def skip(self, why: Why, line: int) -> None:
        self.skipped.setdefault(why, Skipped(0, line)).count += 1


type Reader = Callable[[Iterable[bytes], ReadReport], Iterator[Site]]


def lines_of(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, never more than LONGEST + 1 bytes of one in memory."""
    while line := file.readline(LONGEST + 1):
        yield line
        while len(line) > LONGEST and not line.endswith(b"\n"):
            line = file.readline(LONGEST + 1)


def read_plain(lines: Iterable[bytes], report: ReadReport) -> Iterator[Site]:
    """One host, address or host/path to a line; `# comment` on its own or after a blank.

    `.bet.example` and `*.bet.example`, as other filters write it, are `bet.example` and all below.
    """
    for number, text in _written(lines, report):
        try:
            site = _site(text)
        except _RefusedError as refused:
            report.skip(refused.why, number)
            continue
        report.understood += 1
        yield site


def read_hosts(lines: Iterable[bytes], report: ReadReport) -> Iterator[Site]:
    """`0.0.0.0 name name # comment`. A line with a bad name counts as skipped; its good names still hold."""
    for number, text in _written(lines, report):
        sites, why = _hosts_row(text.partition("#")[0].split())
        if why is None:
            report.understood += 1
        else:
            report.skip(why, number)
        yield from sites


READERS: dict[str, Reader] = {"plain": read_plain, "hosts": read_hosts}


def _written(lines: Iterable[bytes], report: ReadReport) -> Iterator[tuple[int, str]]:
    """The numbered lines that say something, without comments, line ends and byte order marks."""
    for number, line in enumerate(lines, 1):
        whole = _decoded(line).strip("\ufeff \t\r\n\f\v\xa0")
        text = COMMENT.sub("", whole).strip()
        if not text:
            continue
        report.lines += 1
        if len(line.rstrip(b"\r\n")) > LONGEST:
            report.skip(Why.TOO_LONG, number)
            continue
        yield number, text


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _site(text: str) -> Site:
    if len(text.split()) > 1:
        raise _RefusedError(Why.SEVERAL)
    if text.startswith(("*.", ".")):
        text = text.removeprefix("*").removeprefix(".")
    if any(c in text for c in "*^|"):
        raise _RefusedError(Why.PATTERN)
    if "?" in text or "#" in text:
        raise _RefusedError(Why.QUERY)
    try:
        site = parse_site(text)
    except NameFault:
        raise _RefusedError(Why.NOT_A_SITE) from None
    if is_ip(site.host):
        _check_address(site, text)
    else:
        _check_name(site.host)
    return site


def _check_address(site: Site, text: str) -> None:
    if LENGTH.fullmatch(site.path):
        raise _RefusedError(Why.RANGE)
    given = text.partition("://")[2] or text
    if ":" not in site.host and given.partition("/")[0].removesuffix(".") != site.host:
        raise _RefusedError(Why.ODD_ADDRESS)  # 010.0.0.1 is 8.0.0.1 to a browser and 10.0.0.1 to a person


def _check_name(host: str) -> None:
    if LOCAL.fullmatch(host):
        raise _RefusedError(Why.LOCAL)
    if not HOST.fullmatch(host):
        raise _RefusedError(Why.NOT_A_SITE)
    if "." not in host or _public_suffixes().is_public(host):
        raise _RefusedError(Why.TOO_WIDE)


@cache
def _public_suffixes() -> PublicSuffixList:
    """Those of registries. One company's (`github.io`) is a site like any other to a filter."""
    return PublicSuffixList(only_icann=True)


def _hosts_row(words: list[str]) -> tuple[list[Site], Why | None]:
    """The names that are understood, and what is wrong with the first that is not."""
    address = _address(words[0]) if words else None
    if address is None or len(words) < 2:
        return [], Why.NO_NAME if address else Why.NO_ADDRESS
    sites: list[Site] = []
    whys: list[Why] = []
    for word in words[1:]:
        try:
            sites.append(Site(_hosts_name(word)))
        except _RefusedError as refused:
            whys.append(refused.why)
    if sites and not (address.is_unspecified or address.is_loopback or address == BROADCAST):
        return [], Why.REWRITES
    return sites, whys[0] if whys else None


def _address(word: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(word.partition("%")[0])
    except ValueError:
        return None


def _hosts_name(word: str) -> str:
    try:
        host = canonical_host(word)
    except NameFault:
        raise _RefusedError(Why.NOT_A_SITE) from None
    if is_ip(host):
        raise _RefusedError(Why.NOT_A_SITE)
    _check_name(host)
    return host
