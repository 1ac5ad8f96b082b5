"""What can be kept and sent back, and what cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from audit_api.texts import sendable, storable, unstorable


@pytest.mark.parametrize("odd", ["\ud800", "a\0", "\udfff!", ["fine", "\0"]])
def test_what_no_database_holds_is_refused(odd: object) -> None:
    with pytest.raises(PydanticCustomError):
        storable(odd)


@given(st.text())
def test_every_other_text_passes_as_it_is(text: str) -> None:
    if not unstorable(text):
        assert storable(text) == sendable(text) == text


@given(st.text(st.characters(codec=None)))
def test_everything_can_be_sent_somehow(text: str) -> None:
    assert sendable(text).encode() or not text
