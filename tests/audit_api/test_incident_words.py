"""Every word of an incident has words for people, on the pages and in the API."""

from collections.abc import Iterable, Mapping

import pytest

from audit_api import incident_words as words
from audit_api.incident_pages import Words
from audit_log.incident_model import IncidentState, Intent, Lane, Place
from change_control.incident_followups import DAYS
from change_control.incident_kinds import ABOUT
from change_control.incident_steps import FROM, OUTCOMES, RESPONSES
from change_control.incidents import SOURCES

EVERY: list[tuple[Mapping[str, object], Iterable[str]]] = [
    (words.STATES, IncidentState),
    (words.LANES, Lane),
    (words.INTENTS, Intent),
    (words.PLACES, Place),
    (words.SOURCES, SOURCES),
    (words.ABOUT, ABOUT),
    (words.STEPS, FROM),
    (words.RESPONSE_WORDS, RESPONSES),
    (words.OUTCOME_WORDS, OUTCOMES),
    (words.TASKS, DAYS),
]


@pytest.mark.parametrize("number", range(len(EVERY)))
def test_every_word_is_told_in_words_and_no_other(number: int) -> None:
    told, known = EVERY[number]

    assert set(told) == set(known)


def test_a_task_that_the_school_added_is_told_by_its_name() -> None:
    assert words.task_words("parents") == "Inform parents or carers"
    assert words.task_words("school-nurse") == "School nurse"


def test_templates_have_the_same_words() -> None:
    assert Words().steps is words.STEPS
