"""What is kept of a request, and for how long (S102, S104)."""

from collections.abc import Mapping

from filter_policy.model import KEPT_URLS, FilterGroup, Record, Retention
from filter_policy.parse_access import KINDS
from filter_policy.reading import Reader
from filter_policy.yaml_lines import Path

LONGEST_DAYS = 3660  # ten years


def parse_record(value: object, groups: Mapping[str, FilterGroup], read: Reader) -> dict[str, Record]:
    raw = read.mapping(value, ("record",), (*groups, *KINDS), needed=False)
    return {name: _record(row, ("record", name), read) for name, row in raw.items()}


def _record(value: object, path: Path, read: Reader) -> Record:
    row = read.mapping(value, path, ("url", "address", "search_terms", "days"))
    usual = Record()
    return Record(
        # The last of them stands in where the word is unknown: the one that keeps least.
        read.one_of(row.get("url", usual.url), (*path, "url"), tuple(reversed(KEPT_URLS))),
        read.flag(row.get("address", usual.address), (*path, "address")),
        read.flag(row.get("search_terms", usual.search_terms), (*path, "search_terms")),
        read.whole(row.get("days", usual.days), (*path, "days"), 1, LONGEST_DAYS),
    )


def parse_retention(value: object, read: Reader) -> Retention:
    path = ("retention",)
    row = read.mapping(value, path, ("incidents", "totals"), needed=False)
    usual = Retention()
    return Retention(
        read.whole(row.get("incidents", usual.incidents), (*path, "incidents"), 1, LONGEST_DAYS),
        read.whole(row.get("totals", usual.totals), (*path, "totals"), 1, LONGEST_DAYS),
    )
