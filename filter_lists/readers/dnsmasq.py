"""dnsmasq's configuration: `address=/bet.example/0.0.0.0`, `local=/bet.example/`, `server=/bet.example/`."""

import re
from collections.abc import Iterable, Iterator

from filter_lists.entry import Entry
from filter_lists.names import is_ip
from filter_lists.readers.hosts import address_of, leads_nowhere
from filter_lists.readers.lines import RefusedError, host_of, numbered
from filter_lists.report import ReadOptions, ReadReport, Why

LINE = re.compile(r"(?:--)?(address|local|server)\s*=\s*/(.*)/([^/]*)")
ALL = ("", "#")  # for a name: names without a dot, and every name
STANDARD = "#"  # servers: those that answer for everything else


def read_dnsmasq(lines: Iterable[bytes], report: ReadReport, options: ReadOptions) -> Iterator[Entry]:
    """A name and all below it is blocked where the answer is none, or an address that leads nowhere.

    `server=/bet.example/#` is an exception. A line with a bad name counts as skipped; its good names hold.
    """
    for number, text in numbered(lines, report):
        entries, why = _row(text, options)
        if why is None:
            report.understood += 1
        else:
            report.skip(why, number)
        yield from entries


def _row(text: str, options: ReadOptions) -> tuple[list[Entry], Why | None]:
    """What is understood, and what is wrong with the first name that is not."""
    line = LINE.fullmatch(text)
    if line is None:
        return [], Why.SETTING
    keyword, names, target = line.groups()
    exception = keyword == "server" and target == STANDARD
    if not exception and (why := _no_block(keyword, target)):
        return [], why
    entries: list[Entry] = []
    whys: list[Why] = []
    for name in names.split("/"):
        try:
            entries.append(Entry(_name(name, options), exception=exception))
        except RefusedError as refused:
            whys.append(refused.why)
    return entries, whys[0] if whys else None


def _no_block(keyword: str, target: str) -> Why | None:
    if not target or (keyword == "address" and target == "#"):
        return None
    address = address_of(target)
    if keyword != "address" or address is None:
        return Why.SETTING  # another server is to be asked
    return None if leads_nowhere(address) else Why.REWRITES


def _name(text: str, options: ReadOptions) -> str:
    if text in ALL:
        raise RefusedError(Why.TOO_WIDE)
    if text.startswith(("*.", ".")):
        text = text.removeprefix("*").removeprefix(".")
    if "*" in text:
        raise RefusedError(Why.PATTERN)
    host = host_of(text, options)
    if is_ip(host):
        raise RefusedError(Why.NOT_A_SITE)
    return host
