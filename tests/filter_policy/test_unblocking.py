"""What may be asked for a lesson, and what nobody can be given."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.names import Url
from filter_policy.model import Listing
from filter_policy.unblocking import AskError, parse_ask, refusal
from tests.builders import NOON, a_policy

ASK: Mapping[str, object] = {
    "sites": ["racism.example"],
    "for": {"classes": ["6B"]},
    "starts_at": "2026-11-24T10:00:00Z",
    "ends_at": "2026-11-24T13:00:00Z",
    "subject": "History",
    "reason": "the civil rights movement",
}


def faults(**changes: object) -> dict[str, str]:
    with pytest.raises(AskError) as error:
        parse_ask({**ASK, **changes}, a_policy(), NOON)
    return error.value.faults


def test_a_whole_request_is_understood() -> None:
    ask = parse_ask(ASK, a_policy(), NOON)

    assert [str(site) for site in ask.sites] == ["racism.example"]
    assert (ask.starts_at.hour, set(ask.classes), ask.subject) == (10, {"6B"}, "History")


def test_a_time_without_a_zone_is_school_time() -> None:
    summer = datetime(2026, 9, 3, 8, tzinfo=UTC)
    ask = parse_ask(
        {**ASK, "starts_at": "2026-09-03T10:00", "ends_at": "2026-09-03T11:00"}, a_policy(), summer
    )

    assert ask.starts_at == datetime(2026, 9, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reason", "  "),
        ("reason", "x" * 2001),
        ("subject", None),
        ("ends_at", "2026-11-24T10:00:00Z"),
        ("ends_at", "2026-11-24T09:00:00Z"),
        ("ends_at", "2027-01-24T10:00:00Z"),
        ("ends_at", "2026-11-24T11:59:00Z"),
        ("starts_at", "soon"),
        ("starts_at", 7),
        ("starts_at", "0001-01-01T00:00:00+14:00"),
        ("sites", []),
        ("sites", "racism.example"),
        ("sites", ["co.uk"]),
        ("sites", ["*.co.uk"]),
        ("sites", ["uk"]),
        ("sites", ["github.io"]),
        ("sites", ["10.0.0.0/8"]),
        ("sites", ["10.0.0.1"]),
        ("sites", ["2130706433"]),
        ("sites", ["0x7f.1"]),
        ("sites", ["::1"]),
        ("sites", ["[::1]"]),
        ("sites", ["a b"]),
        ("sites", ["x.example?q=1"]),
        ("sites", ["x.example"] * 51),
        ("for", None),
        ("for", {}),
        ("for", {"classes": []}),
        ("for", {"everyone": True}),
        ("sites", ["\ud800.example"]),
        ("reason", "\ud800"),
        ("subject", "a\0b"),
    ],
)
def test_bad_input_names_its_field(field: str, value: object) -> None:
    assert set(faults(**{field: value})) == {field}


def test_nobody_asks_years_ahead() -> None:
    found = faults(starts_at="2028-11-24T10:00:00Z", ends_at="2028-11-24T11:00:00Z")

    assert set(found) == {"starts_at"}


@pytest.mark.parametrize("name", ["", "\ud800", "a\0", "x" * 65])
def test_a_class_that_is_no_name_is_refused(name: str) -> None:
    assert set(faults(**{"for": {"classes": [name]}})) == {"for.classes"}


def test_all_faults_are_named_at_once() -> None:
    found = faults(sites=["co.uk"], reason="", ends_at="never", **{"for": {"filter_groups": ["ghosts"]}})

    assert set(found) == {"sites", "reason", "ends_at", "for.filter_groups"}


@pytest.mark.parametrize(("category", "word"), [("child-sexual-abuse", "illegal"), ("pornography", "locks")])
def test_a_site_of_a_locked_or_illegal_kind_is_refused_with_the_reason(category: str, word: str) -> None:
    def lookup(url: Url) -> list[Listing]:
        return [Listing(category, "list", url.host)]

    assert word in (refusal(parse_ask(ASK, a_policy(), NOON), a_policy(), lookup) or "")


def test_a_site_on_a_sealed_list_is_refused_whatever_its_kind() -> None:
    ask = parse_ask(ASK, a_policy(), NOON)

    says = refusal(ask, a_policy(), lambda url: [Listing("education", "iwf", "(not shown)")]) or ""

    assert "illegal" in says
    assert "iwf" not in says


def test_a_site_of_another_kind_may_be_asked_for() -> None:
    ask = parse_ask(ASK, a_policy(), NOON)

    assert refusal(ask, a_policy(), lambda url: [Listing("discrimination", "list", url.host)]) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*ASK, "other"]), json_values, max_size=7))
def test_whatever_is_sent_is_understood_or_refused_by_field(body: dict[str, object]) -> None:
    try:
        parse_ask({**ASK, **body}, a_policy(), NOON)
    except AskError as error:
        assert error.faults
