"""What a case orders is believed as its lines say it, and a device that was shut off is not forgotten."""

import json
from dataclasses import replace
from typing import Any

import pytest

from filter_policy.case_orders import ISOLATE, MODE, RELEASE, Order, OrderFault
from filter_policy.proof_cases import check_orders
from filter_policy.proof_lines import LinesFault
from tests.builders import NOON
from tests.filter_policy.lining import Said, at, the_log

BOTH = frozenset({"p_cora", "p_hedy"})
LOOK = {
    "act": "mode", "incident": "c1", "device": "10.1.2.3", "sites": ["bet.test"],
    "ends_at": "2026-11-24T14:00:00Z",
}  # fmt: skip
MODE_1 = Order(MODE, "s1", "c1", NOON, b"salt", json.dumps(LOOK), BOTH)
SHUT = json.dumps({"device": "10.1.2.3", "ends_at": "2026-11-25T12:00:00Z"})
SHUT_1 = Order(ISOLATE, "i1", "c1", NOON, b"pepper", SHUT)
LET_GO = json.dumps({"act": "release", "incident": "c1", "isolation": "i1"})
RELEASE_1 = Order(RELEASE, "s2", "c1", NOON, b"sugar", LET_GO, BOTH)


def by(actor: str, act: str, order: Order, **changes: Any) -> Said:
    detail = {"incident": order.incident_id, "facts": order.sha256} | changes
    return (f"incident:{act}", actor, order.id, detail)


ASKED, SIGNED = by("p_cora", "ask", MODE_1), by("p_hedy", "sign", MODE_1)
ISOLATED = by("p_cora", "isolate", SHUT_1)
RELEASED = (by("p_hedy", "ask", RELEASE_1), by("p_cora", "sign", RELEASE_1))


def fault(orders: list[Order], *said: Said) -> str:
    try:
        check_orders(the_log(*said), orders)
    except LinesFault as found:
        return str(found)
    return ""


def test_what_two_seniors_signed_is_proven() -> None:
    assert fault([MODE_1], ASKED, SIGNED) == ""
    assert fault([SHUT_1], ISOLATED) == ""
    assert fault([RELEASE_1], ISOLATED, *RELEASED) == ""
    assert fault([], ASKED, SIGNED, ("incident:note", "p_cora", "c1", {"incident": "c1"})) == ""


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ((), "no two entries signed step s1"),
        ((ASKED,), "no two entries signed step s1"),
        ((SIGNED,), "no two entries signed step s1"),
        ((SIGNED, ASKED), "no two entries signed step s1"),
        ((ASKED, by("p_cora", "sign", MODE_1)), "entry 2: one person asked and signed"),
        ((by("system", "ask", MODE_1), SIGNED), "entry 2: one person asked and signed"),
        ((ASKED, by("break-glass", "sign", MODE_1)), "entry 2: one person asked and signed"),
        ((by("p_cora", "ask", MODE_1, facts="0" * 64), SIGNED), "step s1 is not what entry 1 signed"),
        ((ASKED, by("p_hedy", "sign", MODE_1, facts="0" * 64)), "step s1 is not what entry 2 signed"),
        ((ASKED, by("p_hedy", "sign", MODE_1, incident="c2")), "step s1 is not what entry 2 signed"),
        ((ASKED, by("p_kim", "sign", MODE_1)), "step s1 is for others than those who signed it"),
        ((ASKED, by("p_cora", "withdraw", MODE_1), SIGNED), "step s1 was taken back with entry 2"),
        ((ASKED, SIGNED, by("p_cora", "end", MODE_1)), "investigation s1 was over with entry 3"),
        (
            (ASKED, SIGNED, ("incident:illegal", "p_cora", "c1", {"incident": "c1", "facts": "x"})),
            "nothing of its case is looked into since entry 3",
        ),
        (
            (ASKED, SIGNED, ("incident:sign", "p_cora", "s9", {"incident": "c1", "to": "closed"})),
            "nothing of its case is looked into since entry 3",
        ),
    ],
)
def test_an_investigation_that_its_lines_do_not_bear_out_is_refused(
    said: tuple[Said, ...], says: str
) -> None:
    assert fault([MODE_1], *said) == says


@pytest.mark.parametrize(
    "changes",
    [
        {"facts": json.dumps({**LOOK, "device": "10.1.2.4"})},
        {"facts": json.dumps({**LOOK, "ends_at": "2026-11-24T16:00:00Z"})},
        {"facts": json.dumps({**LOOK, "sites": ["bet.test", "x.test"]})},
        {"salt": b"other"},
        {"id": "s9"},
        {"at": at(1)},
        {"people": BOTH | {"p_anna"}},
        {"incident_id": "c2"},
    ],
)
def test_an_investigation_that_was_edited_is_refused(changes: dict[str, Any]) -> None:
    assert fault([replace(MODE_1, **changes)], ASKED, SIGNED)


def test_what_ended_or_was_shut_before_does_not_end_what_was_signed_since() -> None:
    before = (("incident:illegal", "p_cora", "c1", {"incident": "c1"}), by("p_cora", "end", MODE_1))
    elsewhere = ("incident:illegal", "p_cora", "c2", {"incident": "c2"})

    assert fault([MODE_1], *before, ASKED, SIGNED, elsewhere) == ""


MISSING = "the device that entry 1 shut off is not shut off"


def test_a_device_that_was_shut_off_is_missed_when_it_is_not() -> None:
    assert fault([], ISOLATED) == MISSING
    assert fault([replace(SHUT_1, id="i2")], ISOLATED) == "isolation i2 is not what an entry sealed"
    assert fault([replace(SHUT_1, at=at(1))], ISOLATED) == "i1 is not of the time of entry 1"


def test_a_device_that_was_edited_is_not_what_was_sealed() -> None:
    longer = replace(SHUT_1, facts=SHUT.replace("25T", "24T"))
    assert fault([longer], ISOLATED) == "isolation i1 is not what an entry sealed"


@pytest.mark.parametrize(
    "said",
    [
        (),
        RELEASED[:1],
        (RELEASED[0], by("p_hedy", "sign", RELEASE_1)),
        (RELEASED[0], by("p_hedy", "withdraw", RELEASE_1), RELEASED[1]),
        (RELEASED[0], by("p_cora", "sign", RELEASE_1, facts="0" * 64)),
    ],
)
def test_one_person_lets_no_device_go(said: tuple[Said, ...]) -> None:
    assert fault([RELEASE_1], ISOLATED, *said)


def test_a_release_lets_go_what_it_names_and_nothing_else() -> None:
    other = replace(RELEASE_1, facts=LET_GO.replace("i1", "i2"))
    signed = (by("p_hedy", "ask", other), by("p_cora", "sign", other))

    assert fault([other], ISOLATED, *signed) == MISSING


def test_a_step_of_another_kind_lets_nothing_go() -> None:
    closing = replace(RELEASE_1, facts=LET_GO.replace('"release"', '"close"'))
    with pytest.raises(OrderFault):
        check_orders(
            the_log(ISOLATED, by("p_hedy", "ask", closing), by("p_cora", "sign", closing)), [closing]
        )
