"""The shipped table of search engines is read as it says, and names what schools use."""

import pytest

from filter_lists.safe_engines import engines


def parameters(host: str) -> dict[str, str | None]:
    return {name: value for each in engines().find(host) for name, value in each.parameters}


@pytest.mark.parametrize(
    ("host", "name", "value"),
    [
        ("www.google.com", "safe", "active"),
        ("google.co.uk", "safe", "active"),
        ("images.google.de", "ssui", "on"),
        ("www.bing.com", "adlt", "strict"),
        ("bing.com", "adlt", "strict"),
        ("html.duckduckgo.com", "kp", "1"),
        ("uk.search.yahoo.com", "vm", "r"),
        ("yandex.com.tr", "family", "yes"),
        ("ya.ru", "family", "yes"),
        ("www.startpage.com", "qadf", "heavy"),
        ("www.qwant.com", "safesearch", "2"),
        ("search.brave.com", "safesearch", "strict"),
        ("www.ecosia.org", "safesearch", "2"),
    ],
)
def test_each_known_engine_is_held_to_its_strictest_setting(host: str, name: str, value: str) -> None:
    assert parameters(host)[name] == value


def test_several_rows_count_for_one_host() -> None:
    assert parameters("lite.qwant.com") == {"safesearch": "2", "s": "2"}


@pytest.mark.parametrize(
    "host",
    ["accounts.google.com", "docs.google.com", "notgoogle.com", "mail.yahoo.com", "example.org", "com"],
)
def test_other_hosts_are_left_as_they_are(host: str) -> None:
    assert engines().find(host) == ()


@pytest.mark.parametrize("host", ["www.youtube.com", "m.youtube.com", "youtubei.googleapis.com"])
def test_videos_are_asked_for_in_restricted_mode(host: str) -> None:
    fields = [pair for each in engines().find(host) for pair in each.fields]
    assert fields == [("YouTube-Restrict", "Strict")]


def test_a_cookie_is_written_or_taken_out_in_whole_or_in_part() -> None:
    cookies = {
        each.engine: each.cookies for host in ("www.bing.com", "ecosia.org") for each in engines().find(host)
    }
    assert cookies == {"Bing": (("SRCHHPGUSR/ADLT", None),), "Ecosia": (("ECFG", "f=y"),)}
