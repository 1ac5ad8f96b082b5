"""What is kept, and for how long, as the school wrote it down."""

import pytest

from filter_policy.model import Policy, Record, Retention
from filter_policy.parse import PolicyError, parse_policy
from tests.builders import POLICY

ROW = "  pupils: {url: path, address: true, search_terms: true, days: 90}"


def faults(text: str) -> list[str]:
    with pytest.raises(PolicyError) as error:
        parse_policy(text)
    return error.value.faults


def with_row(row: str) -> Policy:
    return parse_policy(POLICY.replace(ROW, row))


def with_retention(row: str) -> str:
    return f"{POLICY}retention: {row}\n"


def test_a_whole_address_is_kept_where_the_school_says_so_and_only_there() -> None:
    policy = with_row("  pupils: {url: url, days: 30}")

    assert policy.record["pupils"] == Record(url="url", days=30)
    assert policy.record["adults"].url == "host"
    assert Record().url == "host"


@pytest.mark.parametrize("word", ["query", "URL", "true", "[url]", "3", "''"])
def test_another_word_for_what_is_kept_of_an_address_is_refused(word: str) -> None:
    found = faults(POLICY.replace(ROW, f"  pupils: {{url: {word}}}"))

    assert len(found) == 1
    assert "record.pupils.url" in found[0]
    assert "allowed: url, path, host" in found[0]


def test_a_policy_without_the_section_keeps_incidents_for_a_year_and_totals_for_three() -> None:
    assert parse_policy(POLICY).retention == Retention(incidents=365, totals=1095)
    assert parse_policy(with_retention("{}")).retention == Retention()


def test_the_school_says_how_long_incidents_and_totals_are_kept() -> None:
    text = with_retention("{incidents: 3660, totals: 1}")
    assert parse_policy(text).retention == Retention(incidents=3660, totals=1)
    assert parse_policy(with_retention("{totals: 30}")).retention == Retention(totals=30)


def test_every_fault_of_the_section_is_told_with_its_line() -> None:
    found = faults(with_retention("{incidents: 0, totals: 3661, rows: 9}"))

    line = with_retention("").count("\n")
    assert len(found) == 3
    assert all(fault.startswith(f"policy.yaml:{line}: retention.") for fault in found)
    assert any("no such word; allowed: incidents, totals" in fault for fault in found)
    assert sum("needs a whole number from 1 to 3660" in fault for fault in found) == 2


@pytest.mark.parametrize(
    "row", ["7", "[incidents]", "{incidents: true}", "{incidents: '30'}", "{totals: 1.5}"]
)
def test_what_is_no_number_of_days_is_refused(row: str) -> None:
    assert len(faults(with_retention(row))) == 1
