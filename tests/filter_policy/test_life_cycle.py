"""Nothing happens to a change that is not in the table."""

from itertools import product

import pytest

from filter_policy.life_cycle import TRANSITIONS, Act, LifeCycleError, State, step


@pytest.mark.parametrize(("pair", "state"), TRANSITIONS.items())
def test_every_step_in_the_table_is_taken(pair: tuple[State, Act], state: State) -> None:
    assert step(*pair) is state


@pytest.mark.parametrize("pair", sorted(set(product(State, Act)) - set(TRANSITIONS)), ids=str)
def test_every_other_step_is_refused(pair: tuple[State, Act]) -> None:
    with pytest.raises(LifeCycleError) as error:
        step(*pair)

    assert (error.value.state, error.value.act) == pair


def test_what_is_refused_is_told_in_plain_words() -> None:
    told = [
        str(LifeCycleError(State.APPROVED, Act.APPROVE)),
        str(LifeCycleError(State.REQUESTED, Act.REVOKE)),
    ]

    assert told == [
        "it is approved already, so nobody can approve it any more",
        "it is still waiting for an answer, so nobody can revoke it yet",
    ]


def test_nothing_comes_back_from_an_end() -> None:
    ends = set(State) - {State.REQUESTED, State.APPROVED}

    assert not any(state in ends for state, _ in TRANSITIONS)
