"""A school that wants a second factor, and somebody with a telephone."""

from typing import Any

from change_control.proposals import approve, propose_policy
from tests.audit_api.school import School, console_password
from tests.builders import POLICY
from tests.change_control.factored import digits, with_factor

WANTED = POLICY + "sign_in: {second_factor: approvers}\n"


def wants_factors(school: School) -> None:
    """Two people have agreed that whoever may approve has one."""
    now = school.clock.now
    asked = propose_policy(school.desk, school.actor("terry"), WANTED, "a second factor", now)
    approve(school.desk, school.actor("hedy"), asked.id, "", now)


def telephone_of(school: School, username: str) -> str:
    """Set up just now, and a minute has passed since."""
    secret = with_factor(school.desk, username, school.clock.now)
    school.clock.forward(minutes=1)
    return secret


def shown(school: School, secret: str) -> str:
    return digits(secret, school.clock.now)


def signs_in(school: School, username: str, **more: Any) -> Any:
    body = {"username": username, "password": console_password(username), **more}
    return school.nobody().post("/api/v1/session", json=body)
