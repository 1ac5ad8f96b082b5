"""A request as a contract for a lesson: its times, what its pages need, who supervises, what is agreed to."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from audit_log.change_log import verify
from audit_log.db import reading, writing
from audit_log.tables import proposal
from change_control.desk import Desk
from change_control.in_force import unblocks_in_force
from change_control.proposals import approve, decline, propose_unblock, revoke
from change_control.unblocks import Agreed
from filter_policy.bundle import current_bundle, read_bundle
from filter_policy.bundle_proof import prove
from filter_policy.model import Unblock
from tests.builders import NOON
from tests.change_control.school import (
    KEY,
    an_ask,
    asked_by,
    is_whole,
    log_of,
    refused,
    row_of,
    somebody,
    the,
)

SLOTS = {"every": {"days": ["tue", "thu"], "from": "13:00", "to": "14:00", "weeks": 2}}
SITES = ("racism-history.test", "museum.test/slavery")
COMPANIONS = ("images.test", "fonts.test")


def slots(**changes: Any) -> dict[str, Any]:
    return {"starts_at": None, "ends_at": None, "windows": SLOTS} | changes


def asked(desk: Desk, **changes: Any) -> str:
    return asked_by(desk, "tess", *SITES, **({"companions": list(COMPANIONS)} | changes))


def agreed(desk: Desk, proposal_id: str, only: Agreed | None = None) -> None:
    approve(desk, the(desk, "terry"), proposal_id, "", NOON, only)


def in_force(desk: Desk) -> list[Unblock]:
    with reading(desk.engine) as conn:
        return list(unblocks_in_force(conn, NOON))


def sites_of(desk: Desk) -> list[str]:
    (found,) = in_force(desk)
    return [str(site) for site in found.sites]


def line_of(desk: Desk, event: str) -> dict[str, Any]:
    (found,) = [entry for entry in log_of(desk) if entry.event == event]
    return dict(found.detail)


def test_slots_are_sealed_as_the_windows_that_they_are(desk: Desk) -> None:
    made = asked(desk, **slots())
    agreed(desk, made)

    windows = line_of(desk, "unblock:approve")["windows"]
    assert [first[:16] for first, _ in windows] == [
        "2026-11-24T13:00",
        "2026-11-26T13:00",
        "2026-12-01T13:00",
        "2026-12-03T13:00",
    ]
    (found,) = in_force(desk)
    assert len(found.windows) == 4
    assert (found.starts_at, found.ends_at) == (found.windows[0][0], found.windows[-1][1])


def test_no_companion_is_agreed_to_unless_it_is_named(desk: Desk) -> None:
    agreed(desk, asked(desk))

    assert sites_of(desk) == list(SITES)
    assert line_of(desk, "unblock:approve")["agreed"] == {"sites": list(SITES), "companions": []}


def test_only_what_was_agreed_to_opens(desk: Desk) -> None:
    agreed(desk, asked(desk), Agreed(["https://museum.test/slavery"], ["IMAGES.test"]))

    assert sites_of(desk) == ["museum.test/slavery", "images.test"]
    assert is_whole(desk)


@pytest.mark.parametrize(
    ("only", "field"),
    [
        (Agreed([]), "sites"),
        (Agreed(["bet.test"]), "sites"),
        (Agreed(["museum.test"]), "sites"),
        (Agreed(None, ["museum.test/slavery"]), "companions"),
        (Agreed(None, ["\ud800"]), "companions"),
    ],
)
def test_nothing_else_than_what_was_asked_for_is_agreed_to(desk: Desk, only: Agreed, field: str) -> None:
    made = asked(desk)

    assert set(refused("bad-input", lambda: agreed(desk, made, only)).fields) == {field}
    assert row_of(desk, made)["state"] == "requested"
    assert "agreed" not in row_of(desk, made)["payload"]


def test_what_is_declined_says_nothing_of_an_agreement(desk: Desk) -> None:
    made = asked(desk)
    decline(desk, the(desk, "terry"), made, "no", NOON)

    assert "agreed" not in line_of(desk, "unblock:decline")
    assert is_whole(desk)


@pytest.mark.parametrize("companion", ["porn.test", "abuse.test"])
def test_a_companion_is_refused_like_a_site_and_leaves_its_line(desk: Desk, companion: str) -> None:
    refused("refused", lambda: asked(desk, companions=[companion]))

    probes = [entry for entry in log_of(desk) if entry.event == "illegal-list:probe"]
    assert len(probes) == (companion == "abuse.test")


def test_a_companion_that_its_site_opens_already_is_left_out(desk: Desk) -> None:
    made = asked(desk, companions=["www.racism-history.test", "images.test"])

    assert row_of(desk, made)["payload"]["companions"] == ["images.test"]


def test_whoever_asks_supervises_unless_another_adult_is_named(desk: Desk) -> None:
    own, other = asked(desk), asked(desk, supervised_by=" Cora ")

    assert row_of(desk, own)["payload"]["supervised_by"] == somebody(desk, "tess").id
    assert row_of(desk, other)["payload"]["supervised_by"] == somebody(desk, "cora").id


@pytest.mark.parametrize("name", ["anna", "nobody-here", 7])
def test_who_supervises_is_an_adult_on_the_register(desk: Desk, name: object) -> None:
    error = refused("bad-input", lambda: asked(desk, supervised_by=name))

    assert set(error.fields) == {"supervised_by"}


def test_what_was_written_lies_beside_the_seal_and_names_nobody_in_it(desk: Desk) -> None:
    asked(desk, objective="weigh sources", tried="the library", supervised_by="cora")
    (line,) = [entry for entry in log_of(desk) if entry.event == "unblock:propose"]

    assert (line.texts["objective"], line.texts["tried"]) == ("weigh sources", "the library")
    assert not {"objective", "tried", "subject"} & set(line.detail)
    assert line.detail["supervised_by"] == somebody(desk, "cora").id


def test_what_was_not_said_leaves_no_text(desk: Desk) -> None:
    asked(desk)
    (line,) = [entry for entry in log_of(desk) if entry.event == "unblock:propose"]

    assert set(line.texts) == {"reason", "subject"}


def test_an_extension_is_a_new_request_that_names_the_one_before(desk: Desk) -> None:
    first = asked(desk)
    agreed(desk, first)
    second = asked(desk, extends=first)

    assert row_of(desk, second)["state"] == "requested"
    assert line_of(desk, "unblock:approve")["extends"] is None
    assert row_of(desk, second)["payload"]["extends"] == first
    refused("same-person", lambda: approve(desk, the(desk, "tess"), second, "", NOON))


def test_nobody_goes_on_from_a_request_that_is_none_of_theirs(desk: Desk) -> None:
    of_cora = asked_by(desk, "cora")

    for extends in (of_cora, "0" * 16):
        error = refused("bad-input", lambda e=extends: asked(desk, extends=e))  # type: ignore[misc]  # bound now
        assert set(error.fields) == {"extends"}
    assert asked_by(desk, "terry", extends=of_cora)


def test_slots_of_which_some_are_past_can_still_be_agreed_to(desk: Desk) -> None:
    made = asked(desk, **slots())
    approve(desk, the(desk, "terry"), made, "", NOON + timedelta(days=2, hours=3))

    assert row_of(desk, made)["state"] == "approved"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("windows", []),
        ("windows", None),
        ("windows", [["2026-11-24T00:00:00.000000Z", "2026-12-03T23:00:00.000000Z"]]),
        ("companions", ["images.test", "bet.test"]),
        ("agreed", None),
        ("agreed", {"sites": ["bet.test"], "companions": []}),
        ("agreed", {"sites": list(SITES), "companions": ["images.test"]}),
        ("sites", [*SITES, "bet.test"]),
    ],
)
def test_a_row_that_was_changed_is_named_by_its_entry(desk: Desk, name: str, value: object) -> None:
    made = asked(desk, **slots())
    agreed(desk, made)
    payload = {**row_of(desk, made)["payload"], name: value}
    if value is None:
        del payload[name]
    with writing(desk.engine) as conn:
        conn.execute(update(proposal).where(proposal.c.id == made).values(payload=payload))
    with reading(desk.engine) as conn:
        found = verify(conn, KEY.public_key())

    assert not found.whole
    assert f"its {name} was changed" in found.says


def test_shutting_one_early_keeps_what_was_agreed_to_in_its_line(desk: Desk) -> None:
    made = asked(desk)
    agreed(desk, made, Agreed(["museum.test/slavery"], ["fonts.test"]))
    revoke(desk, the(desk, "tess"), made, "lesson over", NOON)

    assert line_of(desk, "unblock:revoke")["agreed"] == {
        "sites": ["museum.test/slavery"],
        "companions": ["fonts.test"],
    }
    assert in_force(desk) == []
    assert is_whole(desk)


def test_the_gates_can_prove_slots_and_the_part_that_was_agreed_to(desk: Desk) -> None:
    agreed(desk, asked(desk, **slots()), Agreed(["museum.test/slavery"], ["fonts.test"]))
    name = current_bundle(desk.state)
    assert name is not None
    bundle = read_bundle(desk.state, name)

    prove(desk.state, name, bundle, KEY.public_key())
    (found,) = bundle.policy.unblocks
    assert [str(site) for site in found.sites] == ["museum.test/slavery", "fonts.test"]
    assert len(found.windows) == 4


def test_a_request_with_three_fields_less_is_as_it_always_was(desk: Desk) -> None:
    made = propose_unblock(desk, the(desk, "tess"), an_ask(), NOON)
    agreed(desk, made.id)
    (found,) = in_force(desk)

    assert found.windows == ()
    assert found.starts_at == NOON + timedelta(hours=1)
