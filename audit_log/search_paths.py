"""Which ways through the filtering log's indexes lead to what is sought.

A path is one or several streams: each a fixed beginning of one index, and in the order of time. What the
index holds besides is looked at on the way; every other condition costs fetching the row.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, text, true

from audit_log.event_id import reference_from
from audit_log.search_filter import BLOCK, COLUMNS, Sought, key_of, stands_alone
from audit_log.tables import ODD, SELDOM

VERDICTS = ("allow", BLOCK)
COMMON_REASONS = frozenset(("category-allowed", "site-allowed", "unlisted-allowed"))
COMMON_KINDS = frozenset(("request", "connect"))
TERMS_COVER = frozenset(("search_terms", "verdict", "who", "category"))
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Path:
    index: str
    streams: tuple[Condition, ...]
    together: Condition  # any of the streams
    serves: frozenset[str] = frozenset()  # conditions that hold for all rows on it
    covers: frozenset[str] = frozenset()  # those that the index itself answers


def paths_of(of: Sought) -> list[Path]:
    """Those that need no look into the database; the one for a host and all below it is `host_path`."""
    what, col = of.what, COLUMNS
    if what.reference is not None:
        reference = col["reference"] == reference_from(what.reference)
        return [_some_rows("reference", reference, f"verdict = '{BLOCK}'", "reference")]
    found = []
    if of.recorded_as:
        served = {"person_id"} if _nothing_corrected(of) else set()
        covers = {"verdict", "category"} if of.is_shown else set()
        found.append(_among(f"{_family(of)}person", "person_id", of.recorded_as, served, covers))
    if of.whos is not None:
        covers = {"category", "verdict"}
        found.append(_among(f"{_family(of)}who", "who", of.whos, {"who"}, covers))
    found += _single_hosts(of)
    if what.category is not None:
        found.append(_by_verdict(of, "category", "category", (what.category,), "category"))
    if what.unblock_id is not None:
        found.append(_among("unblock", "unblock_id", (what.unblock_id,), {"unblock_id"}))
    if what.reason is not None and what.reason not in COMMON_REASONS:
        found.append(_some_rows("reason", col["reason"] == what.reason, SELDOM, "reason"))
    if what.kind is not None and what.kind not in COMMON_KINDS:
        found.append(_some_rows("kind", col["kind"] == what.kind, ODD, "kind"))
    if what.search_terms is not None:
        has_some = col["search_terms"].is_not(None)
        found.append(Path("terms", (has_some,), has_some, covers=TERMS_COVER))
    return found


def _single_hosts(of: Sought) -> list[Path]:
    host, exact = of.what.host, of.what.host_exact
    asked = {"host": host if host and stands_alone(host) else None, "host_exact": exact}
    return [host_path(of, (key_of(each),), about) for about, each in asked.items() if each is not None]


def every_row(of: Sought) -> Path:
    """In the order of time alone."""
    return Path(_family(of).rstrip("_") or "at", (true(),), true())


def host_path(of: Sought, keys: tuple[str, ...], about: str) -> Path:
    """By each of these hosts."""
    return _by_verdict(of, "host", "host_key", keys, about)


def _family(of: Sought) -> str:
    """The indexes of the rows that people look through, where all that is sought is among them."""
    return "shown_" if of.is_shown else ""


def _nothing_corrected(of: Sought) -> bool:
    return not any(each.person_id in of.recorded_as for each in of.agreed)


def _among(
    index: str,
    column: str,
    values: tuple[str, ...] | tuple[int, ...],
    serves: set[str],
    covers: set[str] | None = None,
) -> Path:
    col = COLUMNS[column]
    streams = tuple(col == value for value in values)
    return Path(index, streams, col.in_(values), frozenset(serves), frozenset(covers or ()))


def _by_verdict(of: Sought, index: str, column: str, values: tuple[str, ...], about: str) -> Path:
    col, verdict = COLUMNS[column], COLUMNS["verdict"]
    verdicts = VERDICTS if of.what.verdict is None else (of.what.verdict,)
    streams = tuple(and_(col == value, verdict == each) for value in values for each in verdicts)
    together = and_(col.in_(values), verdict.in_(verdicts))
    covers = frozenset({"who", "category"})
    return Path(f"{_family(of)}{index}", streams, together, frozenset({about, "verdict"}), covers)


def _some_rows(index: str, condition: Condition, where: str, about: str) -> Path:
    """`where` in the index's own words, or the database does not see that it may be used."""
    stream = and_(condition, text(where))
    return Path(index, (stream,), stream, frozenset({about}))
