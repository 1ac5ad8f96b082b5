"""The letter with the checkpoint: of a quiet day, of a busy one, with an alarm, and whom it never names."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from audit_api.checkpoint_mail import IMPORTANT, MOST_SENTENCES, compose, names_somebody
from audit_api.mail import Letter
from audit_api.sentences import TELL
from audit_log.change_log import entries
from audit_log.checkpoint import checkpoints
from audit_log.db import reading, writing
from audit_log.tables import review
from change_control.in_force import parsed_policy
from change_control.log_reviews import sign_review
from tests.audit_api.school import FOUNDED, School
from tests.audit_api.test_changes import drop_guards
from tests.builders import NOON


def letter(school: School, last_size: int | None, now: datetime = NOON) -> Letter:
    with reading(school.desk.engine) as conn:
        note = checkpoints(conn, limit=1)[0]
        return compose(conn, parsed_policy(conn), note, last_size, "https://filter.school.test", now)


def size_of(school: School) -> int:
    with reading(school.desk.engine) as conn:
        return checkpoints(conn, limit=1)[0].size


def test_a_day_without_a_change_is_told_as_such(school: School) -> None:
    said = letter(school, size_of(school)).text

    assert "Nothing has happened since." in said
    assert "Above all" not in said
    assert "ALARM" not in said
    assert "OVERDUE" not in said


def test_the_first_letter_tells_of_everything_since_the_founding(school: School) -> None:
    first = letter(school, None)

    assert "This is the first letter of this kind from this server." in first.text
    assert f"Entries so far: {size_of(school)}\n" in first.text
    assert "1. Sun 25 Oct 2026, 12:00: The school was set up by one person" in first.text
    assert first.subject.endswith(f"change log, {size_of(school)} entries")
    assert list(first.files) == [f"checkpoint-{size_of(school)}.txt"]


def test_a_log_that_became_shorter_is_the_first_thing_that_is_said(school: School) -> None:
    said = letter(school, 412).text

    alarm = f"ALARM: the log has become shorter. It had 412 entries, and has {size_of(school)} now."
    assert said.split("\n\n")[1].startswith(alarm)


def test_what_is_overdue_is_told_with_its_number(school: School) -> None:
    late = FOUNDED + timedelta(days=92)
    with writing(school.desk.engine) as conn:
        for number in ("1", "2"):
            conn.execute(
                insert(review).values(
                    id=number, kind="tightening", object_id="x", about_seq=1, opened_by="p", opened_at=NOON,
                    due_at=NOON + timedelta(days=7), needed=1,
                )
            )  # fmt: skip
    said = letter(school, None, late).text

    assert "OVERDUE: 2 reviews of what one person did wait for somebody else to look at it." in said
    assert "OVERDUE: no governor has reviewed the change log yet. The next review was due by" in said


def test_a_review_is_told_with_who_and_up_to_where(school: School) -> None:
    size = size_of(school)
    sign_review(school.desk, school.actor("gail"), size, "Anna should not be named", NOON)
    said = letter(school, size).text

    assert f"Gail Green (governor) reviewed the change log up to entry {size}." in said
    assert "Anna" not in said
    later = letter(school, size + 1, NOON + timedelta(days=93)).text
    assert "a governor last reviewed the change log on Tuesday 24 November 2026" in later


def test_of_very_many_sentences_the_newest_are_told_and_the_others_counted(school: School) -> None:
    size = size_of(school)
    for number in range(MOST_SENTENCES + 3):
        sign_review(school.desk, school.actor("gail"), size + number, "read", NOON)
    said = letter(school, size).text

    assert "(3 more before these: see the change log.)" in said
    assert said.count("Gail Green (governor) reviewed") == MOST_SENTENCES
    assert f"- {MOST_SENTENCES + 3} of people who saw or reviewed this log" in said


def test_lines_that_were_made_unreadable_stop_no_letter(school: School) -> None:
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        conn.execute(text("UPDATE change_log SET entry = CAST(x'80ff' AS TEXT) WHERE seq = 2"))
        conn.execute(text("UPDATE change_log SET entry = '{\"detail\": 7}' WHERE seq = 3"))
    said = letter(school, None).text

    assert "The signed checkpoint:" in said
    assert said.encode()


@pytest.mark.parametrize("event", sorted(IMPORTANT))
def test_everything_that_is_told_above_all_has_a_sentence(event: str) -> None:
    assert event in TELL


@pytest.mark.parametrize(
    ("event", "detail", "names"),
    [
        ("unblock:approve", {"people": ["p_1"]}, True),
        ("unblock:approve", {"people": [], "classes": ["6B"]}, False),
        ("people:approve", {"people": [{"new": True}]}, False),
    ],
)
def test_a_site_opened_for_one_person_is_only_counted(
    school: School, event: str, detail: Mapping[str, Any], *, names: bool
) -> None:
    with reading(school.desk.engine) as conn:
        entry = entries(conn, limit=1)[0]
    assert names_somebody(replace(entry, event=event, detail=detail)) == names
