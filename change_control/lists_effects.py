"""Does a new lists.yaml only shut? By the difference of sets, not by what it says of itself.

It does where lists come to it and nothing else changes: what is there stays, with its source, its kinds and
its trust; no entry goes and no exception comes; and no site gets into a kind that is more open, for anybody
at any time, than what is on no list. All else opens, or may open later, and takes two people.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from change_control.list_changes import Between, expressions_between, remembered, versions
from change_control.list_tolerance import oversteps
from filter_lists.diffing import Change
from filter_lists.lists_config import ListsError, parse_lists
from filter_lists.lists_model import ListConfig, ListsConfig, Trust
from filter_policy.model import Policy

USUAL = Trust()  # as much as an update may do where nobody says anything of it
OWN = ("own", "none")  # whose entries the exceptions of a list may hold for


def opens(
    policy: Policy, between: Between, changes: Sequence[Change], wanted: ListsConfig, folder: Path
) -> tuple[str, ...]:
    """Why this takes two people, in words; nothing: it only shuts."""
    if not between.agreed.is_agreed:
        return ("no two people have agreed on any lists yet",)
    try:
        old = parse_lists(between.agreed.config_text, folder)
    except ListsError:
        return ("lists.yaml as it was agreed on cannot be read any more",)
    return tuple(dict.fromkeys([*_of_text(old, wanted), *_of_entries(policy, old, between, changes)]))


def _of_text(old: ListsConfig, wanted: ListsConfig) -> Iterator[str]:
    for each in old.lists:
        found = wanted.get(each.list_id)
        if found is None:
            yield f"{each.list_id} goes"
        elif found != each:
            yield f"{each.list_id} comes from elsewhere, is read as other kinds or is trusted otherwise"
    for new in wanted.lists:
        if old.get(new.list_id) is None:
            yield from _of_new(new)
    for field in fields(ListsConfig):
        other = field.name not in ("lists", "text", "folder", "file")
        if other and getattr(old, field.name) != getattr(wanted, field.name):
            yield f"{field.name} changes"


def _of_new(new: ListConfig) -> Iterator[str]:
    """What it may do by its updates was agreed on by nobody else."""
    if new.sealed:
        yield f"{new.list_id} is of illegal content: nobody could take it back"
    trusted = new.trust.loses > USUAL.loses or new.trust.gains > USUAL.gains
    if trusted or new.trust.exceptions not in OWN or new.as_exceptions:
        yield f"{new.list_id} would be trusted more than is usual"


def _of_entries(
    policy: Policy, old: ListsConfig, between: Between, changes: Sequence[Change]
) -> Iterator[str]:
    if not any(each.shut for each in changes):
        yield "nothing would be shut by it: only words around the lists change"
    for each in changes:
        if each.opened or each.removed or each.after < each.before:
            yield f"{each.list_id}, {each.category}: entries go, or exceptions come"
    expressions = expressions_between(between.old, between.new)
    for found in oversteps(policy, {}, changes, expressions, {}):
        if found.loosens:
            yield f"{found.list_id}, {found.category}: sites get into a kind that may be more open"
    for place, expressed in expressions.items():
        if expressed.opened:
            yield f"{place[0]}, {place[1]}: expressions go"
    shut = {name for name, row in policy.access.items() if row.illegal or row.locked}
    for name in sorted(shut & between.new.categories - between.old.categories):
        yield f"{name} is illegal or locked and had no list: nobody could take this one back"
    yield from _come_back(between)
    yield from _unknown(old, between)


def _come_back(between: Between) -> Iterator[str]:
    brought = versions(between.new) - versions(between.old)
    for each in remembered(between.agreed):
        if (each["list_id"], each["sha256"]) in brought:
            yield f"{each['list_id']}: this version of the list was rolled back"


def _unknown(old: ListsConfig, between: Between) -> Iterator[str]:
    """A list in force that is in no lists.yaml is none that anybody agreed on."""
    known = {each.list_id for each in old.lists}
    for each in between.old.lists:
        if each.list_id not in known:
            yield f"{each.list_id} is in no lists.yaml"
