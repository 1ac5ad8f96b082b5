"""What an expression can cost is known before it runs, and what costs too much is counted and left out."""

import random
import time
from pathlib import Path

import pytest

from filter_lists.compiler import ListsError, ListSource, compile_index
from filter_lists.expression_size import MOST_OF_ALL, MOST_OF_LIST, TEXT, at_once, places_of
from filter_lists.expressions import Expressions
from filter_lists.index import Index
from filter_lists.names import parse_url
from filter_lists.report import Why


@pytest.mark.parametrize(
    ("pattern", "places"),
    [
        ("poker", 1),
        ("(^|[-.])bet[-.]", 2),
        ("[ab]*a[ab]{20}c", 22),
        ("(a|b){3}", 3),
        ("(?:a.){2}", 4),
        ("((ab){2}){3}a", 7),
        ("a.*b.*c", 3),
        ("[]a]+", 1),
        ("[[:alpha:]]x?", 2),
        ("a{3,}", 3),
        ("ñ{4}", 4),
        (r"\xe9\x{e9}", 2),
    ],
)
def test_the_places_that_one_character_can_lead_to_are_counted(pattern: str, places: int) -> None:
    assert at_once(places_of(pattern)) == places


@pytest.mark.parametrize(
    "pattern",
    ["[ab]*a[ab]{500}c", "[ab]" * 200, "(a|b)" * 200, r"\pL{10}", r"\Qa\E", "(a{20}){20}", "é" * 200],
)
def test_what_can_cost_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"too much work|cannot be followed"):
        places_of(pattern)


def a_list(folder: Path, list_id: str, *patterns: str) -> ListSource:
    path = folder / f"{list_id}.txt"
    path.write_text("\n".join(patterns))
    return ListSource(list_id, "gambling", "expressions", path)


def test_expressions_beyond_what_one_list_may_have_are_counted_with_the_line_of_the_first(
    tmp_path: Path,
) -> None:
    costly = [f"[ab]*a[ab]{{98}}c{number}" for number in range(12)]
    generation = compile_index([a_list(tmp_path, "bets", *costly)], tmp_path)
    (summary,) = Index.open(tmp_path / generation).lists
    assert (summary.understood, summary.entries) == (10, 10)
    assert summary.skipped == ((str(Why.TOO_MANY_EXPRESSIONS), 2, 11),)


def test_lists_whose_expressions_together_cost_too_much_are_refused_by_the_name_of_the_costliest(
    tmp_path: Path,
) -> None:
    few, more, many = (
        a_list(tmp_path, name, *(f"{name}{i}[xy]{{98}}" for i in range(number)))
        for name, number in (("few", 5), ("more", 7), ("many", 9))
    )
    with pytest.raises(ListsError, match=r"^many: its 9 expressions.*leave one list out"):
        compile_index([few, more, many], tmp_path)


@pytest.mark.parametrize(
    ("form", "letters"),
    [("[ab]*a[ab]{{98}}c{}", "ab"), ("a.*b.*c.*{}d", "abcd0123456789"), ("{}x.*zz", "0123xz")],
)
def test_the_worst_that_lists_may_hold_and_somebody_asks_for_takes_no_second(form: str, letters: str) -> None:
    """Some 50 ms on a machine that does nothing else; the limit here is wide since tests run side by side."""
    patterns: list[str] = []
    total = places_of("")
    while at_once(more := total + places_of(form.format(len(patterns)))) <= MOST_OF_ALL:
        total = more
        patterns.append(form.format(len(patterns)))
    expressions = Expressions([(pattern, "page", (("gambling", "bets", ""),)) for pattern in patterns])
    choice = random.Random(7)  # noqa: S311  # a text to try, no secret
    url = parse_url("https://bet.example/%61" + "".join(choice.choices(letters, k=8192)))
    started = time.process_time()
    expressions.find(url)
    assert time.process_time() - started < 1


def test_expressions_are_looked_for_at_the_beginning_of_a_long_address() -> None:
    expressions = Expressions([("odds", "page", (("gambling", "bets", ""),))])
    room = TEXT - len("bet.example/odds")
    assert expressions.find(parse_url(f"https://bet.example/{'x' * room}odds"))
    assert not expressions.find(parse_url(f"https://bet.example/{'x' * (room + 1)}odds"))


def test_the_limits_leave_room_for_a_list_of_words() -> None:
    words = ["poker", "casino", "roulette", "blackjack", "slots", "lottery", "bookmaker", "jackpot"]
    total = places_of("")
    for word in words:
        total += places_of(word)
    assert at_once(total) * 50 < MOST_OF_LIST
