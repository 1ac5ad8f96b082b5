"""Proposals as lists: newest first, a page at a time, in the state they have now."""

from datetime import timedelta

from audit_log.db import reading
from change_control.desk import Desk
from change_control.openings import open_for_class
from change_control.proposals import approve, propose_policy, propose_unblock
from change_control.queries import get_opening, get_proposal, list_proposals, openings_in_force
from tests.builders import NOON, POLICY
from tests.change_control.school import an_ask, asked_by, refused, somebody, the


def ids(desk: Desk, now: object = NOON, **wanted: object) -> list[str]:
    with reading(desk.engine) as conn:
        return [each.id for each in list_proposals(conn, now, **wanted).rows]  # type: ignore[arg-type]  # the test's words are passed on


def test_proposals_are_listed_newest_first_by_kind_and_by_whom(desk: Desk) -> None:
    first = propose_unblock(desk, the(desk, "tess"), an_ask(), NOON).id
    later = NOON + timedelta(minutes=1)
    second = propose_unblock(desk, the(desk, "terry"), an_ask(), later).id
    policy = propose_policy(desk, the(desk, "terry"), POLICY, "agree", later).id

    assert ids(desk, kind="unblock") == [second, first]
    assert ids(desk, mine=somebody(desk, "tess").id) == [first]
    assert policy in ids(desk, kind="policy")


def test_the_state_asked_for_is_the_state_now(desk: Desk) -> None:
    waiting = asked_by(desk, "tess")
    opened = asked_by(desk, "tess")
    approve(desk, the(desk, "terry"), opened, "fine", NOON)
    over = NOON + timedelta(hours=2)

    assert ids(desk, kind="unblock", state="requested") == [waiting]
    assert ids(desk, kind="unblock", state="approved") == [opened]
    assert ids(desk, over, kind="unblock", state="requested") == []
    assert ids(desk, over, kind="unblock", state="lapsed") == [waiting]
    assert ids(desk, over, kind="unblock", state="ended") == [opened]


def test_pages_follow_each_other_without_gap_or_repetition(desk: Desk) -> None:
    made = {asked_by(desk, "tess") for _ in range(7)}
    seen: list[str] = []
    cursor = None
    with reading(desk.engine) as conn:
        while True:
            page = list_proposals(conn, NOON, kind="unblock", limit=3, cursor=cursor)
            seen += [each.id for each in page.rows]
            cursor = page.next
            if cursor is None:
                break

    assert len(seen) == 7
    assert set(seen) == made


def test_one_proposal_shows_all_there_is_to_it(desk: Desk) -> None:
    asked = asked_by(desk, "tess")

    with reading(desk.engine) as conn:
        found = get_proposal(conn, asked, NOON)
        refused("not-found", lambda: get_proposal(conn, "nothing", NOON))

    assert found.sites == ("racism-history.test",)
    assert found.classes == ("6B",)
    assert (found.filter_groups, found.people, found.subject) == ((), (), "History")
    assert found.loosening
    assert found.policy_text is None


def test_openings_are_found_while_they_last(desk: Desk) -> None:
    made = open_for_class(desk, the(desk, "tess"), "6B", 45, "research", NOON)

    with reading(desk.engine) as conn:
        assert openings_in_force(conn, NOON) == (made,)
        assert openings_in_force(conn, made.ends_at) == ()
        assert get_opening(conn, made.id) == made
