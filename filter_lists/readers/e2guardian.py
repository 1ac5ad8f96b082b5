"""e2guardian's lists of sites, of parts of sites, and of expressions that are looked for in both.

`#time:` anywhere in a file makes all of it hold at certain times only, which is for the policy to say:
nothing of such a file is read. Which file blocks and which makes exceptions, only lists.yaml says.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from filter_lists.entry import Entry, Expression
from filter_lists.readers.lines import (
    Noting,
    RefusedError,
    entry_of_text,
    expression_of,
    one_a_line,
    without_hash,
)
from filter_lists.readers.twice import kept
from filter_lists.report import ReadOptions, ReadReport, Why

TIME = "#time:"
INCLUDE = ".include<"
BLANKET = re.compile(
    r"\*\*?(ip)?s*", re.IGNORECASE
)  # `**` all sites, `*ip` all sites by address, `s`: over TLS
MASKED = re.compile(r"[0-9.]+/[0-9]+\.[0-9.]+")
REPLACED = '"->"'


def read_e2guardian_sites(
    lines: Iterable[bytes], report: ReadReport, options: ReadOptions
) -> Iterator[Entry]:
    """Site, URL and site-address lists: `.tld`, hosts, addresses, and host and path."""
    return _read(lines, report, lambda text, note: _entry(text, options, note))


def read_e2guardian_expressions(
    lines: Iterable[bytes], report: ReadReport, options: ReadOptions
) -> Iterator[Expression]:
    """Expressions for URLs, without their scheme: `^` is where the host begins."""
    return _read(lines, report, lambda text, _: _expression(text))


def _read[Said: Entry | Expression](
    lines: Iterable[bytes], report: ReadReport, read: Callable[[str, Noting], Said]
) -> Iterator[Said]:
    with kept(lines, TIME.encode()) as (again, marked):
        limited = marked and any(line.lstrip(b"\xef\xbb\xbf").startswith(TIME.encode()) for line in again())

        def checked(text: str, note: Noting) -> Said:
            if why := _no_entry(text):
                raise RefusedError(why)
            if limited:
                raise RefusedError(Why.OPTION)
            return read(text, note)

        yield from one_a_line(again(), report, checked, _without_comment)


def _without_comment(text: str) -> str:
    return text if text.startswith(TIME) else without_hash(text)


def _no_entry(text: str) -> Why | None:
    if text.lower().startswith(INCLUDE):
        return Why.INCLUDE
    if text.startswith(TIME) or BLANKET.fullmatch(text):
        return Why.SETTING
    return None


def _entry(text: str, options: ReadOptions, note: Noting) -> Entry:
    if MASKED.fullmatch(text):
        raise RefusedError(Why.RANGE)
    return entry_of_text(text.removeprefix("ftp://"), options, note)


def _expression(text: str) -> Expression:
    if text.startswith('"') and REPLACED in text:
        raise RefusedError(Why.REWRITES)
    return expression_of(text, "page")
