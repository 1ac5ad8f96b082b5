"""Whatever is sent as an unblock request, the answer is a request or a problem of the caller's."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.audit_api.school import School, an_ask

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.lists(st.text(max_size=20), max_size=4)
KNOWN = st.sampled_from(["bet.test", "porn.test", "co.uk"])
SITES = st.lists(st.from_regex(r"[a-z0-9.\-_*\[\]:%/@ ]{0,30}") | KNOWN, max_size=4)
INSTANTS = st.sampled_from(["2026-11-24T13:00:00Z", "24:00", "9999-12-31"])
TIMES = st.datetimes().map(str) | st.text(max_size=30) | INSTANTS
DAYS = st.lists(st.sampled_from(["mon", "tue", "sun", "x"]), max_size=4)
CLOCK = st.sampled_from(["10:00", "11:30", "24:00", ""])
SLOTS = st.fixed_dictionaries(
    {},
    optional={
        "every": st.fixed_dictionaries(
            {}, optional={"days": DAYS, "from": CLOCK, "to": CLOCK, "weeks": st.integers(-1, 60) | st.text()}
        ),
        "period": st.sampled_from(["lessons", "lunch"]) | ANYTHING,
        "days": DAYS,
        "weeks": st.integers(-1, 60),
        "starts_on": TIMES,
    },
)
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "sites": SITES,
    "for": st.fixed_dictionaries({}, optional={"classes": NAMES, "filter_groups": NAMES, "people": NAMES}),
    "starts_at": TIMES,
    "ends_at": TIMES,
    "subject": st.text(max_size=50),
    "reason": st.text(max_size=50),
    "windows": st.lists(st.fixed_dictionaries({"starts_at": TIMES, "ends_at": TIMES}), max_size=3) | SLOTS,
    "companions": SITES,
    "objective": st.text(max_size=50),
    "supervised_by": st.sampled_from(["cora", "anna"]) | st.text(max_size=20),
    "extends": st.text(max_size=70),
}
CHANGES = st.fixed_dictionaries({}, optional={name: wish | ANYTHING for name, wish in LIKELY.items()})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=CHANGES.map(lambda changes: an_ask() | changes) | ANYTHING)
def test_no_request_is_ever_answered_with_an_error_of_ours(school: School, body: Any) -> None:
    answer = school.as_("tess").post("/api/v1/unblocks", json=body)

    assert answer.status_code in (201, 400, 422), answer.text
    assert answer.json()["state"] == "requested" if answer.status_code == 201 else answer.json()["title"]


WHERE = st.fixed_dictionaries({"sites": SITES, "for": LIKELY["for"]}, optional={"at": TIMES})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=WHERE | ANYTHING)
def test_no_question_what_a_class_would_see_is_answered_with_an_error_of_ours(
    school: School, body: Any
) -> None:
    answer = school.as_("tess").post("/api/v1/unblocks/check", json=body)

    assert answer.status_code in (200, 400, 422), answer.text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.fixed_dictionaries({}, optional={"sites": SITES | ANYTHING, "companions": SITES | ANYTHING}))
def test_whatever_is_agreed_to_was_asked_for(school: School, body: Any) -> None:
    made = school.as_("tess").post("/api/v1/unblocks", json=an_ask("a.test", "bet.test")).json()["id"]
    answer = school.as_("terry").post(f"/api/v1/unblocks/{made}/approve", json=body)

    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200:
        assert set(answer.json()["agreed"]["sites"]) <= {"a.test", "bet.test"}
        assert answer.json()["agreed"]["companions"] == []
