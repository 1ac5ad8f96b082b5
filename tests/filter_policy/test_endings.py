"""What looks like a site and is none."""

import pytest

from filter_lists.names import parse_site
from filter_policy.endings import is_ending, is_range


@pytest.mark.parametrize("name", ["uk", "co.uk", "sch.uk", "github.io"])
def test_an_ending_is_not_one_site(name: str) -> None:
    assert is_ending(parse_site(name))


@pytest.mark.parametrize("name", ["example.co.uk", "gov.example", "pupil.github.io", "10.0.0.1"])
def test_a_site_is_no_ending(name: str) -> None:
    assert not is_ending(parse_site(name))


def test_a_range_is_told_from_an_address_and_from_a_path() -> None:
    assert is_range("10.0.0.0/8")
    assert is_range("fd00::/8")
    assert is_range(" 10.0.0.1/8 ")  # an address in it, as people write them
    assert not is_range("10.0.0.1")
    assert not is_range("site.example/8")
