"""Response policy zones: what a name server is to answer for the names in the zone.

A name that is blocked is blocked with all below it, whether the zone has `*.name` beside it or not. A name
that is let by is let by as the zone has it: alone, or with all below it where `*.name` is the next record.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import NamedTuple

from filter_lists.entry import Entry
from filter_lists.names import is_ip
from filter_lists.readers.hosts import address_of, leads_nowhere
from filter_lists.readers.lines import RefusedError, host_of
from filter_lists.readers.zones import Record, records_of
from filter_lists.report import ReadOptions, ReadReport, Why

BLOCKS = frozenset({".", "*.", "rpz-drop."})
PASSES = "rpz-passthru."
ADDRESSES = frozenset({"A", "AAAA"})
OTHER_DATA = frozenset({"CAA", "DNAME", "HTTPS", "MX", "NAPTR", "PTR", "SRV", "SVCB", "TXT"})
OF_THE_ZONE = frozenset({"DNSKEY", "DS", "NS", "NSEC", "NSEC3", "NSEC3PARAM", "RRSIG", "SOA", "ZONEMD"})
UNSEEN = frozenset({"rpz-client-ip", "rpz-nsdname", "rpz-nsip"})


class _Row(NamedTuple):
    """`below`: for the names below `name`, and not for itself; `passes`: they are let by."""

    line: int
    name: str
    below: bool
    passes: bool


def read_rpz(lines: Iterable[bytes], report: ReadReport, options: ReadOptions) -> Iterator[Entry]:
    """A name that is let by waits for the next row, which may be its other half."""
    waiting: _Row | None = None
    for row in _rows(lines, report, options):
        if waiting and row.passes and (row.name, row.below) == (waiting.name, not waiting.below):
            yield from _said(waiting, report, below=True)
            yield from _said(row, report, below=True)
            waiting = None
            continue
        if waiting:
            yield from _alone(waiting, report)
        waiting = row if row.passes else None
        if not waiting:
            yield from _said(row, report, below=True)
    if waiting:
        yield from _alone(waiting, report)


def _said(row: _Row, report: ReadReport, below: bool) -> Iterator[Entry]:
    report.at = row.line
    report.understood += 1
    yield Entry(row.name, below=below, exception=row.passes)


def _alone(row: _Row, report: ReadReport) -> Iterator[Entry]:
    """What is below a name cannot be let by without the name."""
    if row.below:
        report.skip(Why.NARROW, row.line)
    else:
        yield from _said(row, report, below=is_ip(row.name))


def _rows(lines: Iterable[bytes], report: ReadReport, options: ReadOptions) -> Iterator[_Row]:
    for record in records_of(lines, report):
        try:
            passes = _passes(record)
            name, below = _trigger(record.name, options)
        except RefusedError as refused:
            report.skip(refused.why, record.line)
            continue
        yield _Row(record.line, name, below, passes)


def _passes(record: Record) -> bool:
    """Whether the record lets its name by. Raises RefusedError unless it does that or blocks it."""
    if not record.name or record.kind in OF_THE_ZONE:
        raise RefusedError(Why.SETTING)
    target = record.data[0].lower() if len(record.data) == 1 else ""
    if record.kind == "CNAME" and target:
        if target in BLOCKS:
            return False
        if target == PASSES:
            return True
        raise RefusedError(Why.TRIGGER if target == "rpz-tcp-only." else Why.REWRITES)
    if record.kind in ADDRESSES and (address := address_of(target)):
        if leads_nowhere(address):
            return False
        raise RefusedError(Why.REWRITES)
    raise RefusedError(Why.REWRITES if record.kind in OTHER_DATA else Why.NOT_A_SITE)


def _trigger(name: str, options: ReadOptions) -> tuple[str, bool]:
    """What the record is about, and whether that is what is below it. Raises RefusedError."""
    rest, _, last = name.rpartition(".")
    if last == "rpz-ip":
        return _address(rest.split(".")), False
    if last in UNSEEN:
        raise RefusedError(Why.TRIGGER)
    if name == "*":
        raise RefusedError(Why.TOO_WIDE)
    below = name.startswith("*.")
    return host_of(name[2:] if below else name, options), below


def _address(labels: list[str]) -> str:
    """`32.1.2.0.192` is 192.0.2.1/32; `128.1.zz.db8.2001` is 2001:db8::1/128."""
    length, *parts = labels
    backwards = parts[::-1]
    if len(parts) == 4 and all(part.isdecimal() for part in parts):
        text, whole = ".".join(backwards), "32"
    else:
        text, whole = f":{':'.join(backwards)}:".replace(":zz:", "::"), "128"
        text = text[not text.startswith("::") : len(text) - (not text.endswith("::"))]
    try:
        address = str(ip_address(text))
    except ValueError:
        raise RefusedError(Why.NOT_A_SITE) from None
    if length != whole:
        raise RefusedError(Why.RANGE if length.isdecimal() else Why.NOT_A_SITE)
    return address
