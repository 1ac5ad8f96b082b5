"""Who may see and sign what of a case: a table, cell by cell, and every combination of who one is to it."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_log.incident_model import Incident, IncidentState, Lane
from change_control.incident_kinds import ADULTS
from change_control.incident_rights import Looker, View, may_name, may_sign, view_of
from filter_policy.model import Role
from tests.builders import NOON

# Of each role: a stranger to the case, on it by name, whom it is about, left out by the reporter.
# a: all, n: names to it as well, s: signs as well, t: all and signs nothing, c: counts, -: nothing.
TABLE = """
case         | pupil | staff | technician | coordinator | headteacher | governor | guest | community
a pupil      | ----  | -s--  | ----       | nn--        | nn--        | cc-c     | ----  | ----
technical    | ----  | -s--  | tt--       | nn--        | nn--        | cc-c     | ----  | ----
staff        | ----  | -s--  | ----       | -s--        | nn--        | cc-c     | ----  | ----
technician   | ----  | -s--  | ----       | -s--        | nn--        | cc-c     | ----  | ----
coordinator  | ----  | -s--  | ----       | -s--        | nn--        | cc-c     | ----  | ----
headteacher  | ----  | -s--  | ----       | nn--        | nn--        | cc-c     | ----  | ----
governor     | ----  | -s--  | ----       | -s--        | nn--        | cc-c     | ----  | ----
"""
ME, SOMEBODY = "me", "somebody"
RELATIONS = ("stranger", "on it", "about", "left out")


def a_case(of: str) -> Incident:
    role = {"a pupil": "pupil", "technical": None}.get(of, of)
    about = {"a pupil": "pupil", "technical": "technical"}.get(of, "staff")
    return Incident(
        *("c1", "a-kind", about, Lane.INAPPROPRIATE, IncidentState.REPORTED, NOON, NOON),
        restricted=role in ADULTS,
        role=role,
        person_id=SOMEBODY,
    )


def related(case: Incident, relation: str) -> Incident:
    match relation:
        case "on it":
            return replace(case, members=frozenset({ME}))
        case "about":
            return replace(case, person_id=ME)
        case "left out":
            return replace(case, excluded=frozenset({ME}))
    return case


def seen(case: Incident, role: str) -> str:
    me = Looker(ME, role)
    if view_of(case, me) is not View.ALL:
        assert not may_sign(case, me)
        assert not may_name(case, me)
        return {View.COUNT: "c", View.NOTHING: "-"}[view_of(case, me)]
    return "n" if may_name(case, me) else "s" if may_sign(case, me) else "t"


def cells() -> list[tuple[str, str, str, str]]:
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]
    return [
        (of, role, relation, expected)
        for of, *row in lines
        for role, four in zip(head[1:], row, strict=True)
        for relation, expected in zip(RELATIONS, four, strict=True)
    ]


@pytest.mark.parametrize(("of", "role", "relation", "expected"), cells())
def test_each_role_sees_of_a_case_what_its_cell_says(
    of: str, role: str, relation: str, expected: str
) -> None:
    assert seen(related(a_case(of), relation), role) == expected


def test_the_table_has_every_role() -> None:
    assert {role for _, role, _, _ in cells()} == set(Role)


@given(
    st.sampled_from(sorted(ADULTS)),
    st.sets(st.sampled_from(RELATIONS[1:])),
    st.sampled_from(list(Lane)),
    st.sampled_from(list(IncidentState)),
)
def test_nobody_sees_a_case_about_themselves_whatever_else_they_are(
    role: str, relations: set[str], lane: Lane, state: IncidentState
) -> None:
    case = replace(a_case(role), lane=lane, state=state)
    for relation in sorted(relations | {"about"}):
        case = related(case, relation)
    for own in Role:
        assert view_of(case, Looker(ME, own)) is View.NOTHING


def test_a_case_about_staff_is_for_nobody_but_those_who_answer_for_it() -> None:
    """With every role that the accused can have, and every role that somebody else has who is not on it."""
    for accused, role in product(sorted(ADULTS), Role):
        view = view_of(a_case(accused), Looker("else", role))
        leads = role == Role.HEADTEACHER or (role == Role.COORDINATOR and accused == Role.HEADTEACHER)
        assert view is (View.ALL if leads else View.COUNT if role == Role.GOVERNOR else View.NOTHING)
