"""One URL, in every way that a server behind it may read it."""

import pytest

from filter_lists.names import Url
from filter_policy.readings import Reading, readings


def test_an_address_is_judged_in_its_usual_form() -> None:
    urls = {reading.url.host for reading in readings(Url("http", "::ffff:10.0.0.1", 80))}
    assert urls == {"::ffff:10.0.0.1", "10.0.0.1"}


@pytest.mark.parametrize(
    "path", ["/%67ames/x", "/GAMES/x", "//games/x", "/a/..;/games/x", "/games%2fx", "/games;a=b/x"]
)
def test_a_path_is_read_as_any_server_may_read_it(path: str) -> None:
    paths = [reading.url.path for reading in readings(Url("http", "a.test", 80, path))]
    assert paths[0] == path
    assert any(each.startswith("/games") for each in paths)


def test_an_ordinary_path_is_read_once() -> None:
    for path in ("/", "/a/b.html", "/a-b_c/1.2.3/x", "/a/b/"):
        assert len(readings(Url("http", "a.test", 80, path))) == 1


def ways(path: str, host: str = "a.test") -> tuple[tuple[str, str, bool], ...]:
    """Host, path, and whether all that blocks it counts."""
    given = Url("https", host, 8443, path, "q=1")
    found = readings(given)
    assert found[0] == Reading(given, True)
    assert {each.url._replace(host="", path="") for each in found} == {given._replace(host="", path="")}
    return tuple((each.url.host, each.url.path, each.strict) for each in found[1:])


def test_what_blocks_another_case_counts_where_it_is_a_rule_and_what_blocks_an_escape_always() -> None:
    assert ways("/Games/X") == (("a.test", "/games/x", False),)
    assert ways("/Games%2fX") == (("a.test", "/games/x", True), ("a.test", "/games%2fx", True))
    assert ways("//") == (("a.test", "/", True),)
    assert ways("/games/X;y") == (
        ("a.test", "/games/x;y", True),
        ("a.test", "/games/x", True),
    )


def test_an_address_within_another_is_read_as_both_and_any_other_as_one() -> None:
    assert ways("/Games", "::ffff:10.0.0.1") == (
        ("10.0.0.1", "/games", False),
        ("10.0.0.1", "/Games", True),
    )
    assert ways("/games", "::ffff:10.0.0.1")[-1] == ("10.0.0.1", "/games", True)
    assert ways("/games", "2001:db8::1") == ()
