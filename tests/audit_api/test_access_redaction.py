"""Others are taken out of a text: by name, part of a name, user name and id; nobody out of their own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.access_redaction import Redactor
from audit_log.people import Registered
from filter_policy.model import Role
from tests.builders import NOON

NAMES = (
    ("anna", "Anna Akhtar"),
    ("ben", "Ben Brown"),
    ("j.oneill", "Jean O'Neill"),
    ("mary-jane", "Mary-Jane van der Berg"),
    ("a.brown", "Anna Brown"),
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
