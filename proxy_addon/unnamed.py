"""Rows that do not say who: of a place of help, and of whoever reports something, only the host is kept.

Whatever way such a row comes about, whoever asked is left out of it here, before it is written.
"""

from collections.abc import Mapping
from typing import Any

from filter_lists.names import Url
from filter_policy.harbours import harbour_of, whole_host
from filter_policy.keeping import kept_of_groups
from filter_policy.model import Person, Policy, Reason

REPORT = "report"  # the rule that lets by what goes to the console's own page
SAYS_MORE = frozenset({Reason.ILLEGAL, Reason.ISOLATED})  # they have rows of their own kind
WITHOUT: Mapping[str, Any] = {"person": None, "role": None, "groups": (), "classes": (), "address": None}


def is_unnamed(reason: Reason, rule: str, person: Person, url: Url | None, policy: Policy | None) -> bool:
    """What was let by as help; and what went wrong on the way there, where nobody was asked who they are."""
    if reason is Reason.SAFE_HARBOUR:
        return True
    if person.id or reason in SAYS_MORE or url is None or policy is None:
        return False
    return rule == REPORT or harbour_of(policy, url) is not None


def unnamed(row: Mapping[str, Any], url: Url | None, policy: Policy | None) -> dict[str, Any]:
    """The row without whoever asked, and kept as long as anybody's."""
    known = {key: value for key, value in row.items() if key != "terms"}
    keep = kept_of_groups(policy, ()).keep if policy else "everyone"
    address = None
    if url is not None:
        address = f"{url.host}:{url.port}" if row["kind"] == "connect" else str(whole_host(url))
    return {**known, **WITHOUT, "keep": keep, "url": address}
