"""An opening is as the line of whoever made it says, and ends no later than any line that shut it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from filter_policy.model import Opening
from filter_policy.proof_lines import LinesFault, check_openings, shut_by
from tests.builders import NOON
from tests.filter_policy.lining import Said, at, person_row, spelled, the_log

OPENING = Opening("o1", "p_tess", frozenset({"6B"}), NOON, at(45))
OPENED = {"classes": ["6B"], "starts_at": spelled(NOON), "ends_at": spelled(at(45))}
OPEN: Said = ("opening:open", "p_tess", "o1", OPENED)
SHUT = "opening o1 was shut before that, and an entry says so"


def openings_in(opening: Opening, *said: Said) -> str:
    try:
        check_openings(the_log(*said), [opening])
    except LinesFault as fault:
        return str(fault)
    return ""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, ""),
        ({"ends_at": at(5)}, ""),
        ({"ends_at": at(46)}, "opening o1 is not what entry 1 opened"),
        ({"starts_at": at(-1)}, "opening o1 is not what entry 1 opened"),
        ({"classes": frozenset({"6B", "6A"})}, "opening o1 is not what entry 1 opened"),
        ({"opened_by": "p_terry"}, "no entry of theirs made opening o1"),
        ({"id": "o2"}, "no entry of theirs made opening o2"),
    ],
)
def test_an_opening_is_as_its_line_says_or_ends_sooner(changes: dict[str, Any], says: str) -> None:
    assert openings_in(replace(OPENING, **changes), OPEN) == says


def test_an_opening_without_an_end_is_none() -> None:
    endless: Said = ("opening:open", "p_tess", "o1", {**OPENED, "ends_at": None})
    assert openings_in(OPENING, endless) == "opening o1 is not what entry 1 opened"


def closed(minutes: int) -> Said:
    return ("opening:close", "p_tess", "o1", {"ends_at": spelled(at(minutes))})


@pytest.mark.parametrize(
    "said",
    [
        [closed(20)],
        [closed(20), closed(30)],
        [closed(30), closed(20)],
        [("person:suspend", "p_h", "p_tess", {"openings": ["o1"]}), closed(20)],
    ],
)
def test_an_opening_that_was_shut_ends_when_it_was_first_shut(said: list[Said]) -> None:
    until = at(20) if all(event == "opening:close" for event, *_ in said) else NOON

    assert openings_in(replace(OPENING, ends_at=until), OPEN, *said) == ""
    assert openings_in(replace(OPENING, ends_at=until + timedelta(minutes=1)), OPEN, *said) == SHUT


def test_who_loses_a_role_or_class_loses_what_they_had_opened() -> None:
    tightened: Said = ("people:tighten", "p_h", "x", {"people": [person_row({"role": "pupil"})]})

    assert openings_in(OPENING, OPEN, tightened) == SHUT
    assert openings_in(replace(OPENING, ends_at=NOON), OPEN, tightened) == ""
    assert openings_in(OPENING, tightened, OPEN) == ""  # opened since


@pytest.mark.parametrize(
    ("event", "detail", "shut"),
    [
        ("opening:close", {}, ["it"]),
        ("person:suspend", {"openings": ["o1", "o2"]}, ["o1", "o2"]),
        ("person:end", {"openings": ["o1"]}, ["o1"]),
        ("person:end", {}, []),
        ("opening:open", {"openings": ["o1"]}, []),
        *(
            (event, {"people": [person_row({word: None}), person_row({}, person="p_x")]}, ["o1"])
            for event in ("people:approve", "people:tighten")
            for word in ("role", "classes", "agreement_signed", "starts_at", "ends_at")
        ),
        ("people:approve", {"people": [person_row({"filter_groups": []})]}, []),
        ("people:approve", {"people": [person_row({"role": "staff"}, new=True)]}, []),
        ("people:approve", {"people": [person_row({"role": "staff"}, person="p_else")]}, []),
        ("people:propose", {"people": [person_row({"role": "staff"})]}, []),
    ],
)
def test_each_line_says_which_openings_it_shuts(event: str, detail: dict[str, Any], shut: list[str]) -> None:
    opened = {"p_tess": ["o1"], "p_x": ["o2"]}
    assert list(shut_by(event, "it", detail, opened)) == shut
