"""Letters about an incident name nobody, and are the school's own where it has one."""

from dataclasses import replace

import pytest

from change_control.incident_followups import DAYS
from change_control.incident_letters import letter, usual_letters
from filter_policy.model import Incidents
from tests.builders import NOON, a_policy


@pytest.mark.parametrize("to", [*DAYS, "support"])
def test_each_letter_is_filled_in_and_names_nothing_else(to: str) -> None:
    text = letter(a_policy(), to, "7f3a", NOON)
    assert "$" not in text
    assert set(usual_letters()) == {*DAYS, "support"}


def test_a_letter_says_which_school_when_and_which_case() -> None:
    text = letter(a_policy(), "parents", "7f3a", NOON)
    assert "Test Primary School, 24 November 2026" in text
    assert "7f3a" in text


def test_the_school_s_own_words_come_first_and_what_is_no_word_stays() -> None:
    own = replace(Incidents(), letters={"parents": "Dear all, see $reference for $5 or ${name}. $school"})
    text = letter(a_policy(incidents=own), "parents", "7f3a", NOON)
    assert text == "Dear all, see 7f3a for $5 or ${name}. Test Primary School"
    assert "local" not in letter(a_policy(incidents=own), "ceop", "7f3a", NOON)


def test_a_kind_of_the_school_s_own_has_a_letter_too() -> None:
    assert "7f3a" in letter(a_policy(), "wellbeing-officer", "7f3a", NOON)


def test_what_anybody_may_be_told_says_neither_what_nor_which() -> None:
    assert "7f3a" not in letter(a_policy(), "school-community", "7f3a", NOON)
