"""`with_staff_permission`: opened for one's own class, for a lesson at most."""

from datetime import timedelta
from functools import partial

import pytest

from change_control.desk import Desk
from change_control.openings import close_opening, open_for_class
from change_control.tightening import end_person, suspend
from filter_policy.bundle import current_bundle, read_bundle
from filter_policy.model import Opening
from tests.builders import NOON
from tests.change_control.school import log_of, refused, the


def published(desk: Desk) -> tuple[Opening, ...]:
    return read_bundle(desk.state, current_bundle(desk.state) or "").policy.openings


def test_a_teacher_opens_for_their_own_class_and_the_gates_are_told(desk: Desk) -> None:
    made = open_for_class(desk, the(desk, "tess"), "6B", 45, "research", NOON)

    assert published(desk) == (made,)
    assert (made.starts_at, made.ends_at) == (NOON, NOON + timedelta(minutes=45))
    line = log_of(desk)[-1]
    assert (line.event, line.detail["classes"], line.texts) == (
        "opening:open",
        ["6B"],
        {"reason": "research"},
    )
    assert (
        line.detail["policy_revision"] == read_bundle(desk.state, current_bundle(desk.state) or "").revision
    )


def test_nobody_opens_for_another_class(desk: Desk) -> None:
    for username in ("tess", "hedy"):
        refused("refused", partial(open_for_class, desk, the(desk, username), "6A", 45, "cover", NOON))


@pytest.mark.parametrize("minutes", [0, -5, 61])
def test_an_opening_lasts_a_lesson_at_most(desk: Desk, minutes: int) -> None:
    error = refused("bad-input", lambda: open_for_class(desk, the(desk, "tess"), "6B", minutes, "why", NOON))

    assert set(error.fields) == {"minutes"}


def test_a_pupil_opens_nothing(desk: Desk) -> None:
    refused("wrong-role", lambda: open_for_class(desk, the(desk, "anna"), "6B", 45, "games", NOON))


def test_whoever_opened_it_closes_it_before_its_time(desk: Desk) -> None:
    made = open_for_class(desk, the(desk, "tess"), "6B", 45, "research", NOON)
    later = NOON + timedelta(minutes=10)

    close_opening(desk, the(desk, "tess"), made.id, later)

    assert published(desk) == ()
    assert log_of(desk)[-1].event == "opening:close"
    refused("wrong-state", lambda: close_opening(desk, the(desk, "terry"), made.id, later))
    refused("not-found", lambda: close_opening(desk, the(desk, "terry"), "nothing", later))


def test_what_is_open_for_a_class_is_not_opened_again_before_it_is_over(desk: Desk) -> None:
    """Else two lessons would be one."""
    first = open_for_class(desk, the(desk, "tess"), "6B", 45, "research", NOON)

    for at in (NOON, NOON + timedelta(minutes=44)):
        refused("wrong-state", partial(open_for_class, desk, the(desk, "tess"), "6B", 60, "more", at))

    open_for_class(desk, the(desk, "tess"), "6B", 60, "the next lesson", first.ends_at)


def test_what_somebody_opened_ends_with_them(desk: Desk) -> None:
    terry, tess = the(desk, "terry"), the(desk, "tess")
    minute = timedelta(minutes=1)

    suspended = open_for_class(desk, tess, "6B", 45, "research", NOON)
    suspend(desk, terry, tess.person_id, NOON + minute, "why", NOON)
    assert (published(desk), log_of(desk)[-1].detail["openings"]) == ((), [suspended.id])

    ended = open_for_class(desk, tess, "6B", 45, "research", NOON + 2 * minute)
    end_person(desk, terry, tess.person_id, "left", NOON + 3 * minute)
    assert (published(desk), log_of(desk)[-1].detail["openings"]) == ((), [ended.id])
