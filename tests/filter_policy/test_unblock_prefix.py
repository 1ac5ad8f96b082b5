"""An unblock of a part of a site opens that part and nothing else, however an address is spelt."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.names import NameFault, Site, Url, parse_url
from filter_policy.judge import judge_url
from filter_policy.model import Listing
from tests.builders import NOON, a_person, a_policy, an_unblock

POLICY = a_policy(unblocks=(an_unblock("museum.example/slavery", "deep.example/a/b"),))
PUPIL = a_person(classes=("6B",))


def lookup(url: Url) -> Iterable[Listing]:
    """All of both sites is of a kind that is not allowed."""
    return (Listing("gambling", "gambling-list", url.host),)


def is_open(address: str) -> bool:
    return not judge_url(parse_url(address), PUPIL, POLICY, lookup, NOON).is_block


@pytest.mark.parametrize(
    "path",
    [
        "/slavery",
        "/slavery/",
        "/slavery/page",
        "/slavery/a/../b",
        "/x/../slavery/page",
        "/slavery/;/../page",
        "/slavery?q=/other",
    ],
)
def test_the_part_itself_is_open(path: str) -> None:
    assert is_open(f"https://museum.example{path}")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/slaver",
        "/slavery2",
        "/slavery-and-more",
        "/slavery.html",
        "/SLAVERYX",
        "/other/slavery",
        "/slavery/../other",
        "/slavery/..",
        "/slavery/%2e%2e/other",
        "/slavery/..%2fother",
        "/slavery%2f..%2fother",
        "/slavery/%252e%252e/other",
        "/slavery/..;/other",
        "/slavery/..\\other",
        "/slavery//../../other",
        "//slavery/../other",
        "/?path=/slavery",
        "/#/slavery",
    ],
)
def test_nothing_beside_it_is_open(path: str) -> None:
    try:
        assert not is_open(f"https://museum.example{path}"), path
    except NameFault:  # no address at all: the gate answers that it is none
        assert "\\" in path


@pytest.mark.parametrize(
    "host", ["xmuseum.example", "museum.example.evil.example", "example", "museum.example.evil"]
)
def test_no_other_host_is_open_by_its_name(host: str) -> None:
    assert not is_open(f"https://{host}/slavery")


segments = st.lists(
    st.sampled_from(["a", "b", "c", "..", ".", "", "%2e%2e", "b%2f..", "A", "..;x"]), max_size=6
)


@given(segments)
def test_what_opens_begins_with_the_part_in_every_way_it_can_be_read(parts: list[str]) -> None:
    url = parse_url("https://deep.example/" + "/".join(parts))
    if not judge_url(url, PUPIL, POLICY, lookup, NOON).is_block:
        assert Site("deep.example", "/a/b").covers(url)
        assert ".." not in url.path.split("/")
