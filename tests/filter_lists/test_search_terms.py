"""What somebody searched for is read from the address of the search, and from nothing else."""

import csv
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.names import NameFault, Url, parse_url
from filter_lists.search_terms import ANY, LONGEST, engines, search_terms, without_terms


def terms(url: str) -> str | None:
    return search_terms(parse_url(url))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://www.google.com/search?q=Why+is+the+sky+blue&client=firefox", "why is the sky blue"),
        ("https://www.google.co.uk/search?hl=en&q=volcano&tbm=isch", "volcano"),
        ("https://images.google.de/images?q=Vulkan", "vulkan"),
        ("https://google.com.au/search?as_q=wombat&as_epq=", "wombat"),
        ("https://www.google.com/maps/search/swimming+pool/@51.5,-0.1", "swimming pool"),
        ("https://www.google.com/maps/search/swimming+pool", "swimming pool"),
        ("https://scholar.google.co.uk/scholar?q=tides", "tides"),
        ("https://www.bing.com/search?q=roman+roads&form=QBLH", "roman roads"),
        ("https://www.bing.com/images/search?q=castle", "castle"),
        ("https://www.bing.com/videos/search?q=castle", "castle"),
        ("https://duckduckgo.com/?t=h_&q=otters&ia=web", "otters"),
        ("https://html.duckduckgo.com/html/?q=otters", "otters"),
        ("https://uk.search.yahoo.com/search?p=tudors", "tudors"),
        ("https://images.search.yahoo.com/search/images?p=tudors", "tudors"),
        ("https://www.ecosia.org/search?q=trees", "trees"),
        ("https://search.brave.com/search?q=lions&source=web", "lions"),
        ("https://www.startpage.com/sp/search?query=moon", "moon"),
        ("https://www.qwant.com/?q=lune&t=web", "lune"),
        ("https://yandex.com/search/?text=moscow", "moscow"),
        ("https://www.baidu.com/s?wd=%E7%8C%AB", "猫"),
        ("https://www.kiddle.co/s.php?q=dinosaurs", "dinosaurs"),
        ("https://search.kidzsearch.com/kzsearch.php?q=dinosaurs", "dinosaurs"),
        ("https://swiggle.org.uk/?q=castles", "castles"),
        ("https://www.youtube.com/results?search_query=volcano+eruption", "volcano eruption"),
        ("https://m.youtube.com/results?search_query=x", "x"),
        ("https://en.wikipedia.org/w/index.php?search=Henry+VIII&title=Special:Search", "henry viii"),
        ("https://simple.wikipedia.org/wiki/Special:Search?search=Henry", "henry"),
        ("https://www.amazon.co.uk/s?k=football+boots&ref=nb", "football boots"),
        ("https://www.ebay.co.uk/sch/i.html?_from=R40&_nkw=lego", "lego"),
        ("https://www.argos.co.uk/search/lego-city/", "lego-city"),
        ("https://www.gov.uk/search/all?keywords=passport", "passport"),
    ],
)
def test_the_usual_engines_are_known(url: str, found: str | None) -> None:
    assert terms(url) == found


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/",
        "https://www.google.com/search",
        "https://www.google.com/search?q=",
        "https://www.google.com/search?q=+%20+",
        "https://www.google.com/complete/search?q=half+a+wo",  # a guess at each key
        "https://www.google.com/url?q=https://school.test/",
        "https://mail.google.com/mail/u/0/?q=to:anna",
        "https://notgoogle.com/search?q=x",
        "https://google.evil.test/search?q=x",
        "https://google.com.evil.test/search?q=x",
        "https://school.test/search?q=name+of+a+pupil",
        "https://en.wikipedia.org/wiki/Henry_VIII?action=raw",
        "http://127.0.0.1/search?q=x",
        "http://localhost/search?q=x",
        "https://www.youtube.com/watch?v=abc&q=x",
    ],
)
def test_nothing_else_is_taken_for_a_search(url: str) -> None:
    assert terms(url) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("A%20%20b%09c%0Ad", "a b c d"),
        ("caf%C3%A9", "café"),
        ("cafe%CC%81", "café"),  # the same, with the accent as a character of its own
        ("caf%E9", "café"),  # as old pages write it
        ("%EF%BC%B0%EF%BC%AF%EF%BC%AF%EF%BC%AC", "pool"),  # wide letters
        ("ca%E2%80%8Bts", "cats"),  # a blank without width
        ("a%00b%1Bc", "a b c"),
        ("100%25", "100%"),
        ("%zz", "%zz"),
        ("%2B1", "+1"),
        ("x" * 300, "x" * LONGEST),
        ("%F0%9F%8C%8B" * 300, "🌋" * LONGEST),
        ("%00", None),
    ],
)
def test_terms_are_written_in_one_plain_way(value: str, found: str | None) -> None:
    assert search_terms(Url("https", "www.google.com", 443, "/search", f"q={value}")) == found


