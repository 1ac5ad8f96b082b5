"""The demo's own name service."""

import pytest

from schoolgate.demo.origins import ANY_PORT, Origin, Origins

ORIGINS = Origins(
    {
        "shop.test": {80: Origin("127.0.0.1", 4000), 443: Origin("127.0.0.1", 4001)},
        "any.test": {ANY_PORT: Origin("127.7.7.2")},
        "moving.test": {ANY_PORT: Origin("127.7.7.2", 80, (Origin("127.0.0.1"),))},
        "*.wide.test": {ANY_PORT: Origin("127.7.7.3", 4002)},
    }
)


@pytest.mark.parametrize(
    ("host", "port", "found"),
    [
        ("shop.test", 80, [("127.0.0.1", 4000)]),
        ("shop.test", 443, [("127.0.0.1", 4001)]),
        ("shop.test", 22, []),
        ("any.test", 8443, [("127.7.7.2", 8443)]),
        ("a.b.wide.test", 80, [("127.7.7.3", 4002)]),
        ("wide.test", 80, []),
        ("nobody.test", 80, []),
        ("www.gov.uk", 443, None),
        ("127.0.0.1", 80, None),
    ],
)
def test_a_host_is_where_the_world_says(host: str, port: int, found: list[tuple[str, int]] | None) -> None:
    assert ORIGINS.resolve(host, port) == found


def test_a_closed_world_knows_no_other_host() -> None:
    assert Origins(ORIGINS.by_host, closed=True).resolve("www.gov.uk", 443) == []


def test_it_survives_the_way_to_the_gate() -> None:
    assert Origins.from_json(ORIGINS.to_json()) == ORIGINS


def test_endpoints_are_every_address_and_port_that_can_be_meant() -> None:
    assert ORIGINS.endpoints(frozenset({80, 443})) == {
        ("127.0.0.1", 4000),
        ("127.0.0.1", 4001),
        ("127.7.7.2", 80),
        ("127.7.7.2", 443),
        ("127.7.7.3", 4002),
        ("127.0.0.1", 80),
        ("127.0.0.1", 443),
    }


def test_a_name_may_lead_elsewhere_each_time_it_is_looked_up() -> None:
    moving = Origins.from_json(ORIGINS.to_json())

    found = [moving.resolve("moving.test", 80) for _ in range(3)]

    assert found == [[("127.7.7.2", 80)], [("127.0.0.1", 80)], [("127.7.7.2", 80)]]
    assert ("127.0.0.1", 80) in moving.endpoints(frozenset({80}))
