"""One form of a name for all rooms: what browsers mean by it, or a fault."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.names import (
    NameFault,
    Site,
    Url,
    canonical_host,
    is_ip,
    parse_site,
    parse_url,
    path_spellings,
)

HOSTS = st.text(st.sampled_from("aZ09-_.:[]é。ß%/@ x"), max_size=20) | st.text(max_size=30)
LABELS = st.text(st.sampled_from("abc019-_"), min_size=1, max_size=5)
NAMES = st.lists(LABELS, min_size=1, max_size=5).map(".".join)


@pytest.mark.parametrize(
    ("given_", "canonical"),
    [
        ("Bet.Example", "bet.example"),
        ("bet.example.", "bet.example"),
        ("ｂｅｔ.example", "bet.example"),
        ("b\u00adet.example", "bet.example"),
        ("bet。example", "bet.example"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("a_b.example", "a_b.example"),
        ("0x7f.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("[2001:DB8:0::1]", "2001:db8::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ],
)
def test_every_spelling_of_a_host_becomes_the_one_form(given_: str, canonical: str) -> None:
    assert canonical_host(given_) == canonical


@pytest.mark.parametrize(
    "given_",
    [
        "",
        ".",
        "a..b",
        "a.b..",
        "user@a.b",
        "a.b:80",
        "a%2eb",
        "a b",
        "a/b",
        "a\\b",
        "a,b",
        "1.2.3.921",
        "x" * 64 + ".example",
        ".".join(["abcdefgh"] * 30),
        "fe80::1%eth0",
        "[::1",
        "xn--zz",
        "a.b\0",
        "a.b\n",
    ],
)
def test_what_a_browser_never_sends_as_a_host_is_refused(given_: str) -> None:
    with pytest.raises(NameFault):
        canonical_host(given_)


@settings(deadline=None)
@given(HOSTS)
def test_a_canonical_host_stays_as_it_is(text: str) -> None:
    try:
        host = canonical_host(text)
    except NameFault:
        return
    assert canonical_host(host) == host


@pytest.mark.parametrize(
    ("given_", "canonical"),
    [
        ("HTTP://Bet.Example", "http://bet.example/"),
        ("https://bet.example:443/a/../b?q=1#part", "https://bet.example/b?q=1"),
        ("https://bet.example:8443/", "https://bet.example:8443/"),
        ("wss://bet.example/socket", "https://bet.example/socket"),
        ("ws://bet.example:80/", "http://bet.example/"),
        ("http://[2001:db8::1]:80/", "http://[2001:db8::1]/"),
        ("http:\\\\bet.example\\odds", "http://bet.example/odds"),
    ],
)
def test_every_spelling_of_a_url_becomes_the_one_form(given_: str, canonical: str) -> None:
    assert str(parse_url(given_)) == canonical
    assert parse_url(canonical) == parse_url(given_)


@pytest.mark.parametrize(
    "given_", ["", "bet.example", "ftp://bet.example/", "data:,x", "http://", "http://user:pw@bet.example/"]
)
def test_what_is_no_web_address_is_refused(given_: str) -> None:
    with pytest.raises(NameFault):
        parse_url(given_)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_url_or_a_fault(text: str) -> None:
    for given_ in (text, f"http://{text}", f"http://bet.example/{text}"):
        try:
            url = parse_url(given_)
        except NameFault:
            continue
        assert parse_url(str(url)) == url


@pytest.mark.parametrize(
    ("given_", "site"),
    [
        (" Bet.Example ", Site("bet.example")),
        ("https://bet.example/", Site("bet.example")),
        ("bet.example/Odds/", Site("bet.example", "/Odds/")),
        ("archive.example/web/http://other.example/", Site("archive.example", "/web/http://other.example/")),
        ("192.0.2.1/odds", Site("192.0.2.1", "/odds")),
        ("2001:db8::1", Site("2001:db8::1")),
    ],
)
def test_a_site_is_a_host_and_perhaps_a_path(given_: str, site: Site) -> None:
    assert parse_site(given_) == site


@pytest.mark.parametrize(
    "given_", ["", "/odds", "bet.example?x", "bet.example/#odds", "bet.example:8080", "http://"]
)
def test_what_is_no_site_is_refused(given_: str) -> None:
    with pytest.raises(NameFault):
        parse_site(given_)


@pytest.mark.parametrize(
    ("host", "path", "covered"),
    [
        ("bet.example", "/", True),
        ("www.bet.example", "/x", True),
        ("evilbet.example", "/", False),
        ("bet.example.org", "/", False),
        ("example", "/", False),
    ],
)
def test_a_site_covers_whole_names_only(host: str, path: str, covered: bool) -> None:
    assert Site("bet.example").covers(Url("https", host, 443, path)) is covered


@pytest.mark.parametrize(
    ("path", "covered"),
    [("/odds", True), ("/odds/", True), ("/odds/x", True), ("/oddsness", False), ("/", False)],
)
def test_a_site_with_a_path_covers_whole_segments_only(path: str, covered: bool) -> None:
    assert Site("bet.example", "/odds").covers(Url("https", "bet.example", 443, path)) is covered


def test_an_address_covers_no_other_address() -> None:
    assert not Site("2.3.4").covers(Url("http", "1.2.3.4", 80))


@settings(deadline=None)
@given(NAMES)
def test_only_what_the_rules_of_browsers_make_an_address_counts_as_one(name: str) -> None:
    try:
        host = canonical_host(name)
    except NameFault:
        return
    assert is_ip(host) == host.replace(".", "").isdigit()


@pytest.mark.parametrize(
    "path",
    [
        "/games",
        "/GAMES/",
        "//games",
        "/a/../games",
        "/%67ames",
        "/%2567ames",
        "/%252567ames",
        "/a/%2e%2e/games",
        "/.%2fgames",
        "/x/..;/games",
        "/games;v=1",
        "/games%00",
        "/\\games",
        "/games/.",
        "/games;/",
        "/games.",
        "/games%2e%20/",
    ],
)
def test_a_path_in_disguise_has_its_plain_spelling_among_its_spellings(path: str) -> None:
    assert "/games" in path_spellings(path)


@pytest.mark.parametrize(
    "path", ["/gamesome", "/games-are-fun", "/a/games", "/gam%2565", "/", "/.games", "/games.x"]
)
def test_another_path_has_not(path: str) -> None:
    assert "/games" not in path_spellings(path)


@settings(deadline=None)
@given(st.text(st.sampled_from("aB/.;%2e5f\\c"), max_size=15))
def test_no_spelling_ends_in_a_slash_or_a_capital_letter(path: str) -> None:
    assert all(each == each.lower().rstrip("/") for each in path_spellings("/" + path))
