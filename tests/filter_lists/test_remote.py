"""Lists come by https, or from this machine itself; nobody is sent anywhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.names import Url
from filter_lists.remote import is_address, is_public, next_address, parse_address, without_secrets


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
    "location",
    [
        "https://127.0.0.1/",
        "https://localhost:8000/",
        "https://[::1]/",
        "http://127.0.0.1:8000/",
        "https://a.localhost/",
    ],
)
def test_a_server_elsewhere_may_not_send_us_to_this_machine(location: str) -> None:
    with pytest.raises(ValueError, match="this machine itself"):
        next_address(Url("https", "lists.example", 443, "/list"), location)


WITHIN = [
    "0.0.0.0",  # noqa: S104  # nothing is bound
    "[::]",
    "10.0.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "[fe80::1]",
    "[fd00::1]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a00:1]",
    "[2002:a00:1::]",
]


@pytest.mark.parametrize("host", WITHIN)
def test_a_server_elsewhere_may_not_send_us_into_a_network(host: str) -> None:
    with pytest.raises(ValueError, match=r"this machine itself|within a network"):
        next_address(Url("https", "lists.example", 443, "/list"), f"https://{host}/")


def test_a_server_that_the_school_named_may_lie_in_its_network_and_send_us_on_within_itself() -> None:
    here = parse_address("https://10.0.0.5/list")
    assert str(next_address(here, "/other")) == "https://10.0.0.5/other"
    with pytest.raises(ValueError, match="within a network"):
        next_address(here, "https://10.0.0.6/other")


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1", "64:ff9b::101:101", "::ffff:1.1.1.1"])
def test_an_address_of_the_internet_is_told_from_one_of_a_network(address: str) -> None:
    assert is_public(address)
    assert not any(is_public(each.strip("[]")) for each in (*WITHIN, "fe80::1%eth0", "127.0.0.1"))


def test_what_stands_before_an_at_sign_is_not_shown() -> None:
    assert without_secrets("https://me:owls@a.example/x@y") == "https://…@a.example/x@y"
    assert without_secrets("https://a.example/x@y") == "https://a.example/x@y"
