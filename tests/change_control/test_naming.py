"""A text names somebody by user name or whole name, in any case, as whole words; never inside a word."""

import pytest

from change_control.naming import names_somebody


@pytest.mark.parametrize(
    "text",
    [
        "ben hit her",
        "It was BEN.",
        "Ben Brown",
        "(ben brown)",
        "ben's mother",
        "BEN BROWN’S bag",
        "why ben, why",
    ],
)
def test_the_name_is_found_however_it_stands(text: str) -> None:
    assert names_somebody(text, "ben", "Ben Brown")


@pytest.mark.parametrize("text", ["", "a bench", "beneath", "ben.example", "big-ben", "Brown bread", "B en"])
def test_what_only_looks_like_it_is_no_name(text: str) -> None:
    assert not names_somebody(text, "ben", "Ben Brown")


@pytest.mark.parametrize(
    ("username", "name", "text"),
    [
        ("j.oneill", "Jean O'Neill", "with J.ONEILL, please"),
        ("j.oneill", "Jean O'Neill", "jean o'neill's class"),
        ("b_8", "Ålf Ärling", "ÄRLING? no: ålf ärling"),
        ("mary jane", "Mary-Jane", "as mary jane said"),
    ],
)
def test_names_of_more_than_letters_are_found(username: str, name: str, text: str) -> None:
    assert names_somebody(text, username, name)
