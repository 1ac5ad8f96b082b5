"""A reading is about those whose rows it showed, however it was asked for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.few import FEW
from audit_api.looked_at import abouts, people_found, roles_behind
from audit_log.db import reading
from audit_log.filtering_log import Filter
from tests.audit_api.logged import a_row, store
from tests.audit_api.school import School
from tests.builders import NOON

PUPILS = ("anna", "ben", "pim", "pip", "pod")


@given(st.lists(st.frozensets(st.sampled_from("abcde"), max_size=2)), st.frozensets(st.sampled_from("ab")))
def test_each_of_a_few_has_a_line_and_of_many_nobody(
    shown: list[frozenset[str]], besides: frozenset[str]
) -> None:
    people = besides.union(*shown)
    told = abouts(shown, "class 6B", besides)

    if 0 < len(people) <= FEW:
        assert told == [(each, sum(each in whose for whose in shown)) for each in sorted(people)]
    else:
        assert told == [("class 6B", len(shown))]


@pytest.mark.parametrize(("many", "known"), [(1, True), (3, True), (4, False), (5, False)])
def test_whose_rows_there_are_is_known_of_a_few(school: School, many: int, known: bool) -> None:
    ids = [school.person(name).id for name in PUPILS[:many]]
    store(school.desk.engine, [a_row(school.person(name), NOON) for name in PUPILS[:many] * 3])
    with reading(school.desk.engine) as conn:
        found = people_found(conn, Filter(host="bet.test"))

    assert (found == set(ids)) if known else len(found) > FEW


def test_a_role_is_of_few_or_of_many_by_its_people_and_not_by_its_rows(school: School) -> None:
    """Ninety rows of a teacher are those of one person; the head is of the staff as well."""
    rows = [("tess", n) for n in range(90)] + [("hedy", 95), *((name, 99) for name in PUPILS)]
    store(school.desk.engine, [a_row(school.person(who), NOON - timedelta(seconds=n)) for who, n in rows])
    with reading(school.desk.engine) as conn:
        few, many = roles_behind(conn, Filter())

    assert (few, many) == (frozenset({"staff", "headteacher"}), frozenset({"pupil"}))
