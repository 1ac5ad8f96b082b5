"""Unbound's configuration: `local-zone: "bet.example" refuse`, `local-data: "bet.example A 0.0.0.0"`."""

import re
from collections.abc import Iterable, Iterator

from filter_lists.entry import Entry
from filter_lists.names import is_ip
from filter_lists.readers.hosts import address_of, leads_nowhere
from filter_lists.readers.lines import RefusedError, host_of, numbered
from filter_lists.report import ReadOptions, ReadReport, Why

QUOTED = r"""(?P<quote>["']?){}(?P=quote)"""
ZONE = re.compile(r"local-zone:\s*" + QUOTED.format(r"(?P<name>[^\s\"']+)") + r"\s+(?P<kind>\w+)")
RECORD = r"(?P<name>[^\s\"']+)\s+(?:[0-9]+\s+)?(?:[iI][nN]\s+)?[aA]{1,4}\s+(?P<address>[^\s\"']+)"
DATA = re.compile(r"local-data:\s*" + QUOTED.format(RECORD))

BLOCKS = frozenset(("deny", "refuse", "inform_deny", "always_deny", "always_refuse"))
BLOCKS |= {"always_nxdomain", "always_nodata", "always_null"}
PASSES = frozenset(("transparent", "typetransparent", "always_transparent", "inform"))
ANSWERS = frozenset(("static", "redirect", "inform_redirect"))  # with the data there is, or with nothing


def read_unbound(lines: Iterable[bytes], report: ReadReport, options: ReadOptions) -> Iterator[Entry]:
    """A zone answered with nothing, or with an address that leads nowhere, is blocked with all below it.

    A zone that is passed on is an exception. A name that has such an address without a zone is blocked alone.
    """
    zones = _Zones(report)
    for number, text in numbered(lines, report):
        try:
            yield from zones.read(number, text, options)
        except RefusedError as refused:
            report.skip(refused.why, number)
    yield from zones.rest()


class _Zones:
    """Those that are answered with data, until there is some."""

    def __init__(self, report: ReadReport) -> None:
        self._report = report
        self._waiting: dict[str, int] = {}  # and the line of each
        self._rewritten: set[str] = set()
        self._answered: set[str] = set()  # zones that have their entry; a name often has two addresses
        self._alone: dict[str, None] = {}  # names with such data, until there is a zone

    def read(self, number: int, text: str, options: ReadOptions) -> Iterator[Entry]:
        if zone := ZONE.fullmatch(text):
            return self._zone(number, _name(zone["name"], options), zone["kind"].lower())
        if data := DATA.fullmatch(text):
            return self._data(_name(data["name"], options), data["address"])
        raise RefusedError(Why.SETTING)

    def rest(self) -> Iterator[Entry]:
        """Zones without data, and data without a zone."""
        for host in self._alone:
            yield Entry(host, below=False)
        for host in self._waiting:
            self._report.understood += 1
            yield Entry(host)

    def _zone(self, number: int, host: str, kind: str) -> Iterator[Entry]:
        if kind in ANSWERS and host in self._rewritten:
            raise RefusedError(Why.REWRITES)
        if kind in ANSWERS and host in self._answered:
            self._report.understood += 1
            return
        if kind in ANSWERS and host in self._alone:
            self._answered.add(host)
        elif kind in ANSWERS and host not in self._waiting:
            self._waiting[host] = number
            return
        if kind not in ANSWERS | BLOCKS | PASSES:
            raise RefusedError(Why.SETTING)
        self._report.understood += 1
        if kind not in PASSES:
            self._alone.pop(host, None)
        yield Entry(host, exception=kind in PASSES)

    def _data(self, host: str, address: str) -> Iterator[Entry]:
        found = address_of(address)
        if found is None:
            raise RefusedError(Why.SETTING)
        zone = self._waiting.pop(host, None)
        if not leads_nowhere(found):
            self._rewritten.add(host)
            if zone is not None:
                self._report.skip(Why.REWRITES, zone)
            raise RefusedError(Why.REWRITES)
        self._report.understood += 1 if zone is None else 2
        if zone is not None:
            self._answered.add(host)
            yield Entry(host)
        elif host not in self._answered:
            self._alone[host] = None


def _name(text: str, options: ReadOptions) -> str:
    host = host_of(text, options)
    if is_ip(host):
        raise RefusedError(Why.NOT_A_SITE)
    return host
