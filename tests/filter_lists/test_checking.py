"""Every site that is not what the school said it must be is named with its check."""

from pathlib import Path

import pytest

from filter_lists.checking import failed_checks
from filter_lists.generations import open_generation
from filter_lists.index import Index
from filter_lists.lists_config import ListsError, parse_lists
from tests.sealing import Lists, compile_lists

INDEX = Index.in_memory(
    {
        "bet.example": [("gambling", "bets"), ("games", "bets")],
        "school.example/odds": [("gambling", "bets"), ("gambling", "more")],
    }
)


def failures(checks: str) -> list[str]:
    rows = "".join(
        f"  {each}: {{source: 'starter:games.txt', format: plain, category: {each}}}\n"
        for each in ("gambling", "games")
    )
    return list(failed_checks(parse_lists(f"lists:\n{rows}checks: {checks}\n", Path()), INDEX))


def test_what_holds_is_not_mentioned() -> None:
    assert failures("{must_have: {gambling: [bet.example, www.bet.example/x, school.example/odds/1]}}") == []
    assert failures("{must_not_have: {games: [school.example/odds], gambling: [school.example]}}") == []
    assert failures("{}") == []


def test_what_does_not_hold_is_named_with_the_lists_that_say_so() -> None:
    checks = "{must_have: {games: [school.example/odds]}, must_not_have: {gambling: [school.example/odds]}}"
    assert failures(checks) == [
        "lists.yaml: checks.must_have.games: school.example/odds is on no list of this category",
        "lists.yaml: checks.must_not_have.gambling: school.example/odds is there, by bets, more",
    ]


def test_no_guess_is_answered_from_a_list_that_nobody_can_read(tmp_path: Path) -> None:
    """Neither where an open list has the same category, nor by naming the category of a sealed one."""
    plain: Lists = {"own": ("terrorism", ["open.test"])}
    sealed: Lists = {"ctiru": ("terrorism", ["secret.test"])}
    index = open_generation(tmp_path, compile_lists(tmp_path, plain, sealed))
    own = "own: {category: terrorism, format: plain, source: 'starter:games.txt'}"
    ctiru = "ctiru: {sealed: true, category: terrorism, format: plain, source: 'starter:terrorism.txt'}"
    checks = "checks: {must_have: {terrorism: [secret.test, other.test]}}\n"

    told = list(failed_checks(parse_lists(f"lists:\n  {own}\n  {ctiru}\n{checks}", tmp_path), index))

    assert len(told) == 2
    assert all(each.endswith("is on no list of this category") for each in told)
    with pytest.raises(ListsError, match="and no sealed one"):
        parse_lists(f"lists:\n  {ctiru}\n{checks}", tmp_path)
