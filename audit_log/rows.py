"""From the journal's records to rows of the filtering log.

Plain tuples and the driver's own executemany: what the recorder does is done for every request. Each value is
of exactly the type that its column keeps, so that what is read back is what was sealed.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from publicsuffixlist import PublicSuffixList

from audit_log.event_id import ALPHABET, reference_of
from audit_log.tables import filtering_log, names_text

Record = Mapping[str, Any]
Values = tuple[Any, ...]

_NAMES = tuple(column.name for column in filtering_log.columns)
OPENING = _NAMES[: _NAMES.index("keep") + 1]  # what was asked, and the decision
DERIVED = ("host_key", "who")  # follow from the opening
CLOSING = ("decrypted", "status", "bytes_up", "bytes_down", "duration_ms", "outcome")  # how it ended
SEALS = ("opened_in", "closed_in")
STILL_OPEN: Values = (False, None, None, None, None, None)
LONGEST_URL = 8192
LONGEST_TERMS = 500
LONGEST_RULE = 200
# What the columns hold: `status` and `duration_ms`, then the numbers of bytes.
SMALL = range(-(2**31), 2**31)
LARGE = range(-(2**63), 2**63)
# The longest that each of these may be, as in the tables: what is not the client's choice is never cut.
WIDTHS = {
    "kind": 12,
    "person": 32,
    "role": 16,
    "category": 64,
    "list": 64,
    "verdict": 8,
    "reason": 32,
    "unblock": 32,
    "revision": 64,
    "keep": 64,
}
LONGEST_NAMES = 1200  # characters of all groups; with all classes twice that: an index holds no more
LONGEST_OUTCOME = 16
EVENT_ID = re.compile(f"[{ALPHABET}]{{26}}")
AT, HOST, KEEP = (OPENING.index(name) for name in ("at", "host", "keep"))
ROLE, GROUPS, CLASSES = (OPENING.index(name) for name in ("role", "filter_groups", "classes"))
VERDICTS = ("allow", "block")  # what searches and totals go by
PAGE, VERDICT = OPENING.index("page"), OPENING.index("verdict")
NEEDED = frozenset(("kind", "verdict", "reason", "revision", "keep"))


class BadRecord(ValueError):
    """This record cannot be a row."""


def opening_values(record: Record, gate: str) -> Values:
    """In the order of OPENING. Raises BadRecord."""
    try:
        get = record.get
        values = (
            event_id := _event_id(record["id"]),
            reference_of(event_id),
            _time(record["at"]),
            kind := record["kind"],
            gate,
            person := get("person"),
            role := get("role"),
            groups := _names(tuple(get("groups") or ())),
            classes := _names(tuple(get("classes") or ())),
            _cut(get("address"), 64),
            _cut(get("method"), 16),
            _cut(get("url"), LONGEST_URL),
            _cut(get("host"), 253),
            category := get("category"),
            listing := get("list"),
            _cut(get("entry"), LONGEST_URL),
            verdict := record["verdict"],
            reason := record["reason"],
            _cut(get("rule"), LONGEST_RULE),
            unblock := get("unblock"),
            revision := record["revision"],
            _cut(get("terms"), LONGEST_TERMS),
            page := get("page", True),
            keep := get("keep") or "everyone",
        )
        if verdict not in VERDICTS:
            raise BadRecord(f"not a verdict: {verdict!r}")
        must_fit(kind, person, role, category, listing, verdict, reason, unblock, revision, keep)
    except BadRecord:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise BadRecord(f"{type(fault).__name__}: {fault}") from fault
    if len(groups) > LONGEST_NAMES or len(groups) + len(classes) > 2 * LONGEST_NAMES:
        raise BadRecord("more groups or classes than an index holds")
    if type(page) is not bool:
        raise BadRecord("not known whether it is a page")
    return values


@lru_cache(maxsize=16384)  # there are few different ones, and they come again and again
def must_fit(*values: Any) -> None:
    """In the order of WIDTHS. Raises BadRecord, so that every database refuses the same records."""
    for (name, width), value in zip(WIDTHS.items(), values, strict=True):
        if value is None and name not in NEEDED:
            continue
        if type(value) is not str or value != _cut(value, width):
            raise BadRecord(f"not a {name}: {value!r}")


def closing_values(close: Record) -> Values:
    """In the order of CLOSING. What is closed has an outcome, if only `done`. A number that its column cannot
    hold is left out: an origin chooses the status, and it must not cost the row. Raises BadRecord."""
    get = close.get
    outcome = get("outcome") or "done"
    if type(outcome) is not str or len(outcome) > LONGEST_OUTCOME or not outcome.isprintable():
        raise BadRecord(f"not an outcome: {outcome!r}")
    return (
        bool(get("decrypted")),
        _number(get("status"), SMALL),
        _number(get("up"), LARGE),
        _number(get("down"), LARGE),
        _number(get("ms"), SMALL),
        outcome,
    )


def _number(number: Any, held: range) -> int | None:
    if type(number) is int:
        return number if number in held else None
    if number is not None:
        raise BadRecord(f"not a number: {number!r}")
    return None


def _time(at: str) -> str:
    """`2026-11-24T12:30:00.123456Z`, as the journal has it, to `2026-11-24 12:30:00.123456`, which is UTC."""
    if len(at) != 27 or at[10] != "T" or at[26] != "Z" or not _is_day(at[:10]):
        raise BadRecord(f"not a time: {at!r}")
    return f"{at[:10]} {at[11:26]}"


@lru_cache(maxsize=1024)
def _is_day(said: str) -> bool:
    try:
        return date.fromisoformat(said).isoformat() == said
    except ValueError:
        return False


def _cut(value: str | None, longest: int) -> str | None:
    """What a client chose: no longer than the column, and nothing that a database cannot keep."""
    if value is None or (len(value) <= longest and value.isprintable()):
        return value
    return value[:longest].encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def part_of(values: Values) -> str:
    """Which rows go together when their time is over: `pupils/2026-11-22`. Of a row's opening."""
    return f"{values[KEEP]}/{values[AT][:10]}"


def day_of(part: str) -> date:
    """The day (UTC) of a part."""
    return date.fromisoformat(part.rpartition("/")[2])


def who_key(values: Values) -> tuple[str, str, str]:
    """What the column `who` stands for (audit_log/who_sets.py). Of a row's opening."""
    return values[ROLE] or "", values[GROUPS], values[CLASSES]


@lru_cache(maxsize=65536)
def host_key(host: str | None) -> str | None:
    """www.bbc.co.uk as uk.co.bbc.www. : what begins with `uk.co.bbc.` is that host or below it."""
    return None if host is None else ".".join(reversed(host.split("."))) + "."


@lru_cache(maxsize=65536)
def site_of(host: str | None) -> str:
    """bbc.co.uk for www.bbc.co.uk; an address, or what has no such name, as it is; "" without a host."""
    if not host:
        return ""
    if host[-1].isdigit() or host[-1] == "]":
        return host
    return _suffixes().privatesuffix(host) or host


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _event_id(said: Any) -> str:
    if type(said) is not str or not EVENT_ID.fullmatch(said):
        raise BadRecord(f"not an event id: {said!r}")
    return said


@lru_cache(maxsize=4096)
def _names(names: tuple[str, ...]) -> str:
    if not all(type(name) is str for name in names):
        raise BadRecord(f"not names: {names!r}")
    return names_text(names)
