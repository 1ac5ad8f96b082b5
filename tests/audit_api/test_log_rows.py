"""What a row without a name tells: nothing of who it was, whatever it holds and however it is read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from audit_api.few import Narrowing
from audit_api.log_rows import Named, Nameless, illegal_in
from audit_log.db import reading, writing
from audit_log.filtering_log import LogRow
from audit_log.tables import correction
from filter_policy.model import Reason, Role, Verdict
from tests.audit_api.logged import a_row, seal_up_to, store
from tests.audit_api.school import School
from tests.audit_api.test_filtering_log import URL, record, rows
from tests.builders import NOON

TERMS, QUERY, FRAGMENT, PATH, ADDRESS = "anna akhtar nude", "q=anna", "anna-frag", "anna-path", "127.20.0.99"
MARKS = (TERMS, "nude", QUERY, FRAGMENT, ADDRESS)
PERSONAL = ("person", "recorded_as", "client_address", "search_terms")

urls = st.sampled_from(
    [
        None,
        f"https://www.google.com/search?{QUERY}+nude#{FRAGMENT}",
        f"https://www.google.co.uk/search?hl=en&{QUERY}",
        "https://www.ecosia.org/search?q=nude",
        f"https://any.test/{PATH}?{QUERY}#{FRAGMENT}",
        f"https://any.test?{QUERY}",
        f"http://any.test:8080/#{FRAGMENT}",
        f"https://[::1]/x?{QUERY}",
        f"https://not a name/{PATH}?{QUERY}",
        "sealed:0123456789abcdef",
    ]
)
log_rows = st.builds(
    LogRow,
    event_id=st.just("01" * 13),
    reference=st.just("ABC-DEF"),
    at=st.just(NOON),
    kind=st.sampled_from(["request", "connect", "tunnel", "websocket", "handshake", "unparsed"]),
    person_id=st.sampled_from(["p_anna", None]),
    role=st.sampled_from([*(role.value for role in Role), None]),
    filter_groups=st.sampled_from([("upper-ks2",), ("staff", "p_anna-alone"), ()]),
    classes=st.sampled_from([("6B",), ("6A", "choir"), ()]),
    client_address=st.sampled_from([ADDRESS, None]),
    method=st.sampled_from(["GET", None]),
    url=urls,
    host=st.sampled_from(["any.test", None]),
    category=st.sampled_from(["gambling", "child-sexual-abuse", None]),
    list_id=st.none(),
    entry=st.sampled_from([f"any.test/{PATH}", None]),
    verdict=st.sampled_from([each.value for each in Verdict]),
    reason=st.sampled_from([each.value for each in Reason]),
    rule=st.sampled_from([f"sites.any.test/{PATH}", "access.gambling.everyone", None]),
    unblock_id=st.none(),
    policy_revision=st.just("r1"),
    search_terms=st.sampled_from([TERMS, None]),
    page=st.booleans(),
    keep=st.just("pupils"),
    status=st.none(),
    bytes_up=st.none(),
    bytes_down=st.none(),
    duration_ms=st.none(),
    outcome=st.just("done"),
    recorded_as=st.sampled_from(["p_anna", None]),
).map(lambda row: row if row.role else replace(row, filter_groups=("unidentified",), classes=()))


def nameless(school: School, *found: LogRow, approving: bool) -> Iterator[dict[str, Any]]:
    bundle = school.app.state.window.bundle()
    people = [each.person for each in bundle.accounts.values()]
    view = Nameless(illegal_in(bundle.policy), people, Narrowing(), approving)
    with reading(school.desk.engine) as conn:
        yield from (row.model_dump() for row in view.shown(conn, found))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log_rows, st.booleans())
def test_no_row_without_a_name_tells_who_or_what_was_searched_for(
    school: School, row: LogRow, approving: bool
) -> None:
    for told in nameless(school, row, approving=approving):
        assert [told[name] for name in PERSONAL] == [None] * len(PERSONAL)
        assert not [mark for mark in (*MARKS, "p_anna") if mark in str(told)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log_rows)
def test_a_governor_sees_no_path_in_any_field(school: School, row: LogRow) -> None:
    for told in nameless(school, row, approving=False):
        assert told["url"] is None
        assert PATH not in str(told)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://www.google.com/search?q=anna", "https://www.google.com/"),
        ("https://any.test/a/b?c=d#e", "https://any.test/a/b"),
        ("https://any.test", "https://any.test"),
        ("sealed:0123", "sealed:0123"),
        (None, None),
    ],
)
def test_an_address_ends_where_it_could_hold_what_was_searched_for(
    school: School, url: str | None, shown: str | None
) -> None:
    record(school, "anna", 1, url=url)

    assert rows(school, "cora")[0]["url"] == shown
    assert rows(school, "gail")[0]["url"] is None


def test_search_terms_stand_in_rows_by_name_alone(school: School) -> None:
    record(school, "anna", 1, search_terms=TERMS, url=f"https://www.google.com/search?{QUERY}")
    nameless_, named = rows(school, "cora")[0], rows(school, "cora", names="yes", purpose="a worry")[0]

    assert (nameless_["search_terms"], nameless_["url"]) == (None, "https://www.google.com/")
    assert (named["search_terms"], named["url"]) == (TERMS, f"https://www.google.com/search?{QUERY}")


def test_looking_for_words_is_a_reading_by_name_that_is_recorded(school: School) -> None:
    record(school, "anna", 1, search_terms=TERMS)
    record(school, "ben", 2, search_terms="rivers of france")
    found = rows(school, "cora", search_terms="Akhtar N", purpose="a worry")
    line = school.as_("hedy").get("/api/v1/changes").json()["rows"][0]

    assert [row["who"] for row in found] == ["Anna Akhtar"]
    assert line["texts"] == {
        "what": "words in search terms", "purpose": "a worry", "search_terms": "akhtar n",
    }  # fmt: skip
    assert "akhtar" not in line["sealed"].lower()
    assert school.as_("gail").get(URL, params={"search_terms": "x", "purpose": "x"}).status_code == 403
    assert school.as_("cora").get(URL, params={"search_terms": "x"}).status_code == 422


@pytest.fixture
def mistaken(school: School) -> School:
    """Two people agreed that what was recorded as Anna's in the hour before noon was Ben's."""
    record(school, "anna", 1)
    record(school, "anna", 90)
    values = {
        "id": "c_1", "person_id": school.person("anna").id, "right_person_id": school.person("ben").id,
        "from_at": NOON - timedelta(hours=1), "to_at": NOON, "client_address": None, "agreed_at": NOON,
    }  # fmt: skip
    with writing(school.desk.engine) as conn:
        conn.execute(insert(correction).values(values))
    return school


def test_a_corrected_row_says_so_by_name(mistaken: School) -> None:
    first, second = rows(mistaken, "cora", names="yes", purpose="a worry")

    assert first["who"] == "recorded as Anna Akhtar, corrected: Ben Brown"
    assert (first["person"]["username"], first["recorded_as"]["username"]) == ("ben", "anna")
    assert (second["who"], second["recorded_as"]) == ("Anna Akhtar", None)


def test_a_corrected_row_is_found_by_whose_it_is(mistaken: School) -> None:
    assert len(rows(mistaken, "cora", person="ben", purpose="a worry")) == 1
    assert len(rows(mistaken, "cora", person="anna", purpose="a worry")) == 1


def test_reading_a_corrected_row_is_reading_about_both(mistaken: School) -> None:
    rows(mistaken, "cora", names="yes", purpose="a worry", **{"from": "2026-11-24T11:30:00Z"})
    wanted = {"event": "filtering-log:read"}
    lines = mistaken.as_("hedy").get("/api/v1/changes", params=wanted).json()["rows"]

    assert {line["object"] for line in lines} == {mistaken.person(name).id for name in ("anna", "ben")}
    assert [line["detail"]["rows"] for line in lines] == [1, 1]


def test_a_row_that_is_nobodys_says_so(school: School) -> None:
    row = replace(_any_row(), person_id=None, recorded_as=school.person("anna").id)
    with reading(school.desk.engine) as conn:
        (told,) = Named(frozenset()).shown(conn, [row])

    assert told.who == "recorded as Anna Akhtar, corrected: nobody known"
    assert told.person is None


def _any_row() -> LogRow:
    return LogRow(
        event_id="01" * 13, reference="ABC-DEF", at=NOON, kind="request", person_id=None, role="pupil",
        filter_groups=(), classes=(), client_address=None, method=None, url=None, host=None, category=None,
        list_id=None, entry=None, verdict="allow", reason="unlisted-allowed", rule=None, unblock_id=None,
        policy_revision="r1", search_terms=None, page=True, keep="pupils", status=None, bytes_up=None,
        bytes_down=None, duration_ms=None, outcome=None,
    )  # fmt: skip


@pytest.mark.parametrize("form", ["json", "csv", "export"])
def test_governors_are_shown_nothing_of_a_pupil_in_any_form(school: School, form: str) -> None:
    anna = school.person("anna")
    url = f"https://www.google.com/{PATH}?{QUERY}#{FRAGMENT}"
    row = a_row(
        anna, search_terms=TERMS, url=url, client_address=ADDRESS, opened_in=1, entry=f"x.test/{PATH}"
    )
    store(school.desk.engine, [row])
    seal_up_to(school.desk.engine, 1)
    headers = {"Accept": "text/csv" if form == "csv" else "application/json"}
    answer = school.as_("gail").get(URL + "/export" * (form == "export"), headers=headers)

    assert "a pupil of 6B" in answer.text
    assert not [mark for mark in (*MARKS, PATH, anna.id, "Akhtar") if mark in answer.text]
