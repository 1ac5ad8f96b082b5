"""What the second step of signing in carries: whose password was right, for five minutes, and no more."""

from dataclasses import replace
from datetime import timedelta

import pytest

from audit_api.problems import Problem
from audit_api.tickets import LASTS, of_ticket, ticket_for
from audit_log.db import writing
from audit_log.people import set_password
from tests.audit_api.school import HASHER, School
from tests.builders import NOON


def test_a_ticket_says_whose_it_is_until_it_is_too_old(school: School) -> None:
    window, terry = school.app.state.window, school.person("terry")
    ticket = ticket_for(window, terry, NOON)

    assert of_ticket(window, ticket, NOON + LASTS) == terry
    for at in (NOON + LASTS + timedelta(seconds=1), NOON - timedelta(seconds=1)):
        with pytest.raises(Problem, match="took too long"):
            of_ticket(window, ticket, at)


@pytest.mark.parametrize("ticket", ["", "x", "A" * 200, "\0"])
def test_what_is_no_ticket_opens_nothing(school: School, ticket: str) -> None:
    with pytest.raises(Problem):
        of_ticket(school.app.state.window, ticket, NOON)


def test_a_ticket_ends_with_the_password_that_it_was_given_for(school: School) -> None:
    window, terry = school.app.state.window, school.person("terry")
    ticket = ticket_for(window, terry, NOON)
    with writing(school.desk.engine) as conn:
        set_password(conn, terry.id, "console", HASHER.hash("another"), NOON)

    with pytest.raises(Problem):
        of_ticket(window, ticket, NOON)


def test_a_ticket_holds_no_password_and_none_of_nobody_works(school: School) -> None:
    window, terry = school.app.state.window, school.person("terry")
    ticket = ticket_for(window, replace(terry, id="p_gone"), NOON)

    assert terry.id not in ticket
    with pytest.raises(Problem):
        of_ticket(window, ticket, NOON)
