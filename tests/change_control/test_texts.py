"""What people write is kept as written, or refused by its field."""

import pytest

from change_control.errors import ChangeError, bad_input
from change_control.texts import LONGEST_TEXT, needed, optional


def test_a_text_loses_only_the_blanks_around_it() -> None:
    assert needed("  for the lesson\non rivers ") == "for the lesson\non rivers"
    assert (optional(""), optional(None)) == ("", "")


@pytest.mark.parametrize("text", ["", " \n", "a\0b", "\udc00", "x" * (LONGEST_TEXT + 1)])
def test_what_says_nothing_or_cannot_be_kept_is_refused_by_its_field(text: str) -> None:
    with pytest.raises(ChangeError) as caught:
        needed(text, "purpose")

    assert caught.value.code == "bad-input"
    assert set(caught.value.fields) == {"purpose"}


def test_a_bad_input_names_every_field_in_its_sentence() -> None:
    error = bad_input({"sites": "none", "reason": "is needed"})

    assert error.says == "sites: none; reason: is needed"
