"""A month to answer: the same day of the next month, never a weekend."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from change_control.access import answer_by


@pytest.mark.parametrize(
    ("asked_on", "due"),
    [
        (date(2026, 11, 2), date(2026, 12, 2)),
        (date(2026, 9, 3), date(2026, 10, 5)),  # the third is a Saturday
        (date(2027, 1, 31), date(2027, 3, 1)),  # 28 February is a Sunday
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 2, 1)),  # over the new year, and 31 January is a Sunday
        (date(2026, 12, 8), date(2027, 1, 8)),
    ],
)
def test_the_last_day_is_a_month_later(asked_on: date, due: date) -> None:
    assert answer_by(asked_on) == due


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_it_is_never_less_than_the_month_and_never_a_weekend(asked_on: date) -> None:
    due = answer_by(asked_on)

    assert 28 <= (due - asked_on).days <= 33
    assert due.weekday() < 5
