"""Each removal against what was agreed on when it was done: for how long to keep, and what to hold.

The policy and the holds in force at a line are those of the sealed lines before it. How long a policy said to
keep is in its text, which is believed where it hashes to what was sealed. Where that text is gone, a removal
is held to the days that its own line claims.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from audit_log.fault import Fault
from audit_log.first_seals import EARLIER
from audit_log.sealed_lines import PURGE, PURGE_CASES, PURGE_INCIDENTS, PURGE_TOTALS
from filter_policy.model import Policy, Record
from filter_policy.parse import PolicyError, parse_policy

EVERYONE = "everyone"
ONE_DAY = timedelta(days=1)
REMOVALS = frozenset({PURGE, PURGE_TOTALS, PURGE_INCIDENTS, PURGE_CASES})
PAYLOAD = text("SELECT CAST(payload AS TEXT) FROM proposal WHERE id = :id")

Entry = Mapping[str, Any]


def days_kept(policy: Policy, keep: str) -> int:
    """By this policy; a row of its table that is gone counts as everybody's."""
    if keep == EARLIER:
        return max(days_kept(policy, EVERYONE), *(record.days for record in policy.record.values()), 0)
    return (policy.record.get(keep) or policy.record.get(EVERYONE) or Record()).days


@dataclass(frozen=True, slots=True)
class _Removal:
    line: Entry
    policy: Entry | None  # the line that brought it
    holds: Sequence[Entry]  # on everybody


@dataclass(slots=True)
class AgreedPurges:
    """Given every line in its order, it remembers with each removal what was in force."""

    _policy: Entry | None = None
    _holds: dict[str, Entry] = field(default_factory=dict)
    _removals: list[_Removal] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        match entry["event"]:
            case "school:found" | "policy:approve":
                self._policy = entry
            case "hold:place" if entry["detail"].get("person") is None:
                self._holds[entry["object"]] = entry
            case "hold-release:approve":
                self._holds.pop(str(entry["detail"].get("hold")), None)
            case event if event in REMOVALS:
                self._removals.append(_Removal(entry, self._policy, tuple(self._holds.values())))

    def check(self, conn: Connection) -> None:
        """Raises Fault at the first removal that was not agreed on."""
        policies: dict[int, Policy | None] = {}
        for each in self._removals:
            brought = each.policy
            if brought is not None and brought["seq"] not in policies:
                policies[brought["seq"]] = _text_of(conn, brought)
            policy = policies[brought["seq"]] if brought is not None else None
            try:
                says = _too_much(each, policy)
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
                says = "does not say what was removed"
            if says is not None:
                raise Fault(each.line["seq"], f"Entry {each.line['seq']} {says}.")


def _text_of(conn: Connection, brought: Entry) -> Policy | None:
    """None: gone, or not as it was sealed (named elsewhere), or in words that we do not read any more."""
    try:
        said = json.loads(str(conn.scalar(PAYLOAD, {"id": brought["object"]})))["text"]
        if hashlib.sha256(said.encode()).hexdigest() == brought["detail"]["policy_sha256"]:
            return parse_policy(said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, PolicyError):
        pass
    return None


def _too_much(each: _Removal, policy: Policy | None) -> str | None:
    said, today = each.line["detail"], datetime.fromisoformat(each.line["at"]).astimezone(UTC).date()
    if each.line["event"] == PURGE:
        return _too_early(said, policy, today) or _held(said, each.holds)
    if policy is None:
        return None
    totals = each.line["event"] == PURGE_TOTALS
    kept = policy.retention.totals if totals else policy.retention.incidents
    if date.fromisoformat(said["before"]) + kept * ONE_DAY <= today:
        return None
    return f"removed what was before {said['before']}, and it was to be kept for {kept} days"


def _too_early(said: Mapping[str, Any], policy: Policy | None, today: date) -> str | None:
    part = EARLIER if said["day"] is None else f"{said['keep']}/{said['day']}"
    kept = int(said["days"]) if policy is None else days_kept(policy, said["keep"])
    if kept != said["days"]:
        return f"removed {part} after {said['days']} days, and the policy then in force kept it for {kept}"
    # Of the earlier rows the last may be of a gate whose clock was ahead; they go by when they were stored.
    last = max(_days(said)) - (ONE_DAY if said["day"] is None else timedelta(0))
    return None if last + kept * ONE_DAY < today else f"removed {part} before its {kept} days were over"


def _held(said: Mapping[str, Any], holds: Sequence[Entry]) -> str | None:
    """Nothing may go of days that were held for everybody from beginning to end."""
    for hold in holds if said["rows"] else ():
        first, end = (datetime.fromisoformat(hold["detail"][name]) for name in ("from", "to"))
        if all(first <= _start(day) and _start(day + ONE_DAY) <= end for day in _days(said)):
            return f"removed {said['rows']} rows of days that were held for everybody (entry {hold['seq']})"
    return None


def _days(said: Mapping[str, Any]) -> list[date]:
    return [date.fromisoformat(day) for day in ([said["day"]] if said["day"] else said["totals_sha256"])]


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
