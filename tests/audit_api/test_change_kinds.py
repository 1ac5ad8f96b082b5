"""The filter "About" of the change log."""

import pytest

from audit_api.change_kinds import KINDS
from audit_api.sentences import TELL


@pytest.mark.parametrize("event", sorted(TELL))
def test_every_event_that_has_a_sentence_falls_under_one_choice_of_the_filter(event: str) -> None:
    assert len([kind for kind, _ in KINDS if kind.endswith(":") and event.startswith(kind)]) == 1


def test_every_choice_of_the_filter_finds_an_event() -> None:
    for kind, _ in KINDS:
        assert kind in TELL or any(event.startswith(kind) for event in TELL if kind.endswith(":"))
