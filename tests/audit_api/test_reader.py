"""Who is at the window, and whether their password must be changed first (A89)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from audit_api.reader import find_reader, must_change, signs_in_with_console_password
from tests.audit_api.school import School
from tests.builders import NOON


def test_a_token_leads_to_its_reader_and_no_other_text_does(school: School) -> None:
    token, csrf = school.token("terry")
    found = find_reader(school.desk, token, NOON)

    assert found is not None
    assert (found.username, found.csrf) == ("terry", csrf)
    assert [find_reader(school.desk, text, NOON) for text in ("", token[:-1], "\0", "\xff")] == [None] * 4


def test_neither_token_shows_when_a_reader_is_printed(school: School) -> None:
    token, csrf = school.token("terry")
    shown = repr(find_reader(school.desk, token, NOON))

    assert token not in shown
    assert csrf not in shown


@pytest.mark.parametrize(
    ("username", "own"), [("terry", True), ("gail", True), ("sam", True), ("tess", False)]
)
def test_only_staff_may_do_without_a_console_password(school: School, username: str, own: bool) -> None:
    assert signs_in_with_console_password(school.person(username)) is own


@pytest.mark.parametrize(("username", "which"), [("terry", "console"), ("tess", "password")])
def test_the_password_that_signs_in_is_the_one_that_must_be_young(
    school: School, username: str, which: str
) -> None:
    person = school.person(username)
    other = "console" if which == "password" else "password"

    def told(**changes: Any) -> bool:
        return must_change(replace(person, **changes), NOON)

    assert told(**{f"{which}_must_change": True})
    assert told(**{f"{which}_changed_at": NOON - timedelta(days=90)})
    assert not told(**{f"{other}_must_change": True, f"{other}_changed_at": None})
