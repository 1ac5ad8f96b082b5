"""The table of known carriers says where each has the address of what it shows."""

import csv
import time
from importlib import resources

import pytest

from filter_lists.carriers import known_ways, pattern
from filter_lists.names import canonical_host


def rows() -> list[dict[str, str]]:
    with (resources.files("filter_lists") / "carriers.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_each_row_names_canonical_hosts_and_says_how_it_carries() -> None:
    for row in rows():
        assert set(row) == {
            "carrier",
            "domains",
            "at",
            "parameters",
            "perhaps",
            "inside",
            "unreadable",
            "how",
        }
        for domain in row["domains"].split():
            assert canonical_host(domain.replace("*", "com")) == domain.replace("*", "com")
        names = row["parameters"] + row["perhaps"]
        assert not names or row["at"], row
        assert names or row["inside"] or row["unreadable"] or row["how"], row
        assert set(row["how"].split()) <= {"dash", "perhaps-dash", "cache", "query", "lenient"}
        assert (row["parameters"] + row["perhaps"]).islower() or not names


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.google.co.uk", "google.co.uk"),
        ("google.com", "google.com"),
        ("translate.google.de", "translate.google.de"),
        ("a-b.translate.goog", "translate.goog"),
        ("web.archive.org", "web.archive.org"),
        ("yandex.com.tr", "yandex.com.tr"),
        ("us5-browse.startpage.com", "us5-browse.startpage.com"),
    ],
)
def test_a_known_carrier_is_found_by_its_name_and_those_below(host: str, domain: str) -> None:
    assert domain in {way.domain for way in known_ways(host)}


@pytest.mark.parametrize(
    "host", ["www.bbc.co.uk", "google", "notgoogle.com", "goog", "archive.org.example", "1.1.1.1", "::1"]
)
def test_other_hosts_are_no_carriers(host: str) -> None:
    assert known_ways(host) == ()


@pytest.mark.parametrize(
    ("form", "path", "address"),
    [
        ("/web/#/{}", "/web/20240101000000id_/https://a.test/x", "https://a.test/x"),
        ("/web/#/{}", "//WEB/*/a.test", "a.test"),
        ("/c/s/{}", "/c/s/a.test/x/", "a.test/x/"),
        ("/o/*/{}", "/o/AbC1/http://a.test", "http://a.test"),
        ("/{http}", "/HTTPS%3A%2F%2Fa.test", "HTTPS%3A%2F%2Fa.test"),
        ("/web/#/{}", "/web/words/a.test", None),
        ("/{http}", "/help", None),
    ],
)
def test_a_form_of_a_path_finds_the_address_in_it(form: str, path: str, address: str | None) -> None:
    match = pattern(form).fullmatch(path)

    assert (match[1] if match else None) == address


def test_many_parts_are_looked_through_in_little_time() -> None:
    form = pattern("/**/{http}")
    assert form.fullmatch("/a/b//c/https://x.test/y") is not None
    begun = time.process_time()
    for path in ("/" * 60_000, "/a" * 30_000, "/a" + "/" * 60_000 + "b", "/http" * 12_000, "/a//" * 15_000):
        assert form.fullmatch(path) is None
    assert time.process_time() - begun < 0.5
