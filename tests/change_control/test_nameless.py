"""Governors read every reason, so none of them names a pupil; what is refused leaves nothing behind."""

import pytest

from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.openings import open_for_class
from change_control.proposals import approve, propose_people, propose_unblock
from change_control.tightening import suspend
from tests.builders import NOON
from tests.change_control.school import a_row, an_ask, log_of, somebody, the


def add_pupil(desk: Desk, username: str) -> None:
    row = a_row(username, "pupil", "upper-ks2", ["6B"])
    made = propose_people(desk, the(desk, "terry"), [row], "a new pupil", NOON)
    approve(desk, the(desk, "hedy"), made.id, "", NOON)


@pytest.mark.parametrize("said", ["for Anna Somebody", "somebody ANNA was ill", "Anna  Somebody's lesson"])
def test_a_reason_that_names_a_pupil_is_refused_and_nothing_is_written(desk: Desk, said: str) -> None:
    before = len(log_of(desk))

    with pytest.raises(ChangeError) as error:
        suspend(desk, the(desk, "terry"), somebody(desk, "ben").id, None, said, NOON)

    assert (error.value.code, list(error.value.fields)) == ("bad-input", ["reason"])
    assert "a pupil of 6B" in error.value.fields["reason"]
    assert (len(log_of(desk)), somebody(desk, "ben").suspended_from) == (before, None)


def test_every_text_that_names_one_is_told_at_once(desk: Desk) -> None:
    add_pupil(desk, "akhtar7")
    ask = an_ask(reason="for akhtar7", objective="Ben Somebody catches up", tried="a book")

    with pytest.raises(ChangeError) as error:
        propose_unblock(desk, the(desk, "tess"), ask, NOON)

    assert sorted(error.value.fields) == ["objective", "reason"]


def test_adults_first_names_and_words_of_every_day_are_no_names_of_pupils(desk: Desk) -> None:
    opened = open_for_class(
        desk, the(desk, "tess"), "6B", 10, "as Tess Somebody and Anna said, on Ben Nevis", NOON
    )

    assert opened.id
