"""A month is the school's: its midnights are those of the clock on the wall."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.months import FIRST_YEAR, Month

LONDON = ZoneInfo("Europe/London")
ZONES = st.sampled_from(["Europe/London", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia", "UTC"]).map(
    ZoneInfo
)


def test_in_summer_a_month_begins_an_hour_earlier() -> None:
    july = Month.read("2026-07", LONDON)

    assert july.starts_at == datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert july.ends_at == datetime(2026, 7, 31, 23, tzinfo=UTC)
    assert (str(july), july.name) == ("2026-07", "July 2026")


def test_before_january_is_december() -> None:
    january = Month.read("2027-01", LONDON)

    assert (str(january.before), str(january.next)) == ("2026-12", "2027-02")


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026-00", "2026-13", "2026-1", "26-01", "1999-12", "2026-11-01", "٢٠٢٦-11", " 2026-11"],
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="like 2026-11"):
        Month.read(text, LONDON)


@given(st.datetimes(datetime(FIRST_YEAR, 1, 2), datetime(8999, 1, 1)), ZONES)
def test_every_instant_is_in_exactly_one_month(at: datetime, zone: ZoneInfo) -> None:
    instant = at.replace(tzinfo=UTC)
    month = Month.of(instant, zone)

    assert month.starts_at <= instant < month.ends_at
    assert month.before.ends_at == month.starts_at
    assert month.next.before == month
    assert Month.read(str(month), zone) == month
    assert timedelta(days=27) < month.ends_at - month.starts_at < timedelta(days=32)
