"""A real change log, made by the verbs that a school uses: two hundred entries that a governor has a
checkpoint of, and a few more since.
"""

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from audit_log.change_log import append
from audit_log.checkpoint import checkpoints, sign_checkpoint
from audit_log.db import reading, writing
from change_control.desk import Actor, Desk
from change_control.holds import place_hold
from change_control.looks import record_look
from change_control.openings import close_opening, open_for_class
from change_control.proposals import (
    approve,
    decline,
    lapse_due,
    propose_people,
    propose_policy,
    propose_unblock,
    revoke,
    withdraw,
)
from change_control.tightening import suspend
from tests.audit_log.exports import Lines, export_of
from tests.builders import POLICY
from tests.change_control.school import FOUNDED, KEY, an_ask, an_empty_desk, build_school, somebody, the

KEPT = 200  # entries that the governor's old checkpoint was signed over
SIZE = 206
BY_VERBS = 28  # the rest are lines of lessons, sealed and signed alike, and far quicker to make


@dataclass(frozen=True, slots=True)
class Real:
    """The export, the checkpoint that somebody kept, and the database file, which nobody has open."""

    lines: Lines
    kept: str
    database: Path


@cache
def real() -> Real:
    """Made once for each process that runs tests."""
    state = Path(tempfile.mkdtemp(prefix="sg-offline-")) / "state"
    build_school(state)
    desk = an_empty_desk(state)
    step = 0
    while _size(desk) < BY_VERBS or (SIZE - _size(desk)) % 2:
        something(desk, step, FOUNDED + timedelta(days=1, hours=2 * step))
        step += 1
    tess, terry = the(desk, "tess"), the(desk, "terry")
    for number in range((SIZE - _size(desk)) // 2):
        now = FOUNDED + timedelta(days=2 + number // 6, hours=2 * step)
        _lesson(desk, f"u{number}", now, tess, terry)
    with reading(desk.engine) as conn:
        kept = next(each.note for each in checkpoints(conn, limit=20) if each.size == KEPT)
    desk.engine.dispose()
    database = state / "schoolgate.sqlite"
    with closing(sqlite3.connect(database)) as raw:
        return Real(export_of(raw, KEY.public_key(), newest=4), kept, database)


def _lesson(desk: Desk, object_id: str, now: datetime, asks: Actor, agrees: Actor) -> None:
    """Asked for, and agreed to by another; each in a transaction of its own, and signed."""
    detail = {"sites": ["maths.test"], "classes": ["6B"], "filter_groups": [], "people": []}
    acts: tuple[tuple[str, Actor, dict[str, str]], ...] = (
        ("propose", asks, {}),
        ("approve", agrees, {"proposed_by": asks.person_id}),
    )
    for minutes, (verb, actor, more) in enumerate(acts):
        at = now + timedelta(minutes=minutes)
        with writing(desk.engine) as conn:
            append(
                conn,
                at=at,
                event=f"unblock:{verb}",
                actor=actor.person_id,
                role=str(actor.role),
                object_id=object_id,
                detail={**detail, **more},
                texts={"reason": f"lesson {object_id}, «π»"} if minutes and object_id.endswith("0") else {},
            )
            sign_checkpoint(conn, KEY, at)


def _size(desk: Desk) -> int:
    with reading(desk.engine) as conn:
        return checkpoints(conn, limit=1)[0].size


def something(desk: Desk, step: int, now: datetime) -> None:
    """One kind of change after another, each with two people where it opens something."""
    terry, hedy, cora, tess = (the(desk, name) for name in ("terry", "hedy", "cora", "tess"))
    match step % 9:
        case 0 | 1:
            asked = propose_unblock(desk, tess, _ask(now), now)
            approve(desk, terry if step % 2 else cora, asked.id, "agreed with the plan", now)
            if step % 4 == 0:
                revoke(desk, tess, asked.id, "the lesson was over early", now + timedelta(minutes=70))
        case 2:
            decline(desk, hedy, propose_unblock(desk, tess, _ask(now), now).id, "not for this age", now)
        case 3:
            withdraw(desk, tess, propose_unblock(desk, tess, _ask(now), now).id, "", now)
        case 4:
            text = POLICY.replace("lapse_after_hours: 72", f"lapse_after_hours: {72 + step}")
            approve(desk, hedy, propose_policy(desk, terry, text, "as the governors agreed", now).id, "", now)
        case 5:
            row = {"id": somebody(desk, "ben").id, "classes": ["6B"] if step % 2 else ["6A"]}
            asked = propose_people(desk, cora, [row], "moved up", now)
            if asked.state == "requested":
                approve(desk, terry, asked.id, "as in the office", now)
        case 6:
            opened = open_for_class(desk, tess, "6B", 30, "research for the play", now)
            close_opening(desk, tess, opened.id, now + timedelta(minutes=20))
        case 7:
            record_look(desk, cora, somebody(desk, "anna").id, "everything", "a worried parent", now)
            place_hold(desk, cora, None, now - timedelta(days=1), now, "a complaint", now)
        case _:
            suspend(
                desk, terry, somebody(desk, "gus").id, now + timedelta(days=400, hours=step), "the term", now
            )
            lapse_due(desk, now)


def _ask(now: datetime) -> dict[str, object]:
    starts, ends = (now + timedelta(hours=hours) for hours in (1, 2))
    return an_ask(starts_at=starts.isoformat(), ends_at=ends.isoformat())
