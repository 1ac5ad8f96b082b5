"""What may be asked for a lesson, and what nobody is given (A169, S69 to S73, S135)."""

from datetime import timedelta

import pytest

from audit_log.db import reading
from change_control.desk import Desk
from change_control.in_force import unblocks_in_force
from change_control.proposals import approve, propose_policy, propose_unblock
from tests.builders import NOON, POLICY
from tests.change_control.listed import FIRST, Listed
from tests.change_control.school import an_ask, asked_by, events_of, refused, somebody, the


def test_every_field_at_fault_is_named(desk: Desk) -> None:
    raw = {
        "sites": ["co.uk", "10.0.0.0/8"],
        "for": {"people": ["nobody-here"]},
        "starts_at": (NOON + timedelta(hours=2)).isoformat(),
        "ends_at": (NOON + timedelta(hours=1)).isoformat(),
        "subject": "",
        "reason": " ",
    }

    fields = refused("bad-input", lambda: propose_unblock(desk, the(desk, "tess"), raw, NOON)).fields

    assert set(fields) >= {"sites", "for.people", "ends_at", "subject", "reason"}
    assert "nobody-here" in fields["for.people"]


def test_nothing_of_a_bad_request_is_written(desk: Desk) -> None:
    before = events_of(desk)

    refused("bad-input", lambda: asked_by(desk, "tess", reason=""))
    assert events_of(desk) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_at": (NOON + timedelta(days=60)).isoformat()},
        {
            "ends_at": (NOON - timedelta(days=1)).isoformat(),
            "starts_at": (NOON - timedelta(days=2)).isoformat(),
        },
        {"ends_at": "tomorrow"},
        {"for": {}},
        {"for": {"classes": "6B"}},
        {"for": {"filter_groups": ["upper-ks3"]}},
        {"for": {"people": [7]}},
        {"sites": []},
        {"sites": ["192.0.2.1"]},
        {"subject": "x" * 3000},
        {"reason": 7},
    ],
)
def test_a_fault_is_refused_with_its_field(desk: Desk, changes: dict[str, object]) -> None:
    error = refused("bad-input", lambda: asked_by(desk, "tess", **changes))

    assert {field.partition(".")[0] for field in error.fields} <= set(changes)


@pytest.mark.parametrize("site", ["porn.test", "www.porn.test/art", "abuse.test"])
def test_what_is_locked_or_illegal_is_refused_with_the_reason(desk: Desk, site: str) -> None:
    says = refused("refused", lambda: asked_by(desk, "hedy", "bet.test", site)).says

    assert site in says


def test_people_may_be_named_by_username_or_id(desk: Desk) -> None:
    anna, ben = somebody(desk, "anna").id, somebody(desk, "ben").id
    raw = an_ask(**{"for": {"people": [" ANNA", ben]}})

    asked = propose_unblock(desk, the(desk, "tess"), raw, NOON)

    assert set(asked.people) == {anna, ben}


def test_a_policy_that_locks_the_site_meanwhile_stops_the_approval(desk: Desk) -> None:
    asked = asked_by(desk, "tess", "bet.test")
    row = "gambling:           {source: A363, everyone: not_allowed"
    stricter = POLICY.replace(row, row + ", locked: true")
    proposed = propose_policy(desk, the(desk, "terry"), stricter, "after an incident", NOON)
    approve(desk, the(desk, "hedy"), proposed.id, "yes", NOON)

    says = refused("refused", lambda: approve(desk, the(desk, "terry"), asked, "fine", NOON)).says

    assert "gambling" in says


def test_a_shorter_limit_in_the_policy_meanwhile_stops_the_approval(desk: Desk) -> None:
    asked = asked_by(desk, "tess", ends_at=(NOON + timedelta(days=30)).isoformat())
    shorter = POLICY.replace("longest_days: 42", "longest_days: 7")
    proposed = propose_policy(desk, the(desk, "terry"), shorter, "too long", NOON)
    approve(desk, the(desk, "hedy"), proposed.id, "yes", NOON)

    assert "ends_at" in refused("refused", lambda: approve(desk, the(desk, "terry"), asked, "", NOON)).fields


def test_a_list_that_names_the_site_meanwhile_stops_the_approval(listed: Listed) -> None:
    asked = asked_by(listed.desk, "tess", "racism-history.test")
    listed.updates({"abuse": [*FIRST["abuse"], "racism-history.test"]})

    refused("refused", lambda: approve(listed.desk, the(listed.desk, "terry"), asked, "fine", NOON))


def test_only_approved_unblocks_are_in_force(desk: Desk) -> None:
    asked_by(desk, "tess", "bet.test")
    approved = asked_by(desk, "tess")
    approve(desk, the(desk, "terry"), approved, "fine", NOON)

    with reading(desk.engine) as conn:
        found = unblocks_in_force(conn, NOON)
        later = unblocks_in_force(conn, NOON + timedelta(hours=2))

    assert [each.id for each in found] == [approved]
    assert found[0].classes == {"6B"}
    assert later == ()


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("classes", ["6B", "7Z"]),
        ("classes", ["x" * 65]),
        ("classes", ["6B"] * 51),
        ("filter_groups", ["x" * 65]),
        ("filter_groups", ["upper-ks2"] * 51),
    ],
)
def test_classes_and_groups_are_few_and_known(desk: Desk, field: str, names: list[str]) -> None:
    error = refused("bad-input", lambda: asked_by(desk, "tess", **{"for": {field: names}}))

    assert set(error.fields) == {f"for.{field}"}
    assert "x" * 65 not in error.says
