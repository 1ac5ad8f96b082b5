"""Which people proposals take one person, since they only take away; all others take two."""

from typing import Any

import pytest

from audit_log.change_log import verify
from audit_log.db import reading
from audit_log.people import Registered, people
from change_control.desk import Desk
from change_control.proposal import Proposal
from change_control.proposals import approve, propose_people, propose_policy
from change_control.register_effects import GIVES, people_effect, rights_of
from change_control.reviews import open_reviews
from filter_policy.life_cycle import State
from filter_policy.model import Role
from filter_policy.parse import parse_policy
from tests.builders import NOON, POLICY
from tests.change_control.school import HASHER, KEY, a_row, events_of, somebody, the

SOON, LATER = "2026-12-01T00:00:00+00:00", "2026-12-18T16:00:00+00:00"


def propose(desk: Desk, username: str, by: str = "terry", **changes: Any) -> Proposal:
    return propose_people(desk, the(desk, by), [{"username": username, **changes}], "as things are", NOON)


def agree(desk: Desk, username: str, **changes: Any) -> Registered:
    made = propose(desk, username, **changes)
    if made.state is State.REQUESTED:
        approve(desk, the(desk, "hedy"), made.id, "yes", NOON)
    return somebody(desk, username)


TAKING_AWAY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("anna", {"classes": []}),
    ("tess", {"classes": []}),
    ("anna", {"agreement_signed": False}),
    ("anna", {"ends_at": LATER}),
    ("anna", {"starts_at": LATER}),
    ("cora", {"role": "staff"}),
)
GIVING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("anna", {"classes": ["6A"]}),
    ("anna", {"classes": ["6A", "6B"]}),
    ("tess", {"classes": ["6A", "6B"]}),
    ("terry", {"classes": ["6A"]}),
    ("anna", {"filter_groups": ["staff"]}),
    ("anna", {"filter_groups": ["reception-ks1"]}),  # which may have lessons of its own
    ("anna", {"filter_groups": []}),  # less would be kept of what she does
    ("anna", {"filter_groups": ["upper-ks2", "lower-ks2"]}),
    ("anna", {"role": "staff"}),
    ("anna", {"role": "guest"}),
    ("tess", {"role": "guest"}),
    ("tess", {"role": "pupil"}),  # nobody who was named in the change log is hidden by one person
    ("tess", {"role": "governor"}),
    ("gail", {"role": "staff"}),
    ("gus", {"agreement_signed": True}),
    ("anna", {"name": "Anna Other"}),
    ("anna", {"password_hash": HASHER.hash("another")}),
    ("cora", {"new_code": True}),
)


@pytest.mark.parametrize(("username", "changes"), TAKING_AWAY)
def test_what_only_takes_away_is_in_force_at_once(desk: Desk, username: str, changes: dict[str, Any]) -> None:
    made = propose(desk, username, **changes)

    assert (made.loosening, made.state) == (False, State.APPROVED)
    assert events_of(desk)[-1] == "people:tighten"
    with reading(desk.engine) as conn:
        assert [each.object_id for each in open_reviews(conn)] == [made.id]
        assert verify(conn, KEY.public_key()).whole


@pytest.mark.parametrize(("username", "changes"), GIVING)
def test_what_gives_anything_waits_for_another_person(
    desk: Desk, username: str, changes: dict[str, Any]
) -> None:
    before = somebody(desk, username)

    made = propose(desk, username, **changes)

    assert (made.loosening, made.state, somebody(desk, username)) == (True, State.REQUESTED, before)


def test_an_account_that_opens_nothing_takes_two_people_all_the_same(desk: Desk) -> None:
    made = propose_people(desk, the(desk, "terry"), [a_row("zoe", "pupil", "reception-ks1", [])], "new", NOON)

    assert made.loosening


def test_one_row_that_gives_makes_the_whole_proposal_wait(desk: Desk) -> None:
    rows = [{"username": "anna", "classes": []}, {"username": "ben", "classes": ["6A", "6B"]}]

    assert propose_people(desk, the(desk, "terry"), rows, "moves", NOON).state is State.REQUESTED


def test_an_end_is_made_sooner_by_one_and_later_by_two(desk: Desk) -> None:
    agree(desk, "anna", ends_at=LATER)

    assert propose(desk, "anna", ends_at=None).loosening
    assert not propose(desk, "anna", ends_at=SOON).loosening
    assert propose(desk, "anna", ends_at=LATER).loosening


def test_one_person_leaves_two_who_can_agree_with_each_other(desk: Desk) -> None:
    assert not propose(desk, "cora", role="staff").loosening

    assert propose(desk, "hedy", role="staff").loosening
    assert propose(desk, "hedy", ends_at=LATER).loosening
    assert propose(desk, "hedy", agreement_signed=False).loosening


def test_a_group_in_which_more_or_less_is_kept_takes_two_people(desk: Desk) -> None:
    """More would show somebody's browsing, and less would hide it."""
    text = POLICY.replace("record:\n", "record:\n  lower-ks2: {url: host, days: 5}\n")
    asked = propose_policy(desk, the(desk, "terry"), text, "so", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)
    agree(desk, "anna", filter_groups=["upper-ks2", "lower-ks2"])
    agree(desk, "ben", filter_groups=["upper-ks2", "reception-ks1"])

    assert propose(desk, "anna", filter_groups=["upper-ks2"]).loosening
    assert not propose(desk, "ben", filter_groups=["upper-ks2"]).loosening


@pytest.mark.parametrize("role", sorted(Role))
def test_nobody_gets_the_power_to_agree_from_one_person(desk: Desk, role: Role) -> None:
    for username in ("anna", "tess", "gail", "gus"):
        mine = somebody(desk, username).role
        if role is mine:
            continue
        made = propose(desk, username, role=role)
        assert made.loosening or rights_of(role) < rights_of(mine)


@pytest.mark.parametrize("username", ["tess", "terry"])
def test_a_class_to_open_for_is_given_by_two_and_no_cell_has_to_be_asked(desk: Desk, username: str) -> None:
    """They could ask for its unblocks and open sites for it, whatever is open to themselves."""
    with reading(desk.engine) as conn:
        by_id = {each.id: each for each in people(conn)}
    row = {"id": somebody(desk, username).id, "new": False, "passwords": False, "code": False}

    found = people_effect(parse_policy(POLICY), by_id, [row], [{"classes": ("6A", "6B", "6C")}])

    assert found == GIVES
