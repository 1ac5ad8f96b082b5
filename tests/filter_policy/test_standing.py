"""A place of help is one as long as no list has an illegal page there."""

import pytest

from filter_lists.index import Index
from filter_lists.listing import NOT_SHOWN
from filter_lists.names import Site, parse_url
from filter_policy.judge import judge_url
from filter_policy.model import Listing, Reason, SafeHarbour
from filter_policy.standing import fallen, standing
from tests.builders import NOON, a_person, a_policy

HELP = SafeHarbour(Site("help.test"), "Helpline", "0800 1111", "S128")
OTHER = SafeHarbour(Site("www.other.test"), "Another", "", "S54")
POLICY = a_policy(safe_harbour=(HELP, OTHER))


def an_index(*sites: str, category: str = "child-sexual-abuse") -> Index:
    return Index.in_memory({site: [(category, "l")] for site in sites})


@pytest.mark.parametrize(
    ("site", "gone"),
    [
        ("help.test/abuse", (HELP,)),
        ("a.b.help.test/abuse", (HELP,)),
        ("other.test/abuse", (OTHER,)),
        ("www.other.test/abuse", (OTHER,)),
        ("test/abuse", (HELP, OTHER)),
        ("nothelp.test/abuse", ()),
        ("help.test.elsewhere.test/abuse", ()),
        ("a.other.test/abuse", ()),
        ("www.help.test", ()),  # a host of its own, that is asked about by itself
    ],
)
def test_one_with_an_illegal_page_is_none(site: str, gone: tuple[SafeHarbour, ...]) -> None:
    lists = an_index(site, "unlisted.test")
    assert fallen(POLICY, lists.within) == gone
    assert set(standing(POLICY, lists.within).safe_harbour) == {HELP, OTHER} - set(gone)
    assert fallen(POLICY, an_index(site, category="gambling").within) == ()


def test_what_a_sealed_list_has_there_counts_whatever_its_kind_is_called() -> None:
    sealed = Listing("gambling", "l", NOT_SHOWN)
    assert fallen(POLICY, lambda host: [sealed] if host == "help.test" else []) == (HELP,)


def test_a_policy_of_which_all_stands_is_the_same_one() -> None:
    assert standing(POLICY, an_index("else.test/abuse").within) is POLICY


def test_there_each_page_is_judged_as_ever_and_the_others_stay_open() -> None:
    lists = an_index("help.test/abuse")
    policy = standing(POLICY, lists.within)

    def reason(url: str) -> Reason:
        return judge_url(parse_url(url), a_person(), policy, lists.lookup, NOON).reason

    assert reason("https://help.test/abuse/1") is Reason.ILLEGAL
    assert reason("https://help.test/") is not Reason.SAFE_HARBOUR
    assert reason("https://www.other.test/") is Reason.SAFE_HARBOUR
