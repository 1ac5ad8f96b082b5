"""Lists of illegal content: what no number of people may do to them, and what nobody is told of them (D9).

A list that was once in force stays; nor may its entries go, be counted against guesses, or be read in the
open because another lists.yaml calls them something else.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from change_control.desk import Lists
from change_control.errors import ChangeError
from change_control.in_force import AgreedLists
from filter_lists.diffing import Change
from filter_lists.lists_config import ListsError, parse_lists
from filter_lists.lists_model import STARTER_PREFIX, ListConfig
from filter_lists.remote import parse_address

MOST = Fraction(1, 2)  # of a list's entries; a provider's list that loses more is broken, or is another list
STAYS = "is a list of illegal content, and stays"
EMPTIED = (
    "is a list of illegal content, and would lose more than half of its entries; "
    "a list from elsewhere is added under a name of its own"
)
UNSEALED = "has the source or the credentials of a list of illegal content, and is not sealed"


def from_the_same(agreed: AgreedLists, text: str, folder: Path) -> frozenset[str]:
    """The lists that come from where two people agreed on, and that nobody here has in hand."""
    old, new = _parsed(agreed.config_text, folder), _parsed(text, folder)
    ways = {each.list_id: each.way for each in old}
    return frozenset(
        each.list_id for each in new if ways.get(each.list_id) == each.way and not _is_ours(each)
    )


def _is_ours(each: ListConfig) -> bool:
    """A file that somebody here can edit; those that come with Schoolgate are none."""
    return each.local is not None and not each.source.startswith(STARTER_PREFIX)


def emptied(old: Lists, new: Lists, same: Collection[str]) -> list[str]:
    """The sealed lists that would lose more than half.

    Of one that comes from the same provider it counts how many there are: it may exchange them, and nobody
    can choose for what. Of any other it counts how many are there no more, whatever came instead.
    """
    gone: Counter[str] = Counter()
    for (_, list_id), times in old.sealed_gone(new).items():
        gone[list_id] += times
    after = {each.list_id: each.entries for each in new.lists}
    return sorted(
        each.list_id
        for each in old.lists
        if each.sealed and _lost(each.entries, after, gone, each.list_id, same) > MOST * each.entries
    )


def _lost(before: int, after: dict[str, int], gone: Counter[str], list_id: str, same: Collection[str]) -> int:
    return before - after.get(list_id, 0) if list_id in same else gone[list_id]


def masked(changes: Iterable[Change], agreed: AgreedLists, text: str, folder: Path) -> tuple[Change, ...]:
    """As they may be told. Of a sealed list from elsewhere all went and all came: the number of those that
    are in both would say how many of somebody's guesses are right."""
    ways = {each.list_id: each.way for each in _parsed(agreed.config_text, folder)}
    wanted = {each.list_id: each.way for each in _parsed(text, folder)}
    elsewhere = {one for one in agreed.sealed_lists if one not in ways or ways[one] != wanted.get(one)}
    return tuple(_all_of(each) if each.list_id in elsewhere else each for each in changes)


def _all_of(each: Change) -> Change:
    return replace(each, added=each.after, removed=each.before, opened=each.before, shut=each.after)


def refuse_candidate(agreed: AgreedLists, text: str, folder: Path) -> None:
    """Before anything is fetched: a list of illegal content must never lie on a disk as it came.

    Raises ChangeError refused. Of a text with faults nothing is fetched anyway.
    """
    wanted = _parsed(text, folder)
    old = [each for each in _parsed(agreed.config_text, folder) if each.sealed]
    kept = {each.list_id for each in wanted if each.sealed}
    fields = {f"lists.{name}": STAYS for name in agreed.sealed_lists - kept} if wanted else {}
    places = {place for each in old for place in _places(each)}
    fields |= {
        f"lists.{each.list_id}": UNSEALED
        for each in wanted
        if not each.sealed and f"lists.{each.list_id}" not in fields and places & set(_places(each))
    }
    refuse(fields)


def _places(each: ListConfig) -> Iterator[tuple[str, str]]:
    """Where it comes from, and what opens that."""
    if each.local is not None:
        yield "file", str(each.local.resolve())
    else:
        yield "address", str(parse_address(each.source))
    if each.credentials:
        yield "credentials", each.credentials


def refuse(fields: dict[str, str]) -> None:
    if fields:
        told = "; ".join(f"{name.removeprefix('lists.')} {why}" for name, why in sorted(fields.items()))
        raise ChangeError("refused", f"these lists cannot come into force: {told}", fields)


def _parsed(text: str, folder: Path) -> tuple[ListConfig, ...]:
    """None of a text that cannot be read, or that nobody has kept."""
    try:
        return parse_lists(text, folder).lists
    except ListsError:
        return ()
