"""What may be asked of the filtering log, and how a line in the change log tells it."""

from typing import Any

import pytest

from audit_api.log_wanted import ToExport, Wanted, in_words
from tests.audit_api.school import School, fields_of, problem_of
from tests.audit_api.test_filtering_log import record, rows


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "everything"),
        ({"below": "yes", "parts": "no", "limit": 7}, "everything"),
        ({"host": "bet.test", "below": "no", "parts": "yes"}, "host bet.test, below no, parts yes"),
        ({"verdict": "block", "cursor": "x"}, "verdict block, a further page"),
        ({"person": "anna", "purpose": "why", "names": "yes"}, "everything"),
        ({"search_terms": "anna akhtar", "class": "6B"}, "class 6B, words in search terms"),
    ],
)
def test_the_filter_is_told_without_whom_and_why(asked: dict[str, Any], says: str) -> None:
    assert in_words(Wanted.model_validate(asked)) == says


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("bücher.example", 1),
        ("www.bbc.example:443", 1),
        ("https://www.BBC.example/news?q=x#y", 1),
        ("*.bbc.example", 1),
        (".bbc.example.", 1),
        ("2001:db8::1", 1),
        ("[2001:DB8:0:0::1]", 1),
        ("http://[2001:db8::1]:8080/", 1),
        ("10.0.0.1", 1),
        ("10.0.0.1:8080", 1),
        ("0.1", 0),
        ("0.0.1", 0),
    ],
)
def test_a_host_is_found_however_it_is_spelt(school: School, said: str, found: int) -> None:
    for host in ("xn--bcher-kva.example", "www.bbc.example", "2001:db8::1", "10.0.0.1"):
        record(school, "anna", 1, host=host)
    assert len(rows(school, "gail", host=said)) == found


@pytest.mark.parametrize(
    "said", ["*", ".", "a..b", " ", "two words", "www.*.test", "ftp://x.test", "https://"]
)
def test_what_is_no_host_is_refused_by_its_name(school: School, said: str) -> None:
    answer = school.as_("gail").get("/api/v1/filtering-log", params={"host": said})
    says = "a host like www.bbc.co.uk is needed, or an IP address"
    assert fields_of(problem_of(answer, 422, "bad-input")) == {"host": says}
    browser, _ = school.browser("gail")
    assert says in browser.get("/filtering-log", params={"host": said}).text


def test_of_a_pasted_address_only_the_host_is_told() -> None:
    pasted = Wanted.model_validate({"host": "https://x.test/patient/anna?token=1"})
    assert in_words(pasted) == "host x.test"


@pytest.mark.parametrize(
    "said", ["CAFÉ", "cafe\N{COMBINING ACUTE ACCENT}", "café  noir", " ｃａｆé", "ca\u200bfé n", "c++"]
)
def test_words_are_looked_for_as_they_are_kept(school: School, said: str) -> None:
    record(school, "anna", 1, search_terms="café noir c++")
    assert len(rows(school, "cora", search_terms=said, purpose="a report")) == 1


def test_words_that_are_none_are_refused(school: School) -> None:
    asked = {"search_terms": " \u200b", "purpose": "a report"}
    answer = school.as_("cora").get("/api/v1/filtering-log", params=asked)
    assert fields_of(problem_of(answer, 422, "bad-input")) == {
        "search_terms": "there is nothing in it to look for"
    }


def test_the_form_of_an_export_is_no_filter() -> None:
    assert in_words(ToExport.model_validate({"format": "jsonl"})) == "everything"


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 3),
        ({"parts": "yes"}, 4),
        ({"host": "bet.test"}, 2),
        ({"host": "bet.test", "below": "no"}, 1),
        ({"host": "bet.test", "below": "no", "parts": "yes"}, 1),
        ({"host": "www.bet.test", "below": "no"}, 1),
    ],
)
def test_pages_and_blocks_are_shown_and_parts_to_who_asks(
    school: School, wanted: dict[str, str], count: int
) -> None:
    record(school, "anna", 1)
    record(school, "anna", 2, host="www.bet.test", page=False)  # a part, and blocked
    record(school, "anna", 3, host="maths.test", verdict="allow")
    record(school, "anna", 4, host="maths.test", verdict="allow", page=False)

    assert len(rows(school, "gail", **wanted)) == count
