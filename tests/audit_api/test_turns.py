"""So many at once, and no more."""

import pytest

from audit_api.problems import Problem
from audit_api.turns import Turns


def test_a_turn_that_is_given_back_can_be_taken_again_once() -> None:
    turns = Turns()
    back, _ = turns.take("tail", 2, "full"), turns.take("tail", 2, "full")
    with pytest.raises(Problem, match="full"):
        turns.take("tail", 2, "full")

    back()
    back()

    turns.take("tail", 2, "full")
    with pytest.raises(Problem):
        turns.take("tail", 2, "full")


def test_one_persons_turns_are_not_anothers() -> None:
    turns = Turns()
    turns.take(("export", "p_1"), 1, "full")
    turns.take(("export", "p_2"), 1, "full")

    assert turns.taken(("export", "p_1")) == 1
