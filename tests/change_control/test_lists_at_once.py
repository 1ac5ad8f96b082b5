"""The lists of one school in either database, moved by several at once: none of it is lost or half done."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from audit_log.db import writing
from audit_log.tables import proposal
from change_control.list_updates import Took, take_update, update_order
from change_control.lists import propose_held
from change_control.proposals import approve, decline
from filter_policy.bundle import current_bundle, read_bundle
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.builders import NOON
from tests.change_control.listed import FIRST, LISTS, Listed, build_listed, some
from tests.change_control.school import events_of, is_whole, the
from tests.change_control.test_at_once import at_once

SLIGHTLY = {"bets": some("bet", *range(5, 105))}
HARD = {"bets": some("bet", *range(50))}
GROWN = {"bets": some("bet", *range(300))}


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listed]:
    if request.param == "sqlite":
        yield request.getfixturevalue("listed")
        return
    school = build_listed(tmp_path / "other", request.getfixturevalue("fresh_postgresql_url"))
    yield school
    school.desk.engine.dispose()


def published(listed: Listed) -> str:
    return read_bundle(listed.desk.state, current_bundle(listed.desk.state) or "").lists


def test_the_story_of_the_lists_is_the_same_in_either_database(either: Listed) -> None:
    first, desk = either.agree({}), either.desk
    assert either.updates(SLIGHTLY).took is Took.IN_FORCE
    held = either.updates(HARD).id or ""
    assert either.updates(HARD).id == held
    asked = propose_held(desk, the(desk, "terry"), held, "they sold it", NOON)
    assert either.updates(HARD).id == asked.id
    decline(desk, the(desk, "hedy"), asked.id, "they did not", NOON)
    assert either.updates(HARD).took is Took.NOTHING
    approve(desk, the(desk, "cora"), either.updates(GROWN).id or "", "fine", NOON)
    either.goes_back("cora", first.generation or "")

    assert events_of(desk)[-7:] == [
        *("lists:update", "lists:hold", "lists:propose", "lists:decline"),
        *("lists:hold", "lists:confirm", "lists:propose"),
    ]
    assert published(either) == either.agreed.generation
    assert is_whole(desk)


def test_of_two_approvals_and_an_update_at_once_one_is_in_force(either: Listed) -> None:
    """Each was made against the lists in force, which the first of them takes the place of."""
    desk, order = either.desk, update_order(either.desk, (), NOON)
    asked = [either.proposes(who, HARD, LISTS + f"# {who}\n").id for who in ("terry", "hedy")]
    built = either.build({**FIRST, **SLIGHTLY})

    outcomes = at_once(
        partial(approve, desk, the(desk, "cora"), asked[0], "yes", NOON),
        partial(approve, desk, the(desk, "cora"), asked[1], "yes", NOON),
        partial(take_update, desk, built, NOON, order=order),
    )

    moved = [each for each in events_of(desk) if each in ("lists:approve", "lists:update")]
    assert (len(moved), outcomes.count("wrong-state")) in ((1, 1), (1, 2))
    assert published(either) == either.agreed.generation
    assert is_whole(desk)


def test_the_same_update_twice_at_once_is_written_once(either: Listed) -> None:
    desk, order = either.desk, update_order(either.desk, (), NOON)
    built = either.build({**FIRST, **HARD})

    at_once(*[partial(take_update, desk, built, NOON, order=order)] * 3)

    assert events_of(desk).count("lists:hold") == 1
    assert is_whole(desk)


def test_what_opens_is_not_let_in_past_us_either(either: Listed) -> None:
    """By whoever writes into the database as we do, and has nobody who agrees."""
    held = either.updates(HARD).id or ""
    decided = update(proposal).where(proposal.c.id == held).values(state="approved", decided_by="p_hedy")

    with (
        pytest.raises(IntegrityError, match="proposal_lists_two_people"),
        writing(either.desk.engine) as conn,
    ):
        conn.execute(decided)
