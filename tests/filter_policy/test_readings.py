"""One URL, in every way that a server behind it may read it."""

import pytest

from filter_lists.names import Url
from filter_policy.readings import readings


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
