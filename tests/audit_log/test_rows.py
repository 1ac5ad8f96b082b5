"""A record becomes a row whole, and what a client chose cannot stop it."""

from datetime import date
from typing import Any

import pytest

from audit_log.rows import (
    CLOSING,
    OPENING,
    BadRecord,
    closing_values,
    day_of,
    host_key,
    opening_values,
    part_of,
    site_of,
    who_key,
)
from tests.audit_log.records import a_close, an_open, event_id


def opening(record: dict[str, Any]) -> dict[str, Any]:
    return dict(zip(OPENING, opening_values(record, "gate-1"), strict=True))


def closing(record: dict[str, Any]) -> dict[str, Any]:
    return dict(zip(CLOSING, closing_values(record), strict=True))


def test_every_fact_of_the_opening_has_its_column() -> None:
    assert opening(an_open(7, unblock="u_1")) == {
        "event_id": event_id(7),
        "reference": "000-007",
        "at": "2026-11-24 12:00:07.000000",
        "kind": "request",
        "gate": "gate-1",
        "person_id": "p_anna",
        "role": "pupil",
        "filter_groups": '["upper-ks2"]',
        "classes": '["6B"]',
        "client_address": "127.0.0.9",
        "method": "GET",
        "url": "https://news.bbc.example/world/rivers",
        "host": "news.bbc.example",
        "category": "education",
        "list_id": "starter-education",
        "entry": "bbc.example",
        "verdict": "allow",
        "reason": "category-allowed",
        "rule": "access.education.everyone",
        "unblock_id": "u_1",
        "policy_revision": "r" * 64,
        "search_terms": None,
        "page": True,
        "keep": "everyone",
    }


def test_what_the_gate_says_of_terms_pages_and_keeping_is_kept() -> None:
    row = opening(an_open(7, terms="how do rivers form", page=False, keep="pupils"))

    assert (row["search_terms"], row["page"], row["keep"]) == ("how do rivers form", False, "pupils")


@pytest.mark.parametrize(
    "wrong", [{"page": 1}, {"keep": 7}, {"verdict": "maybe"}, {"id": "short"}, {"id": "i" * 26}]
)
def test_an_opening_that_could_not_be_sealed_says_so(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        opening_values(an_open(**wrong), "gate-1")


def test_rows_go_together_by_how_long_they_are_kept_and_by_day() -> None:
    values = opening_values(an_open(7, keep="pupils"), "gate-1")

    assert part_of(values) == "pupils/2026-11-24"
    assert day_of(part_of(values)) == date(2026, 11, 24)
    assert who_key(values) == ("pupil", '["upper-ks2"]', '["6B"]')


@pytest.mark.parametrize(
    ("host", "key", "site"),
    [
        ("www.bbc.co.uk", "uk.co.bbc.www.", "bbc.co.uk"),
        ("bbc.co.uk", "uk.co.bbc.", "bbc.co.uk"),
        ("10.1.2.3", "3.2.1.10.", "10.1.2.3"),
        ("[::1]", "[::1].", "[::1]"),
        ("localhost", "localhost.", "localhost"),
        (None, None, ""),
    ],
)
def test_a_host_has_a_key_by_which_what_is_below_it_lies_beside_it(
    host: str | None, key: str | None, site: str
) -> None:
    assert host_key(host) == key
    assert site_of(host) == site


def test_every_fact_of_the_closing_has_its_column() -> None:
    assert closing(a_close(7, decrypted=True)) == {
        "decrypted": True,
        "status": 200,
        "bytes_up": 512,
        "bytes_down": 20_480,
        "duration_ms": 98,
        "outcome": "done",
    }


def test_what_is_closed_has_an_outcome() -> None:
    assert closing({"t": "close", "id": event_id(1)})["outcome"] == "done"
    assert closing(a_close(outcome="cut"))["outcome"] == "cut"


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "200"},
        {"ms": 1.5},
        {"up": True},
        {"outcome": 7},
        {"outcome": "done" * 5},
        {"outcome": "done\0"},
    ],
)
def test_a_closing_that_cannot_be_kept_exactly_says_so(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        closing_values(a_close(**wrong))


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ({"status": 99_999_999_999}, "status"),
        ({"status": -(2**31) - 1}, "status"),
        ({"up": 2**63}, "bytes_up"),
        ({"down": 10**4000}, "bytes_down"),
        ({"ms": 2**31}, "duration_ms"),
    ],
)
def test_a_number_that_no_column_holds_costs_that_number_and_no_more(
    given: dict[str, Any], column: str
) -> None:
    kept, usual = closing(a_close(7, **given)), closing(a_close(7))

    assert kept == usual | {column: None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"person": "p" * 33},
        {"role": "r" * 17},
        {"kind": "k" * 13},
        {"reason": "nul\0"},
        {"category": "c" * 65},
        {"list": "\ud800"},
        {"unblock": "u" * 33},
        {"revision": "r" * 65},
        {"keep": "k" * 65},
        {"kind": None},
        {"groups": ["upper-ks2"] * 200},
        {"classes": ["6B"] * 2000},
        {"groups": [1]},
    ],
)
def test_what_is_not_the_clients_choice_is_never_cut(wrong: dict[str, Any]) -> None:
    """It is set aside whole, whatever database it is for."""
    with pytest.raises(BadRecord):
        opening_values(an_open(**wrong), "gate-1")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"rule": "x" * 300}, {"rule": "x" * 200}),
        ({"rule": "a\0b", "entry": "e\ud800"}, {"rule": "a\ufffdb", "entry": "e?"}),
        ({"method": "A" * 5000}, {"method": "A" * 16}),
        ({"host": "h" * 300}, {"host": "h" * 253}),
        ({"url": "https://a/" + "x" * 9000}, {"url": "https://a/" + "x" * 8182}),
        ({"url": "https://a/\0\ud800é"}, {"url": "https://a/\ufffd?é"}),
        ({"address": None, "groups": None, "classes": []}, {"client_address": None, "filter_groups": "[]"}),
    ],
)
def test_what_a_client_chose_is_cut_to_what_a_database_can_keep(
    given: dict[str, Any], kept: dict[str, Any]
) -> None:
    made = opening(an_open(**given))

    assert {name: made[name] for name in kept} == kept


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": "yesterday"},
        {"at": "2026-11-24T12:00:07+01:00"},
        {"at": None},
        {"id": None},
        {"groups": 7},
        {"groups": [[]]},
        {"method": 7},
        {"verdict": 7},
        {"category": ["a"]},
    ],
)
def test_a_record_that_cannot_be_a_row_says_so(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        opening_values(an_open() | wrong, "gate-1")


@pytest.mark.parametrize("missing", ["id", "at", "kind", "verdict", "reason", "revision"])
def test_a_record_without_a_fact_that_counts_says_so(missing: str) -> None:
    record = an_open()
    del record[missing]

    with pytest.raises(BadRecord, match=missing):
        opening_values(record, "gate-1")
