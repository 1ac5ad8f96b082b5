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
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "sites": SITES,
    "for": st.fixed_dictionaries({}, optional={"classes": NAMES, "filter_groups": NAMES, "people": NAMES}),
    "starts_at": TIMES,
    "ends_at": TIMES,
    "subject": st.text(max_size=50),
    "reason": st.text(max_size=50),
}
CHANGES = st.fixed_dictionaries({}, optional={name: wish | ANYTHING for name, wish in LIKELY.items()})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=CHANGES.map(lambda changes: an_ask() | changes) | ANYTHING)
def test_no_request_is_ever_answered_with_an_error_of_ours(school: School, body: Any) -> None:
    answer = school.as_("tess").post("/api/v1/unblocks", json=body)

    assert answer.status_code in (201, 400, 422), answer.text
    assert answer.json()["state"] == "requested" if answer.status_code == 201 else answer.json()["title"]
