"""What a case orders of the gate, as it was sealed: a device shut off, let go again, or looked into a while.

An order is the words that were signed, with the salt of their hash, so that whoever has the change log can
hold the one against the other. What the gate goes by is read from these words and nothing else. They are:

    mode     act, incident, device, sites, ends_at, perhaps starts_at and people; two seniors signed
    release  act, incident, isolation (its id); two seniors signed
    isolate  device, ends_at; one senior, at once

None lasts longer than the limits here, whatever its words say.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from filter_lists.names import parse_site
from filter_policy.devices import device_in
from filter_policy.model import Investigation, Isolation

MODE = "mode"
RELEASE = "release"
ISOLATE = "isolate"
ACTS = frozenset({MODE, RELEASE, ISOLATE})
# What reading words comes to that were never sealed: another type, no such word, a time beyond the calendar.
ODD = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
MOST_HOURS = 4  # of an investigation
MOST_DAYS = 31  # of a device that is shut off; then somebody says so again


class OrderFault(ValueError):
    """These words order nothing; the message holds none of them."""


@dataclass(frozen=True, slots=True)
class Order:
    """`id`: of the step, or of the isolation. `at`: of the line that gave it force; `people`: who signed."""

    act: str
    id: str
    incident_id: str
    at: datetime
    salt: bytes = field(repr=False)
    facts: str = field(repr=False)  # as sealed
    people: frozenset[str] = frozenset()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.salt + self.facts.encode()).hexdigest()

    @property
    def is_past(self) -> datetime:
        """From when on it can order nothing any more."""
        return self.at + timedelta(days=MOST_DAYS)


def investigations_of(orders: Iterable[Order]) -> tuple[Investigation, ...]:
    """Raises OrderFault."""
    return tuple(investigation_of(each) for each in orders if each.act == MODE)


def isolations_of(orders: Iterable[Order]) -> tuple[Isolation, ...]:
    """Of all that are among them, whatever is said of a release beside. Raises OrderFault."""
    return tuple(isolation_of(each) for each in orders if each.act == ISOLATE)


def investigation_of(order: Order) -> Investigation:
    """From the second signature on at the earliest, for those whom it names; both who signed are among them.

    Raises OrderFault.
    """
    facts = _step(order)
    try:
        said = facts.get("starts_at")
        starts_at = max(order.at, _instant(said)) if said else order.at
        found = Investigation(
            order.id,
            order.incident_id,
            device_in(facts["device"]),
            frozenset(facts.get("people", order.people)),
            tuple(parse_site(site) for site in facts["sites"]),
            starts_at,
            min(_instant(facts["ends_at"]), starts_at + timedelta(hours=MOST_HOURS)),
        )
    except ODD as error:
        raise OrderFault(f"not what a device is looked into by: {type(error).__name__}") from None
    if not found.sites or not found.people or not order.people <= found.people:
        raise OrderFault("an investigation of no site, or by others than those who signed")
    return found


def isolation_of(order: Order) -> Isolation:
    """Raises OrderFault."""
    facts = _words(order)
    try:
        ends_at = min(_instant(facts["ends_at"]), order.is_past)
        return Isolation(order.id, device_in(facts["device"]), order.at, ends_at)
    except ODD as error:
        raise OrderFault(f"not what a device is shut off by: {type(error).__name__}") from None


def released_by(order: Order) -> str:
    """The id of the isolation. Raises OrderFault."""
    found = _step(order).get("isolation")
    if not isinstance(found, str):
        raise OrderFault("a release of nothing")
    return found


def _step(order: Order) -> Mapping[str, Any]:
    """The words of a step say which step it is, and of which case."""
    facts = _words(order)
    if (facts.get("act"), facts.get("incident")) != (order.act, order.incident_id):
        raise OrderFault("the words of another step, or of another case")
    return facts


def _words(order: Order) -> Mapping[str, Any]:
    try:
        facts = json.loads(order.facts)
    except ODD:
        facts = None
    if not isinstance(facts, dict):
        raise OrderFault("no words at all")
    return facts


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time of no zone")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time beyond the calendar") from None


def order_out(order: Order) -> dict[str, object]:
    return {
        "act": order.act,
        "id": order.id,
        "incident": order.incident_id,
        "at": order.at.astimezone(UTC).isoformat(),
        "people": sorted(order.people),
        "salt": order.salt.hex(),
        "facts": order.facts,
    }


def order_in(raw: Mapping[str, Any]) -> Order:
    """Raises KeyError, TypeError or ValueError for what is no order."""
    if raw["act"] not in ACTS or not all(isinstance(each, str) for each in (raw["facts"], *raw["people"])):
        raise OrderFault("an order of a kind that this version does not know")
    return Order(
        raw["act"],
        str(raw["id"]),
        str(raw["incident"]),
        _instant(raw["at"]),
        bytes.fromhex(raw["salt"]),
        raw["facts"],
        frozenset(raw["people"]),
    )
