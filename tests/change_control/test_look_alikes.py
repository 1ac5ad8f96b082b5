"""A user name that could be taken for another one is noticed before somebody agrees to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from change_control.look_alikes import look_alikes, notes_on, scripts_of, skeleton

REGISTER = ["terry", "hedy", "cora", "j.smith", "amy", "michael", "jürgen"]


@pytest.mark.parametrize(
    ("username", "other"),
    [
        ("t\u0435rry", "terry"),  # Cyrillic е
        ("\u0441\u043er\u0430", "cora"),  # Cyrillic с, о, а
        ("\u03b1my", "amy"),  # Greek alpha
        ("h\u0435dy", "hedy"),
        ("jsmith", "j.smith"),
        ("j_smith", "j.smith"),
        ("j.srnith", "j.smith"),
        ("jurgen", "jürgen"),
        ("terry.", "terry"),
        ("\uff54erry", "terry"),  # a full-width t
        ("m\u0456chael", "michael"),
        ("c0ra", "cora"),
    ],
)
def test_a_name_that_looks_like_another_is_noticed(username: str, other: str) -> None:
    assert look_alikes(username, REGISTER) == [other]
    assert other in notes_on(username, REGISTER)[0]


@pytest.mark.parametrize("username", ["terri", "perry", "tina", "m.chael", "j.smythe", "terry", "TERRY"])
def test_a_name_that_looks_like_none_is_left_alone(username: str) -> None:
    assert look_alikes(username, REGISTER) == []
    assert notes_on(username, REGISTER) == []


def test_letters_of_two_alphabets_in_one_name_are_noticed() -> None:
    assert scripts_of("n\u043eah") == ["Latin", "Cyrillic"]
    assert notes_on("n\u043eah", []) == ["n\u043eah mixes letters of 2 alphabets (Latin, Cyrillic)."]
    assert notes_on("\u043d\u043e\u0439", []) == []


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_looking_alike_goes_both_ways(one: str, other: str) -> None:
    assert (look_alikes(one, [other]) == [other]) == (look_alikes(other, [one]) == [one])


@given(st.text(max_size=30))
def test_a_skeleton_of_a_skeleton_in_plain_letters_is_itself(name: str) -> None:
    once = skeleton(name)
    if once.isascii():
        assert skeleton(once) in (once, once.replace("rn", "m").replace("vv", "w"))
