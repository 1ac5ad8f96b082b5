"""From one generation of the lists to the next, and what has to be remembered in between."""

from pathlib import Path

import pytest

from change_control.in_force import AgreedLists
from change_control.list_changes import (
    Between,
    belong,
    expressions_between,
    next_since,
    rolled_back,
    still_rolled_back,
    trusts_of,
    weigh,
)
from change_control.list_tolerance import Expressed, Why
from filter_lists.diffing import diff
from filter_lists.index import Index
from tests.builders import NOON, a_policy
from tests.change_control.listed import FIRST, LISTS, compiled, some

EXPRESSED = (
    LISTS + "  wide: {category: gambling, format: expressions, source: wide.txt, trust: {loses: 10%}}\n"
)
BLOCKS = ["^bet[0-9]+[.]test$", "^(www[.])?casino[.]", "(roulette|poker)[.]"]


class Disk:
    """Generations in a folder, one built after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def index(self, text: str = LISTS, **contents: list[str]) -> Index:
        for list_id, entries in {**FIRST, **contents}.items():
            (self.folder / f"{list_id}.txt").write_text("\n".join(entries))
        return Index.open(self.folder / "lists" / compiled(self.folder, text, self.folder))


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def agreed(index: Index, text: str = LISTS, **payload: object) -> AgreedLists:
    return AgreedLists(index.generation, text, "l_1", "l_1", is_agreed=True, payload=payload)


def test_changes_belong_to_the_two_that_they_were_made_of(disk: Disk) -> None:
    old, new, other = disk.index(), disk.index(bets=some("bet", *range(90))), disk.index(bets=["a.test"])

    assert belong(diff(old, new), old, new)
    assert belong((), old, old)
    assert not belong((), old, new)
    assert not belong(diff(old, new), old, other)
    assert not belong(diff(old, new), old, old)
    assert not belong(diff(new, old), old, new)


def test_nobody_is_trusted_by_a_text_that_cannot_be_read(tmp_path: Path) -> None:
    assert set(trusts_of(LISTS, tmp_path)) == {"abuse", "porn", "bets", "learn"}
    assert trusts_of("", tmp_path) == {}
    assert trusts_of(LISTS.replace("plain", "plian"), tmp_path) == {}


def test_expressions_that_come_and_go_are_told_by_list_and_category(disk: Disk) -> None:
    old = disk.index(EXPRESSED, wide=BLOCKS)
    new = disk.index(EXPRESSED, wide=[*BLOCKS[1:], "^slots[.]", "^dice[.]"])

    assert expressions_between(old, new) == {("wide", "gambling"): Expressed(before=3, opened=1, shut=2)}
    assert expressions_between(old, old) == {}


def test_one_expression_that_goes_is_a_third_of_them_however_long_the_list(disk: Disk) -> None:
    old, new = disk.index(EXPRESSED, wide=BLOCKS), disk.index(EXPRESSED, wide=BLOCKS[1:])
    between = Between(agreed(old, EXPRESSED), old, new)

    found = weigh(a_policy(), between, diff(old, new), disk.folder)

    assert {each.why for each in found} == {Why.LOSES, Why.EXPRESSIONS}


def test_what_was_opened_and_shut_is_carried_from_one_to_the_next(disk: Disk) -> None:
    first, second = disk.index(), disk.index(bets=some("bet", *range(95)))
    third = disk.index(bets=some("bet", *range(2, 98)))

    kept = next_since(agreed(first), diff(first, second))
    then = next_since(agreed(second, since=kept), diff(second, third))

    where = {"list_id": "bets", "category": "gambling", "at_agreement": 100}
    assert kept == [{**where, "opened": 5, "shut": 0}]
    assert then == [{**where, "opened": 7, "shut": 3}]


def test_a_version_that_was_left_is_remembered_until_it_is_brought_back(disk: Disk) -> None:
    good, bad = disk.index(), disk.index(bets=some("bet", *range(105)))
    other = disk.index(bets=some("bet", *range(105)), learn=some("learn", *range(41)))
    left = rolled_back(Between(agreed(bad), bad, good), "p_cora", NOON)
    now = agreed(good, rolled_back=left)

    assert [(each["list_id"], each["by"]) for each in left] == [("bets", "p_cora")]
    assert (
        weigh(a_policy(), Between(now, good, other), diff(good, other), disk.folder)[-1].why
        is Why.ROLLED_BACK
    )
    assert still_rolled_back(Between(now, good, good)) == left
    assert still_rolled_back(Between(now, good, other)) == []
    assert rolled_back(Between(now, good, bad), "p_cora", NOON)[0]["sha256"] != left[0]["sha256"]
