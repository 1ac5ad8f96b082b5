"""A text names somebody by user name or whole name, however it is spelt, as whole words; never in a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from change_control.naming import names_somebody
from tests.change_control.spelt import AROUND, SPELLINGS, Spell

LETTERS = st.sampled_from(("a", "Z", "é", "9", "й", "ß"))
PEOPLE = (
    ("ben.archer", "Ben Archer"),
    ("zoe", "Zoë Müller"),
    ("j.oneill", "Jean O'Neill"),
    ("mj", "Mary-Jane van der Berg"),
    ("łukasz", "Łukasz Żółć"),
    ("nguyen", "Nguyễn Thị Hồng"),
    ("kim", "김 민준"),
)


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


@pytest.mark.parametrize(
    "text",
    [
        "the laptop of 'Ben Archer'",
        "‘Ben Archer’ left",
        "“Ben Archer” left",
        "Archer, Ben was seen",
        "ARCHER Ben",
        "a Ben Archer-type",
        "-Ben Archer",
        "_Ben Archer_ and Ben_Archer",
        "Ben\nArcher",
        "Ben Archers mother",
        "'ben.archer' was signed in",
        "from ben.archer@school.test",
        "b\u200ben Archer",
        "Ben\u200bArcher",
        "Ｂｅｎ Ａｒｃｈｅｒ",
    ],
)
def test_whatever_stands_around_a_name_it_is_found(text: str) -> None:
    assert names_somebody(text, "ben.archer", "Ben Archer")


@pytest.mark.parametrize(
    "text", ["Benefit Archer", "Ben Archery", "Ruben Archer", "Archer", "Ben", "Ben the Archer", "ben-other"]
)
def test_words_that_hold_a_name_or_half_of_it_are_none(text: str) -> None:
    assert not names_somebody(text, "ben.archer", "Ben Archer")


def test_accents_that_nobody_typed_are_not_missed() -> None:
    assert names_somebody("asked by Zoe Muller", "zm", "Zoë Müller")
    assert names_somebody("with Jean ONeill", "jo", "Jean O’Neill")


@given(st.sampled_from(PEOPLE), st.tuples(SPELLINGS, SPELLINGS), AROUND, AROUND, st.booleans())
def test_a_name_is_found_in_any_case_form_and_punctuation(
    person: tuple[str, str], spells: tuple[Spell, Spell], before: str, after: str, turned: bool
) -> None:
    username, name = person
    written, kept = spells
    first, _, last = name.rpartition(" ")
    said = written(f"{last}, {first}" if turned else name)

    assert names_somebody(f"seen {before}{said}{after} here", "nobody", kept(name))
    assert names_somebody(f"{before}{written(username)}{after}", kept(username), "nobody else")


@given(st.sampled_from(PEOPLE), SPELLINGS, LETTERS, st.booleans())
def test_a_word_that_only_holds_a_name_is_never_one(
    person: tuple[str, str], spelt: Spell, more: str, ahead: bool
) -> None:
    _, name = person

    assert not names_somebody(spelt(f"{more}{name}" if ahead else f"{name}{more}"), "nobody", name)
