"""Lists come by https, or from this machine itself; nobody is sent anywhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.names import Url
from filter_lists.remote import is_address, next_address, parse_address, without_secrets


@given(st.text(max_size=50))
def test_what_passes_is_https_or_this_machine_and_stays_so(text: str) -> None:
    for given_text in (text, "https://" + text, "http://" + text):
        try:
            url = parse_address(given_text)
        except ValueError:
            continue
        assert url.scheme == "https" or url.host == "localhost" or url.is_ip
        assert parse_address(str(url)) == url
        assert "@" not in str(url).split("/")[2]


@pytest.mark.parametrize(
    ("text", "fetched"),
    [
        ("https://a.example/x", True),
        ("ftp://a.example", True),
        ("a.txt", False),
        ("starter:games.txt", False),
    ],
)
def test_an_address_is_told_from_a_file(text: str, fetched: bool) -> None:
    assert is_address(text) is fetched


def test_a_server_may_send_us_on_within_https() -> None:
    here = Url("https", "lists.example", 443, "/a/list")
    assert str(next_address(here, "other")) == "https://lists.example/a/other"
    assert str(next_address(here, "//other.example:8443/x?y")) == "https://other.example:8443/x?y"


@pytest.mark.parametrize(
    "location", ["http://lists.example/", "gopher://a", "https://me:owls@a.example/", "https://[a/"]
)
def test_a_server_may_not_send_us_out_of_https(location: str) -> None:
    with pytest.raises(ValueError, match="an address that is not https"):
        next_address(Url("https", "lists.example", 443, "/list"), location)


@pytest.mark.parametrize(
    "location", ["https://127.0.0.1/", "https://localhost:8000/", "https://[::1]/", "http://127.0.0.1:8000/"]
)
def test_a_server_elsewhere_may_not_send_us_to_this_machine(location: str) -> None:
    with pytest.raises(ValueError, match="this machine itself"):
        next_address(Url("https", "lists.example", 443, "/list"), location)


def test_what_stands_before_an_at_sign_is_not_shown() -> None:
    assert without_secrets("https://me:owls@a.example/x@y") == "https://…@a.example/x@y"
    assert without_secrets("https://a.example/x@y") == "https://a.example/x@y"
