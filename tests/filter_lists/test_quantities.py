"""What people write for a duration, a share or a size is read exactly, and written back as it was meant."""

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.quantities import (
    LARGEST,
    LONGEST,
    duration_text,
    parse_duration,
    parse_share,
    parse_size,
    share_text,
    size_text,
)


@given(st.integers(1, 52 * 7 * 24))
def test_a_duration_reads_as_it_was_written(hours: int) -> None:
    assert parse_duration(duration_text(timedelta(hours=hours))) == timedelta(hours=hours)


@given(st.integers(0, 10 * 100 * 10**6))
def test_a_share_reads_as_it_was_written(millionths: int) -> None:
    share = Fraction(millionths, 100 * 10**6)
    assert parse_share(share_text(share)) == share


@given(st.integers(1, LARGEST // 1000))
def test_a_size_reads_back_to_one_place_behind_the_point(kilobytes: int) -> None:
    text = size_text(kilobytes * 1000)
    number, unit = text.split()
    assert abs(float(number) * {"kB": 1, "MB": 1000, "GB": 10**6}[unit] - kilobytes) <= 0.051 * 10**6
    if "." not in number:
        assert parse_size(text) == kilobytes * 1000


@pytest.mark.parametrize(
    ("text", "hours"), [("12 hours", 12), ("1 hour", 1), ("1 day", 24), ("2 weeks", 336), ("1 days", 24)]
)
def test_durations_as_people_write_them(text: str, hours: int) -> None:
    assert parse_duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("hours", "text"), [(1, "1 hour"), (24, "1 day"), (36, "36 hours"), (72, "3 days"), (336, "2 weeks")]
)
def test_a_duration_is_written_in_the_largest_unit_that_fits(hours: int, text: str) -> None:
    assert duration_text(timedelta(hours=hours)) == text


@pytest.mark.parametrize(
    ("text", "share"),
    [("2%", Fraction(1, 50)), ("0%", Fraction(0)), ("0.5 %", Fraction(1, 200)), ("1000%", Fraction(10))],
)
def test_shares_as_people_write_them(text: str, share: Fraction) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize(
    "text", ["", "1", "day", "0 days", "-1 day", "1.5 days", "1 year", "53 weeks", "1day"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="12 hours"):
        parse_duration(text)
    assert parse_duration("52 weeks") == LONGEST


@pytest.mark.parametrize("text", ["", "2", "%", "-1%", "1e2%", "1001%", "2 percent", "1.1234567%", "1,5%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"2%.*1000% at most"):
        parse_share(text)


@pytest.mark.parametrize("text", ["", "0 MB", "200", "200 mb", "5 GB", "1.5 MB", "200 MiB", "99999999999 kB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="200 MB"):
        parse_size(text)


def test_a_share_has_a_limit_of_its_own() -> None:
    with pytest.raises(ValueError, match="100% at most"):
        parse_share("101%", Fraction(1))
