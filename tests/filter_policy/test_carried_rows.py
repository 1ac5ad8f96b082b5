"""What a carrier shows, row by row: which addresses for certain, and whether more is carried unread."""

import pytest

from filter_lists.names import parse_url
from filter_policy.carried import carried, is_own_carrier
from filter_policy.embedded import Found
from tests.builders import a_policy
from tests.filter_policy.carrying import the_policy

READ = {
    "http://translate.test/?u=http://a.test/": "http://a.test/",
    "http://www.translate.test/?u[]=http://a.test/": "http://a.test/",
    "http://translate.test/?text=http://a.test/": "http://a.test/",
    "http://translate.test/?x=a.test": "http://a.test/",
    "http://translate.test/?http://a.test/": "http://a.test/",
    "http://translate.test/?a.test": "http://a.test/",
    "http://translate.test/?q=cache:a.test": "http://a.test/",
    "http://translate.test/?a=1;u=http://a.test/": "http://a.test/",
    "http://translate.test/?u=a.test&u=b.test": "http://a.test/ http://b.test/",
    "http://translate.test/aHR0cDovL2EudGVzdC8": "http://a.test/",
    "http://translate.test/x/YS5hYWEv/y": "http://a.aaa/",
    "http://archive.test/https/a.test/x?y=1": "https://a.test/x?y=1",
    "http://archive.test/web/2024/http://a.test/": "http://a.test/",
    "http://archive.test/c/s/a.test/x": "http://a.test/x",
    "http://a-test.translate.test/x?y=1&z=2": "https://a.test/x?y=1&z=2",
    "https://0-a-test-0.translate.goog/": "https://a.test/",
    "https://a--b-test.translate.goog/": "https://a-b.test/",
    "https://web.archive.org/web/2024/" + "aHR0cDovL2EudGVzdC94Pz8/eQ": "http://a.test/x???y",
    "https://a-test.translate.goog/x?_x_tr_sl=en&y=1&z=2&_x_tr_sch=http": "http://a.test/x?y=1&z=2",
    "https://translate.google.com/translate?u=a.test&sl=x": "http://a.test/",
    "https://translate.google.com/translate?a=1;b;u=a.test": "http://a.test/",
    "https://web.archive.org/web/2024/a.test/x?y=1": "http://a.test/x?y=1",
}


@pytest.mark.parametrize(("address", "shown"), READ.items())
def test_what_is_shown_is_read_whole_and_nothing_else_is(address: str, shown: str) -> None:
    held = carried(parse_url(address), the_policy())

    assert " ".join(str(each.url) for each in held.found if each.sure) == shown
    assert (held.unreadable, held.known, held.bare) == (False, True, False)


@pytest.mark.parametrize(
    ("address", "unreadable", "bare"),
    [
        ("http://translate.test/", False, True),
        ("http://translate.test/?u=x", True, True),
        ("http://translate.test/?text=read+a.test", False, True),
        ("http://translate.test/?q=cache:", False, True),
        ("http://archive.test/c/s/", False, True),
        ("http://archive.test/c/main.css", False, True),
        ("http://archive.test/amp/one", True, True),
        ("http://a.test.translate.test/x?y=1", False, True),
        ("https://www.translate.goog/", False, False),
        ("https://one.translate.goog/", True, False),
        ("https://web.archive.org/web/2024/one/", True, False),
        ("https://duckduckgo.com/?q=a.test", False, False),
    ],
)
def test_where_nothing_is_read_for_certain_it_is_told_whether_something_is_carried(
    address: str, unreadable: bool, bare: bool
) -> None:
    held = carried(parse_url(address), the_policy())

    assert not [each for each in held.found if each.sure]
    assert (held.unreadable, held.known, held.bare) == (unreadable, True, bare)


def test_what_stands_before_the_name_of_a_carrier_is_a_guess_with_all_that_is_asked() -> None:
    held = carried(parse_url("http://a.b.test.translate.test/x?y=1&z=2"), the_policy())

    assert held.found == (Found(parse_url("http://a.b.test/x?y=1&z=2"), sure=False),)


def test_the_schools_own_carriers_are_known_by_their_host_and_all_below_it() -> None:
    for host, is_one in (
        ("translate.test", True), ("www.translate.test", True), ("xtranslate.test", False), ("test", False),
    ):  # fmt: skip
        assert is_own_carrier(host, the_policy()) is is_one
        assert is_own_carrier(host, a_policy()) is False


def test_no_carrier_carries_nothing_and_neither_do_the_schools_own_without_the_policy() -> None:
    for address in ("https://a.test/?u=http://b.test/", "http://translate.test/?u=http://b.test/"):
        assert carried(parse_url(address)) == ((), False, False, False)
    assert not carried(parse_url("https://xtranslate.test/?u=http://b.test/"), the_policy()).known
    assert not carried(parse_url("https://a.test/?u=http://b.test/"), the_policy()).known
