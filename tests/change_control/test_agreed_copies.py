"""Words are nobody's to change: what pages show beside a request is held against the text of its line."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from audit_log.agreed_copies import AgreedCopies
from audit_log.db import writing
from change_control.desk import Desk
from change_control.openings import open_for_class
from change_control.proposals import approve, decline, revoke
from tests.builders import NOON
from tests.change_control.protected import verified
from tests.change_control.school import asked_by, is_whole, the

LIE = "a reason that nobody ever wrote"


def rewritten(desk: Desk, statement: str) -> str:
    with writing(desk.engine) as conn:
        assert conn.execute(text(statement), {"lie": LIE}).rowcount
    return verified(desk).says


def test_what_was_written_and_where_it_is_shown_agree(desk: Desk) -> None:
    asked, refused = asked_by(desk, "tess"), asked_by(desk, "tess")
    approve(desk, the(desk, "terry"), asked, "fine", NOON)
    revoke(desk, the(desk, "cora"), asked, "the lesson was moved", NOON)
    decline(desk, the(desk, "cora"), refused, "asked twice", NOON)

    assert is_whole(desk)


@pytest.mark.parametrize("column", ["reason", "decision_reason", "ended_reason"])
def test_a_reason_that_was_rewritten_is_named(desk: Desk, column: str) -> None:
    asked = asked_by(desk, "tess")
    approve(desk, the(desk, "terry"), asked, "", NOON)
    revoke(desk, the(desk, "cora"), asked, "the lesson was moved", NOON)

    says = rewritten(desk, f"UPDATE proposal SET {column} = :lie WHERE id = '{asked}'")  # noqa: S608  # ours

    assert f"The {column} of proposal {asked} is not what was written beside entry" in says


@pytest.mark.parametrize("name", ["subject", "objective", "tried"])
def test_words_about_a_lesson_that_were_rewritten_are_named(desk: Desk, name: str) -> None:
    asked = asked_by(desk, "tess")
    change = f"json_set(payload, '$.{name}', :lie)"

    says = rewritten(desk, f"UPDATE proposal SET payload = {change} WHERE id = '{asked}'")  # noqa: S608  # ours

    assert f"The {name} of proposal {asked}" in says


def test_the_reason_of_an_opening_that_was_rewritten_is_named(desk: Desk) -> None:
    lesson = NOON + timedelta(days=1)
    opened = open_for_class(desk, the(desk, "tess"), "6B", 30, "sources", lesson)
    assert is_whole(desk)

    assert f"The reason of opening {opened.id}" in rewritten(desk, "UPDATE opening SET reason = :lie")


def test_lines_that_are_about_no_proposal_are_left_alone() -> None:
    copies = AgreedCopies()

    copies.add({"seq": 1, "event": "person:suspend", "object": "p_1", "texts": {"reason": "x"}})

    assert copies.asked == {}
