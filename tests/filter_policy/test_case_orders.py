"""An order is read from the words that were signed, and lasts no longer than an order may."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.names import parse_site
from filter_policy.case_orders import (
    ISOLATE,
    MODE,
    MOST_DAYS,
    MOST_HOURS,
    RELEASE,
    Order,
    OrderFault,
    investigation_of,
    investigations_of,
    isolation_of,
    isolations_of,
    order_in,
    order_out,
    released_by,
)
from filter_policy.model import Investigation, Isolation
from tests.builders import NOON

BOTH = frozenset({"p_cora", "p_hedy"})
HOUR = timedelta(hours=1)
LOOK: dict[str, Any] = {
    "act": "mode", "incident": "c1", "device": "::ffff:10.1.2.3", "sites": ["Bet.test", "x.test/a"],
    "ends_at": "2026-11-24T14:00:00+01:00",
}  # fmt: skip
SHUT = {"device": "10.1.2.3", "ends_at": "2026-11-25T12:00:00Z"}


def an_order(act: str, facts: object, **changes: Any) -> Order:
    return replace(Order(act, "s1", "c1", NOON, b"salt", json.dumps(facts), BOTH), **changes)


def test_an_investigation_is_what_its_words_say() -> None:
    sites = (parse_site("bet.test"), parse_site("x.test/a"))
    assert investigation_of(an_order(MODE, LOOK)) == Investigation(
        "s1", "c1", "10.1.2.3", BOTH, sites, NOON, NOON + HOUR
    )


def test_an_isolation_is_what_its_words_say() -> None:
    assert isolation_of(an_order(ISOLATE, SHUT)) == Isolation("s1", "10.1.2.3", NOON, NOON + 24 * HOUR)


def test_a_release_names_the_isolation() -> None:
    assert released_by(an_order(RELEASE, {"act": "release", "incident": "c1", "isolation": "i1"})) == "i1"


@given(st.datetimes(timezones=st.just(UTC)), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_no_investigation_begins_before_both_signed_or_lasts_longer_than_four_hours(
    ends_at: datetime, starts_at: datetime | None
) -> None:
    said = {**LOOK, "ends_at": ends_at.isoformat(), "starts_at": starts_at and starts_at.isoformat()}
    found = investigation_of(an_order(MODE, said))

    assert found.starts_at >= NOON
    assert found.ends_at <= ends_at
    assert found.ends_at - found.starts_at <= timedelta(hours=MOST_HOURS)


def test_no_isolation_lasts_longer_than_a_month() -> None:
    found = isolation_of(an_order(ISOLATE, {**SHUT, "ends_at": "2099-01-01T00:00:00Z"}))
    assert found.ends_at == NOON + timedelta(days=MOST_DAYS)


def test_an_investigation_is_for_those_it_names_and_both_who_signed_are_among_them() -> None:
    named = ["p_cora", "p_hedy", "p_tess"]
    assert investigation_of(an_order(MODE, {**LOOK, "people": named})).people == set(named)
    for others in (["p_hedy", "p_tess"], ["p_anna"], []):
        with pytest.raises(OrderFault):
            investigation_of(an_order(MODE, {**LOOK, "people": others}))


@pytest.mark.parametrize(
    "changes",
    [
        {"act": "close"}, {"incident": "c2"}, {"device": "laptop"}, {"device": None}, {"sites": []},
        {"sites": ["not a site"]}, {"sites": [1]}, {"ends_at": "soon"}, {"ends_at": "2026-11-24T14:00:00"},
        {"ends_at": 1}, {"ends_at": "9999-12-31T23:59:59-14:00"}, {"starts_at": "0001-01-01T00:00:00+14:00"},
        {"starts_at": "9999-12-31T23:59:59Z"},
    ],
)  # fmt: skip
def test_words_that_are_wrong_open_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(OrderFault):
        investigations_of([an_order(MODE, {**LOOK, **changes})])


def test_a_time_beyond_the_calendar_shuts_no_device_off() -> None:
    late = datetime.max.replace(tzinfo=UTC)
    beyond = an_order(ISOLATE, {**SHUT, "ends_at": "9999-12-31T23:59:59-14:00"})
    for order in (beyond, an_order(ISOLATE, SHUT, at=late)):
        with pytest.raises(OrderFault):
            isolation_of(order)


@pytest.mark.parametrize("facts", ["", "[]", "null", "{", '{"device":"10.1.2.3"}', "[" * 100_000])
def test_what_is_no_order_is_none(facts: str) -> None:
    for act, read in ((MODE, investigation_of), (ISOLATE, isolation_of), (RELEASE, released_by)):
        with pytest.raises(OrderFault):
            read(replace(an_order(act, {}), facts=facts))


def test_each_kind_of_order_is_read_as_what_it_is() -> None:
    orders = [an_order(MODE, LOOK), an_order(ISOLATE, SHUT), an_order(RELEASE, {})]

    assert [each.incident_id for each in investigations_of(orders)] == ["c1"]
    assert [each.device for each in isolations_of(orders)] == ["10.1.2.3"]


def test_an_order_comes_back_as_it_was_written() -> None:
    order = an_order(MODE, LOOK)
    assert order_in(json.loads(json.dumps(order_out(order)))) == order
    assert order.sha256 != replace(order, salt=b"other").sha256
    assert "bet.test" not in repr(order).lower()


@pytest.mark.parametrize(
    "changes",
    [
        {"act": "open"}, {"salt": "xy"}, {"facts": {}}, {"people": [1]}, {"at": "2026-11-24T12:00:00"},
        {"at": "9999-12-31T23:59:59-14:00"},
    ],
)  # fmt: skip
def test_an_order_that_is_spelled_wrongly_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        order_in({**order_out(an_order(MODE, LOOK)), **changes})
