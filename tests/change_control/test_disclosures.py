"""A member of staff's log, disclosed: asked for by a leader, agreed to by the headteacher, over in time."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from audit_log.db import reading, writing
from audit_log.tables import proposal
from audit_log.verification import verify
from change_control.desk import Desk
from change_control.disclosures import LONGEST, Wanted, record_read
from change_control.proposal import Proposal
from change_control.proposals import approve, decline, lapse_due, revoke, withdraw
from change_control.protecting import propose_disclosure
from filter_policy.life_cycle import State
from tests.builders import NOON
from tests.change_control.school import events_of, log_of, refused, somebody, the

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def asked_for(desk: Desk, person: str = "terry", by: str = "tess", **more: Any) -> Proposal:
    facts: dict[str, Any] = {"person": person, "from_at": NOON - DAY, "to_at": NOON, "days": 3}
    wanted = Wanted(**facts | more)
    return propose_disclosure(desk, the(desk, by), wanted, "what was agreed at the meeting", NOON)


def whole(desk: Desk) -> bool:
    with reading(desk.engine) as conn:
        return verify(conn, desk.key.public_key()).whole


def test_it_is_read_by_whoever_asked_from_when_it_is_agreed_to_until_it_ends(desk: Desk) -> None:
    tess, hedy = the(desk, "tess"), the(desk, "hedy")
    asked = asked_for(desk)
    refused("wrong-state", lambda: record_read(desk, tess, asked.id, 1, NOON))
    approve(desk, hedy, asked.id, "yes", NOON)

    record_read(desk, tess, asked.id, 1, NOON)
    record_read(desk, tess, asked.id, 1, NOON + 3 * DAY - HOUR)
    refused("wrong-state", lambda: record_read(desk, tess, asked.id, 1, NOON + 3 * DAY))
    refused("not-found", lambda: record_read(desk, the(desk, "cora"), asked.id, 1, NOON))
    refused("not-found", lambda: record_read(desk, hedy, asked.id, 1, NOON))
    refused("wrong-role", lambda: record_read(desk, the(desk, "terry"), asked.id, 1, NOON))
    assert [each.state for each in lapse_due(desk, NOON + 4 * DAY)] == [State.ENDED]
    assert events_of(desk)[-5:] == [
        "disclosure:propose", "disclosure:approve", "disclosure:read", "disclosure:read", "disclosure:end"
    ]  # fmt: skip
    assert whole(desk)


def test_the_change_log_does_not_say_whose_rows_they_are(desk: Desk) -> None:
    asked = asked_for(desk)
    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)
    record_read(desk, the(desk, "tess"), asked.id, 1, NOON)
    terry = somebody(desk, "terry")
    lines = [line.sealed for line in log_of(desk) if line.event.startswith("disclosure:")]
    assert terry.id not in json.dumps(lines)


@pytest.mark.parametrize("who", ["cora", "terry", "tess", "gail"])
def test_nobody_but_the_headteacher_agrees(desk: Desk, who: str) -> None:
    asked = asked_for(desk, "gail")
    code = "same-person" if who == "tess" else "wrong-role"
    refused(code, lambda: approve(desk, the(desk, who), asked.id, "yes", NOON))


def test_of_the_headteacher_the_coordinator_agrees(desk: Desk) -> None:
    asked = asked_for(desk, "hedy")
    refused("wrong-role", lambda: approve(desk, the(desk, "hedy"), asked.id, "yes", NOON))
    assert approve(desk, the(desk, "cora"), asked.id, "yes", NOON).state is State.APPROVED


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"person": "anna"}, "person"),
        ({"person": "tess"}, "person"),
        ({"person": "nobody"}, "person"),
        ({"days": LONGEST + 1}, "days"),
        ({"days": 0}, "days"),
        ({"to_at": NOON + HOUR}, "to"),
        ({"from_at": NOON}, "to"),
    ],
)
def test_what_cannot_be_disclosed_is_refused(desk: Desk, wrong: dict[str, Any], field: str) -> None:
    assert field in refused("bad-input", lambda: asked_for(desk, **wrong)).fields


@pytest.mark.parametrize(("by", "person"), [("cora", "hedy"), ("hedy", "terry")])
def test_whoever_would_decide_is_told_that_they_may_read_it_themselves(
    desk: Desk, by: str, person: str
) -> None:
    fault = refused("bad-input", lambda: asked_for(desk, person, by)).fields["person"]
    assert "you may read this in the filtering log" in fault


def test_the_reason_names_nobody_and_technicians_do_not_ask(desk: Desk) -> None:
    wanted = Wanted("terry", NOON - DAY, NOON)
    tess, terry = the(desk, "tess"), the(desk, "terry")
    found = refused("bad-input", lambda: propose_disclosure(desk, tess, wanted, "Terry Tyler again", NOON))
    assert "reason" in found.fields
    refused("wrong-role", lambda: propose_disclosure(desk, terry, wanted, "why", NOON))


def test_it_is_ended_early_declined_and_taken_back(desk: Desk) -> None:
    hedy, tess = the(desk, "hedy"), the(desk, "tess")
    first = asked_for(desk)
    approve(desk, hedy, first.id, "", NOON)
    revoke(desk, hedy, first.id, "enough", NOON)
    refused("wrong-state", lambda: record_read(desk, tess, first.id, 1, NOON))
    assert decline(desk, hedy, asked_for(desk).id, "no", NOON).state is State.DECLINED
    assert withdraw(desk, tess, asked_for(desk).id, "", NOON).state is State.WITHDRAWN
    assert whole(desk)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: {"payload": {**row["payload"], "person": "p_other"}},
        lambda row: {"payload": {**row["payload"], "from": "2020-01-01T00:00:00.000000Z"}},
        lambda row: {"ends_at": row["ends_at"] + 99 * DAY},
    ],
    ids=["person", "from", "ends_at"],
)
def test_verify_names_a_disclosure_that_was_rewritten(
    desk: Desk, change: Callable[[Any], dict[str, Any]]
) -> None:
    asked = asked_for(desk)
    approve(desk, the(desk, "hedy"), asked.id, "", NOON)
    with writing(desk.engine) as conn:
        for name in conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            conn.execute(text(f'DROP TRIGGER "{name}"'))
        mine = proposal.c.id == asked.id
        row = conn.execute(proposal.select().where(mine)).mappings().one()
        conn.execute(update(proposal).where(mine).values(change(row)))
    assert not whole(desk)
