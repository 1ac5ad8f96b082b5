"""A time that somebody put into a table is read as we spell it, or not at all."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_log.agreed_rows import as_stamp
from audit_log.seal import stamp

SPELT = "%Y-%m-%d %H:%M:%S.%f"


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))
def test_a_time_as_the_database_keeps_it_is_the_sealed_one(at: datetime) -> None:
    assert as_stamp(at.strftime(SPELT)) == as_stamp(at) == stamp(at.replace(tzinfo=UTC))


@given(st.one_of(st.text(), st.integers(), st.floats(), st.binary(), st.lists(st.text())))
def test_what_is_no_time_is_refused_in_one_way(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever it says
        as_stamp(value)


@pytest.mark.parametrize(
    "spelling",
    [
        "2026-11-24T12:30:00.000000",
        "20261124T123000",
        "2026-W48-2 12:30:00",
        "2026-11-24 12:30:00",
        "2026-11-24 12:30:00.000000+00:00",
        "2026-11-24 13:30:00.000000+01:00",
        "2026-11-24~12:30:00.000000",
        "2026-11-24",
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-23))),
    ],
)
def test_a_time_in_another_spelling_is_no_time(spelling: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever it says
        as_stamp(spelling)
