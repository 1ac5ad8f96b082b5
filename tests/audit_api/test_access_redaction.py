"""Others are taken out of a text: by name, part of a name, user name and id; nobody out of their own."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.access_redaction import ANOTHER, Redactor
from audit_log.people import Registered
from filter_policy.model import Role
from tests.builders import NOON
from tests.change_control.spelt import AROUND, SPELLINGS, Spell

NAMES = (
    ("anna", "Anna Akhtar"),
    ("ben", "Ben Brown"),
    ("j.oneill", "Jean O'Neill"),
    ("mary-jane", "Mary-Jane van der Berg"),
    ("a.brown", "Anna Brown"),
    ("zmuller", "Zoë Müller"),
    ("will", "William May"),
)


def somebody(username: str, name: str) -> Registered:
    return Registered(
        f"p_{username.replace('.', '_').replace('-', '_')}", username, name, Role.PUPIL, (), NOON
    )


EVERYBODY = [somebody(*each) for each in NAMES]
REDACTOR = Redactor.of(EVERYBODY[0], EVERYBODY)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Ben Brown hit Anna Akhtar.", "another person hit Anna Akhtar."),
        ("ask BEN BROWN or ben", "ask another person or another person"),
        ("Ben's mother and Brown", "another person's mother and another person"),
        ("with j.oneill and Jean O'Neill's class", "with another person and another person's class"),
        ("Mary-Jane van der Berg rang", "another person rang"),
        ("the user p_ben, not p_anna", "the user another person, not p_anna"),
        ("a benevolent brown bench", "a benevolent brown bench"),
        ("anna, Anna and ANNA AKHTAR", "anna, Anna and ANNA AKHTAR"),
        ("Anna Brown is another one", "another person is another one"),
        ("", ""),
    ],
)
def test_what_is_taken_out_and_what_stays(said: str, shown: str) -> None:
    assert REDACTOR.text(said) == shown


@given(
    st.lists(
        st.sampled_from(
            [*(name for _, name in NAMES), *(user for user, _ in NAMES), "and", "rang,", "6B's", "—"]
        ),
        max_size=8,
    )
)
def test_no_other_name_is_left_however_they_are_put_together(words: list[str]) -> None:
    shown = REDACTOR.text(" ".join(words))

    for username, name in NAMES[1:]:
        assert name not in shown
        assert username not in shown.split()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("she hit 'Ben Brown' hard", "she hit 'another person' hard"),
        ("‘Ben’ told", "‘another person’ told"),
        ("she hit ben and BEN again", "she hit another person and another person again"),
        ("Brown, Ben", "another person"),
        ("told by " + unicodedata.normalize("NFD", "Zoë Müller") + ".", "told by another person."),
        ("told by Zoe Muller", "told by another person"),
        ("Ben_Brown, ben-brown", "another person, another person"),
        ("'j.oneill' logged in", "'another person' logged in"),
        ("Jane, O'Neill and the Bergs", "another person, another person and the another person"),
        ("it may be: a benefit for Bennett", "it may be: a benefit for Bennett"),
        ("May told her", "another person told her"),
        ("Akhtar, Anna; ‘ANNA’", "Akhtar, Anna; ‘ANNA’"),
        ("P_BEN and (p_anna)", "another person and (p_anna)"),
    ],
)
def test_however_a_name_is_written_it_is_taken_out(said: str, shown: str) -> None:
    assert REDACTOR.text(said) == shown


@given(st.sampled_from(NAMES[1:]), st.booleans(), SPELLINGS, AROUND, AROUND)
def test_a_name_goes_in_any_case_form_and_punctuation(
    whose: tuple[str, str], by_username: bool, spelt: Spell, before: str, after: str
) -> None:
    said = spelt(whose[0] if by_username else whose[1])

    shown = REDACTOR.text(f"on 5 {before}{said}{after} 6B")

    assert shown == f"on 5 {before}{ANOTHER}{after} 6B"


@given(st.sampled_from(NAMES[1:]), SPELLINGS, st.sampled_from(("x", "ß", "9", "é")))
def test_a_word_that_only_holds_a_name_stays(whose: tuple[str, str], spelt: Spell, more: str) -> None:
    word = spelt(f"{more}{whose[0].replace('.', '').replace('-', '')}{more}")

    assert REDACTOR.text(f"a {word} here") == f"a {word} here"
