"""Who may do what: every cell of the table, and who counts as being there at all."""

from datetime import timedelta

import pytest

from audit_log.db import reading
from audit_log.people import Registered
from change_control.desk import Actor, Desk
from change_control.roles import (
    APPROVING,
    ASKING,
    CONSOLE,
    LEADING,
    MAY,
    OVERSEEING,
    READING,
    SENIOR,
    entitle,
    is_active,
)
from filter_policy.model import Role
from tests.builders import NOON
from tests.change_control.school import refused, the

NOBODY_ELSE = {Role.TECHNICIAN, Role.COORDINATOR, Role.HEADTEACHER}
MINUTE = timedelta(minutes=1)


def test_those_who_approve_are_the_designated_ones_and_those_who_ask_are_staff_too() -> None:
    assert APPROVING == NOBODY_ELSE
    assert NOBODY_ELSE | {Role.STAFF} == ASKING
    named = (APPROVING, ASKING, CONSOLE, LEADING, OVERSEEING, READING, SENIOR, SENIOR | {Role.TECHNICIAN})
    assert all(who in named for who in MAY.values())


@pytest.mark.parametrize("event", sorted(MAY))
@pytest.mark.parametrize("username", ["terry", "hedy", "cora", "tess", "gail", "anna"])
def test_every_cell_of_the_table_is_kept(desk: Desk, event: str, username: str) -> None:
    actor = the(desk, username)
    with reading(desk.engine) as conn:
        if actor.role in MAY[event]:
            assert entitle(conn, actor, event, NOON).username == username
        else:
            refused("wrong-role", lambda: entitle(conn, actor, event, NOON))


def test_what_is_not_in_the_table_is_nobodys(desk: Desk) -> None:
    with reading(desk.engine) as conn:
        refused("wrong-role", lambda: entitle(conn, the(desk, "hedy"), "policy:bypass", NOON))
        refused("wrong-role", lambda: entitle(conn, Actor("system", "system"), "unblock:approve", NOON))


@pytest.mark.parametrize(
    ("changes", "active"),
    [
        ({}, True),
        ({"agreement_signed": False}, False),
        ({"starts_at": NOON}, True),
        ({"starts_at": NOON + MINUTE}, False),
        ({"ends_at": NOON + MINUTE}, True),
        ({"ends_at": NOON}, False),
        ({"suspended_from": NOON}, False),
        ({"suspended_from": NOON + MINUTE}, True),
        ({"suspended_from": NOON - MINUTE, "suspended_until": NOON}, True),
        ({"suspended_from": NOON - MINUTE, "suspended_until": NOON + MINUTE}, False),
    ],
)
def test_who_is_not_there_may_not_act(changes: dict[str, object], active: bool) -> None:
    person = Registered("p_1", "cora", "Cora", Role.COORDINATOR, ("staff",), NOON, **changes)  # type: ignore[arg-type]  # one field at a time

    assert is_active(person, NOON) is active
