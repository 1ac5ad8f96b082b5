"""The quick way to know a public suffix says what the list of them says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publicsuffixlist import PublicSuffixList

from filter_lists.readers.suffixes import is_public_suffix

REGISTRIES = PublicSuffixList(only_icann=True)
RULES = sorted(rule.lstrip("!*.") for rule in REGISTRIES._publicsuffix if rule.isascii())


@pytest.mark.parametrize("prefix", ["", "a.", "www.", "a.b.", "kent."])
def test_it_is_right_at_every_rule_and_below_it(prefix: str) -> None:
    names = [prefix + rule for rule in RULES] + [rule.partition(".")[2] or rule for rule in RULES]
    assert [name for name in names if is_public_suffix(name) is not REGISTRIES.is_public(name)] == []


@given(
    st.from_regex(
        r"([a-z]{1,3}\.){0,4}(uk|sch\.uk|jp|kobe\.jp|ck|bd|io|github\.io|example|[a-z]{2})", fullmatch=True
    )
)
def test_it_is_right_for_any_name(name: str) -> None:
    assert is_public_suffix(name) is REGISTRIES.is_public(name)


@pytest.mark.parametrize(
    "name", ["uk", "co.uk", "kent.sch.uk", "kobe.jp", "x.kobe.jp", "xn--p1ai", "printer"]
)
def test_a_suffix_of_registries_or_a_single_word_is_one(name: str) -> None:
    assert is_public_suffix(name)


@pytest.mark.parametrize("name", ["bbc.co.uk", "x.kent.sch.uk", "city.kobe.jp", "github.io"])
def test_a_site_is_none_and_neither_is_a_suffix_of_one_company(name: str) -> None:
    assert not is_public_suffix(name)
