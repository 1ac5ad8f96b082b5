"""Lists as CSV, and cursors."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from audit_api.pages import Local, environment
from audit_api.problems import Problem
from audit_api.rows import as_csv, listed, read_cursor, write_cursor

EARLY, LATE = datetime(1970, 1, 1), datetime(8999, 12, 31)


def cell(value: Any) -> str:
    return as_csv([{"a": value}], ["a"]).split("\r\n", 1)[1].removesuffix("\r\n")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, '""'),
        (True, '"yes"'),
        (0, '"0"'),
        (["a", "b"], '"a;b"'),
        ([{"id": "p1", "name": "Tess Taylor"}], '"Tess Taylor"'),
        ({"id": None, "name": "a pupil of 6B"}, '"a pupil of 6B"'),
        ("a,b", '"a,b"'),
        ({"x": 1}, '"{""x"": 1}"'),
    ],
)
def test_a_cell_is_what_a_person_would_write(value: Any, shown: str) -> None:
    assert cell(value) == shown


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_a_spreadsheet_runs_nothing_of_ours(text: str) -> None:
    assert cell(text).strip('"').startswith("'")
    assert cell([text, "b"]).strip('"').startswith("'")
    assert cell(["b", text]) == f'"b;\'{text}"'


def test_a_column_may_be_a_path() -> None:
    rows: list[dict[str, Any]] = [{"for": {"classes": ["6A", "6B"]}}, {"for": None}, {}]

    assert as_csv(rows, ["for.classes"]).split() == ['"for.classes"', '"6A;6B"', '""', '""']


@given(at=st.datetimes(EARLY, LATE, timezones=st.just(UTC)), id_=st.text("0123456789abcdef", min_size=1))
def test_a_cursor_leads_back_to_its_row(at: datetime, id_: str) -> None:
    text = write_cursor((at, id_))

    assert read_cursor(text) == (at, id_)
    assert text is not None
    assert text.isascii()


@given(st.text(max_size=40))
def test_any_other_text_is_a_problem_of_the_callers(text: str) -> None:
    try:
        read_cursor(text)
    except Problem as problem:
        assert list(problem.errors) == ["cursor"]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1969-12-31T00Z"])
def test_a_cursor_at_the_end_of_time_is_none_of_ours(at: str) -> None:
    with pytest.raises(Problem):
        read_cursor(base64.urlsafe_b64encode(f"{at}|x".encode()).decode())


def test_a_short_page_says_how_far_back_it_looked() -> None:
    request = Request({"type": "http", "path": "/x", "query_string": b"", "headers": []})

    answer = listed(request, [], "cursor", ["a"], searched_to="2026-11-03T10:12:00Z")

    assert json.loads(bytes(answer.body)) == {
        "rows": [],
        "next": "cursor",
        "searched_to": "2026-11-03T10:12:00Z",
    }


def test_the_console_says_so_too_and_offers_to_go_on() -> None:
    local = Local(ZoneInfo("Europe/London"))
    parts: Any = environment().get_template("parts.html").make_module()

    said = parts.looked_back("2026-11-03T10:12:00Z", local)

    assert "3 Nov 10:12" in said
    assert not parts.looked_back(None, local).strip()
