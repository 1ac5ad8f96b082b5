"""Rows that do not say who: of a place of help, and of whoever reports something, only the host is kept.

Whatever way such a row comes about, whoever asked is left out of it here, before it is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from filter_lists.names import Url
from filter_policy.harbours import RULE, harbour_of, whole_host
from filter_policy.keeping import kept_of_groups
from filter_policy.model import Person, Policy, Reason

REPORT = "report"  # the rule that lets by what goes to the console's own page
SAYS_MORE = frozenset({Reason.ILLEGAL, Reason.ISOLATED})  # they have rows of their own kind
WITHOUT: Mapping[str, Any] = {"person": None, "role": None, "groups": (), "classes": (), "address": None}


@dataclass(frozen=True, slots=True)
class Asked:
    """`of_anybody`: nobody was asked who they are; `is_own`: the gate itself refuses it, and no rule does."""

    reason: Reason
    rule: str
    person: Person
    of_anybody: bool
    is_own: bool


def is_unnamed(asked: Asked, url: Url | None, policy: Policy | None, console: Url | None) -> bool:
    """What was let by as help; and what went wrong on the way there, whether or not anybody signed in:
    what the gate itself refuses, and whatever is asked where nobody was asked who they are."""
    if asked.reason is Reason.SAFE_HARBOUR:
        return True
    if asked.reason in SAYS_MORE:
        return False
    if asked.of_anybody or asked.rule == REPORT or asked.rule.startswith(f"{RULE}."):
        return True
    if url is None or not (asked.is_own or not asked.person.id):
        return False
    if asked.is_own and console is not None and console[:3] == url[:3]:
        return True
    return policy is not None and harbour_of(policy, url) is not None


def unnamed(row: Mapping[str, Any], url: Url | None, policy: Policy | None) -> dict[str, Any]:
    """The row without whoever asked, and kept as long as anybody's."""
    known = {key: value for key, value in row.items() if key != "terms"}
    keep = kept_of_groups(policy, ()).keep if policy else "everyone"
    address = None
    if url is not None:
        address = f"{url.host}:{url.port}" if row["kind"] == "connect" else str(whole_host(url))
    return {**known, **WITHOUT, "keep": keep, "url": address}
