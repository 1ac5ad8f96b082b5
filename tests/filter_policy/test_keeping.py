"""Of several groups the least of each kind is kept, and the row that says how long is named."""

from hypothesis import given
from hypothesis import strategies as st

from filter_policy.keeping import Kept, kept_of_groups
from filter_policy.model import KEPT_URLS, Record
from tests.builders import a_policy

PUPILS = Record(url="path", address=True, search_terms=True, days=90)
ADULTS = Record(url="host", address=False, search_terms=False, days=30)
GROUPS = ("reception-ks1", "lower-ks2", "upper-ks2", "staff", "guests", "unidentified", "unknown")


def test_the_narrowest_row_holds_and_is_named() -> None:
    policy = a_policy(record={"everyone": Record(days=7), "pupils": PUPILS, "upper-ks2": Record(days=200)})

    assert kept_of_groups(policy, ("upper-ks2",)) == Kept("upper-ks2", Record(days=200))
    assert kept_of_groups(policy, ("lower-ks2",)) == Kept("pupils", PUPILS)
    assert kept_of_groups(policy, ("staff",)) == Kept("everyone", Record(days=7))
    assert kept_of_groups(policy, ()) == Kept("everyone", Record(days=7))


def test_without_any_row_the_least_is_kept_for_everyone() -> None:
    assert kept_of_groups(a_policy(record={}), ("staff",)) == Kept("everyone", Record())


def test_of_several_groups_the_fewest_days_and_the_least_of_each_are_kept() -> None:
    policy = a_policy(record={"pupils": PUPILS, "adults": ADULTS})
    both = kept_of_groups(policy, ("upper-ks2", "staff"))

    assert both == Kept("adults", ADULTS)
    assert kept_of_groups(policy, ("staff", "upper-ks2")) == both


def test_a_group_without_a_row_keeps_no_search_terms_of_its_members() -> None:
    policy = a_policy(record={"pupils": PUPILS})
    kept = kept_of_groups(policy, ("upper-ks2", "staff"))

    assert (kept.record.url, kept.record.search_terms) == ("host", False)


def test_of_two_rows_with_as_many_days_one_is_always_the_same() -> None:
    policy = a_policy(record={"pupils": Record(days=90), "adults": Record(days=90)})

    assert kept_of_groups(policy, ("upper-ks2", "staff")).keep == "adults"
    assert kept_of_groups(policy, ("staff", "upper-ks2")).keep == "adults"


def test_a_whole_address_is_kept_where_every_group_keeps_it() -> None:
    whole = Record(url="url")
    policy = a_policy(record={"pupils": whole, "staff": whole, "guests": Record(url="path")})

    assert kept_of_groups(policy, ("upper-ks2", "staff")).record.url == "url"
    assert kept_of_groups(policy, ("staff", "guests")).record.url == "path"


RECORDS = st.builds(
    Record, st.sampled_from(KEPT_URLS), st.booleans(), st.booleans(), st.integers(min_value=1, max_value=3660)
)
TABLES = st.dictionaries(st.sampled_from((*GROUPS[:-1], "pupils", "adults", "everyone")), RECORDS)


@given(TABLES, st.lists(st.sampled_from(GROUPS), max_size=4, unique=True), st.sampled_from(GROUPS))
def test_one_more_group_never_keeps_more(table: dict[str, Record], groups: list[str], more: str) -> None:
    policy = a_policy(record=table)
    if not groups:
        return
    before = kept_of_groups(policy, tuple(groups)).record
    after = kept_of_groups(policy, (*groups, more)).record

    assert KEPT_URLS.index(after.url) <= KEPT_URLS.index(before.url)
    assert after.address <= before.address
    assert after.search_terms <= before.search_terms
    assert after.days <= before.days


@given(TABLES, st.lists(st.sampled_from(GROUPS), max_size=4, unique=True))
def test_the_row_that_is_named_has_the_days_that_hold(table: dict[str, Record], groups: list[str]) -> None:
    kept = kept_of_groups(a_policy(record=table), tuple(groups))

    assert table.get(kept.keep, Record()).days == kept.record.days
