"""Changes of the lists, in words: which list, and how many of its entries went or came."""

from collections.abc import Mapping, Sequence
from typing import Any

from audit_api.unblock_words import and_

MOST_NAMED = 12
Change = Mapping[str, Any]


def lists_told(detail: Mapping[str, Any]) -> str:
    """As far as everybody may know it: counts. Each list has a change for each of its categories."""
    changes = detail.get("changes", ())
    by_list: dict[str, list[Change]] = {}
    for each in changes:
        by_list.setdefault(str(each["list_id"]), []).append(each)
    told = [_list(name, some) for name, some in sorted(by_list.items())]
    if (more := len(told) - MOST_NAMED) > 0:
        told[MOST_NAMED:] = [f"{more} more {'list' if more == 1 else 'lists'}"]
    return and_(told) or "no entry comes or goes"


def _list(name: str, changes: Sequence[Change]) -> str:
    sums = {key: sum(int(each[key]) for each in changes) for key in ("before", "after", "opened", "shut")}
    if not sums["before"]:
        return f"the list {name} comes ({_entries(sums['after'])})"
    if not sums["after"]:
        return f"the list {name} goes ({_entries(sums['before'])})"
    return f"the list {name} ({_entries(sums['opened'])} gone, {sums['shut']:,} come)"


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