def test_the_first_parameter_that_says_something_counts() -> None:
    assert terms("https://www.google.com/search?as_q=second&q=first&q=third") == "first"
    assert terms("https://www.google.com/search?q=&as_q=second") == "second"


HOSTS = st.sampled_from(sorted(engines()))
PATHS = st.sampled_from(["/search", "/", "/s", "/results", "/search/{}", "/web"]) | st.text(max_size=20)


@given(HOSTS, PATHS, st.text(max_size=400))
def test_whatever_is_asked_the_terms_are_short_and_plain(host: str, path: str, query: str) -> None:
    found = search_terms(Url("https", host, 443, path, f"q={query}"))

    assert found is None or (0 < len(found) <= LONGEST and found.isprintable())
    assert found is None or found == " ".join(found.split())


def test_every_row_of_the_table_can_be_meant() -> None:
    with (resources.files("filter_lists") / "search_engines.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))

    assert len(engines()) > 400
    for row in rows:
        assert row["engine"], row
        assert row["paths"], row
        assert None not in row, row  # a comma too many
        assert row["parameters"].split() or all(path.endswith("{}") for path in row["paths"].split()), row
        assert all(path == ANY or path.startswith("/") for path in row["paths"].split()), row
    for domain in engines():
        try:
            assert parse_url(f"https://{domain}/").host == domain
        except NameFault:
            pytest.fail(domain)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (
            "https://www.google.com/maps/search/clinic+near+me/@51.5,-0.1",
            "https://www.google.com/maps/search/",
        ),
        ("https://www.google.com/maps/search/x?q=y", "https://www.google.com/maps/search/"),
        ("https://www.google.com/search?q=clinic&hl=en", "https://www.google.com/search"),
        ("https://www.google.com/complete/search?client=x&q=clin", "https://www.google.com/complete/search"),
        ("https://www.google.com/complete/search?%71=clin", "https://www.google.com/complete/search"),
        ("https://duckduckgo.com/ac/?q=clin", "https://duckduckgo.com/ac/"),
        ("https://www.qwant.com/?t=web&q=clinic", "https://www.qwant.com/"),
        ("https://open.spotify.com/search/clinic/tracks", "https://open.spotify.com/search/"),
        ("https://www.pexels.com/search/videos/clinic/", "https://www.pexels.com/search/videos/"),
        ("https://www.pexels.com/search/clinic/", "https://www.pexels.com/search/"),
        ("https://www.youtube.com/watch?v=abc&t=3", "https://www.youtube.com/watch?v=abc&t=3"),
        ("https://clinic.test/search?q=clinic", "https://clinic.test/search?q=clinic"),
    ],
)
def test_an_address_can_be_had_without_what_was_searched_for(url: str, kept: str) -> None:
    assert str(without_terms(parse_url(url))) == kept


def test_of_two_places_for_the_words_the_more_exact_one_counts() -> None:
    assert terms("https://www.pexels.com/search/videos/otters/") == "otters"
    assert terms("https://www.pexels.com/search/otters/") == "otters"


@given(st.sampled_from(sorted(engines())), st.text("abc/?&=q%+", max_size=30))
def test_no_words_are_left_in_an_address_without_them(host: str, rest: str) -> None:
    try:
        url = parse_url(f"https://{host}/{rest}")
    except NameFault:
        return
    assert search_terms(without_terms(url)) is None
