"""From one generation of the lists to the next: what changes, held against what two people agreed on.

What has to be remembered from one update to the next stands in the row in force: what was opened and shut
since two people agreed (`since`), and which versions of lists somebody rolled back (`rolled_back`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from audit_log.seal import stamp
from change_control.desk import Lists
from change_control.in_force import AgreedLists
from change_control.list_tolerance import Expressed, Overstep, Since, Why, oversteps
from filter_lists.diffing import Change, Place
from filter_lists.lists_config import ListsError, parse_lists
from filter_lists.lists_model import Trust
from filter_lists.manifest import BLOCK, IMPORTANT, Pattern
from filter_policy.model import Policy

Version = tuple[str, str]  # list_id, sha256


@dataclass(frozen=True, slots=True)
class Between:
    """The lists in force and those that would be, both opened."""

    agreed: AgreedLists
    old: Lists
    new: Lists


def weigh(policy: Policy, between: Between, changes: Sequence[Change], folder: Path) -> tuple[Overstep, ...]:
    """Where the changes go further than was agreed; nothing if nowhere."""
    trusts = trusts_of(between.agreed.config_text, folder)
    expressions = expressions_between(between.old, between.new)
    found = oversteps(policy, trusts, changes, expressions, _told(between.agreed))
    return (*found, *_come_back(between))


def trusts_of(config_text: str, folder: Path) -> dict[str, Trust]:
    """None where lists.yaml was agreed on by nobody, or cannot be read any more: then nobody is trusted."""
    try:
        return {each.list_id: each.trust for each in parse_lists(config_text, folder).lists}
    except ListsError:
        return {}


def expressions_between(old: Lists, new: Lists) -> dict[Place, Expressed]:
    """By list and category, where expressions came or went."""
    before, after = set(_said(old.patterns)), set(_said(new.patterns))
    gone, come = before - after, after - before
    there = Counter(each.place for each in before if each.blocks)
    opened = Counter(each.place for each in (*gone, *come) if each.blocks is (each in gone))
    shut = Counter(each.place for each in (*gone, *come) if each.blocks is (each in come))
    return {
        place: Expressed(there[place], opened[place], shut[place]) for place in opened.keys() | shut.keys()
    }


class _Said(NamedTuple):
    """What an expression says: one kind for those that block, whether important or not."""

    pattern: str
    scope: str
    kind: str
    place: Place

    @property
    def blocks(self) -> bool:
        return self.kind == BLOCK


def _said(patterns: Iterable[Pattern]) -> Iterator[_Said]:
    for pattern, scope, pairs in patterns:
        for category, list_id, kind in pairs:
            yield _Said(pattern, scope, BLOCK if kind == IMPORTANT else kind, (list_id, category))


def next_since(agreed: AgreedLists, changes: Iterable[Change]) -> list[dict[str, Any]]:
    """As it is after these changes too, in the form that the row keeps."""
    told = _told(agreed)
    for change in changes:
        place = (change.list_id, change.category)
        told[place] = told.get(place, Since(change.before)).and_then(change)
    return [
        {"list_id": list_id, "category": category, **asdict(since)}
        for (list_id, category), since in sorted(told.items())
    ]


def _told(agreed: AgreedLists) -> dict[Place, Since]:
    return {
        (each["list_id"], each["category"]): Since(each["at_agreement"], each["opened"], each["shut"])
        for each in agreed.payload.get("since", ())
    }


def versions(lists: Lists) -> set[Version]:
    return {(each.list_id, each.sha256) for each in lists.lists}


def rolled_back(between: Between, person_id: str, at: datetime) -> list[dict[str, str]]:
    """The versions of lists that nobody wants back before somebody says so; `person_id` leaves some now."""
    wanted = versions(between.new)
    left = versions(between.old) - wanted
    kept = [each for each in remembered(between.agreed) if _version(each) not in wanted | left]
    told = [
        {"list_id": list_id, "sha256": sha256, "by": person_id, "at": stamp(at)}
        for list_id, sha256 in sorted(left)
    ]
    return kept + told


def still_rolled_back(between: Between) -> list[dict[str, str]]:
    """Without those that are brought back."""
    brought = versions(between.new)
    return [each for each in remembered(between.agreed) if _version(each) not in brought]


def _come_back(between: Between) -> Iterator[Overstep]:
    brought = versions(between.new) - versions(between.old)
    for each in remembered(between.agreed):
        if _version(each) in brought:
            yield Overstep(each["list_id"], "", Why.ROLLED_BACK)


def remembered(agreed: AgreedLists) -> list[dict[str, str]]:
    return list(agreed.payload.get("rolled_back", ()))


def _version(each: Mapping[str, str]) -> Version:
    return each["list_id"], each["sha256"]


def belong(changes: Iterable[Change], old: Lists, new: Lists) -> bool:
    """Whether these are the changes from the one to the other, as far as counts can tell."""
    before, after = _entries(old), _entries(new)
    told = {(each.list_id, each.category): (each.before, each.after) for each in changes}
    places = before.keys() | after.keys()
    differing = {place for place in places if before.get(place, 0) != after.get(place, 0)}
    return differing <= told.keys() and all(
        counts == (before.get(place, 0), after.get(place, 0)) for place, counts in told.items()
    )


def _entries(lists: Lists) -> dict[Place, int]:
    return {
        (each.list_id, count.category): count.entries + count.expressions
        for each in lists.lists
        for count in each.counts
    }
