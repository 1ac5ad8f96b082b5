"""What may be asked of the filtering log, and how a line in the change log tells it."""

from typing import Any

import pytest

from audit_api.log_wanted import ToExport, Wanted, in_words
from tests.audit_api.school import School
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
