"""An update of the lists, built from what two people agreed on: in force at once, or it waits for somebody.

Within the tolerance of each list it is that agreement at work: the system brings it into force, and the line
names the agreement. Past it the update waits: for one person where it only shuts more, for two where it opens
(docs/adr/0014). Nothing else comes into force without anybody, and never in silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy import Connection, RowMapping, select

from audit_log.db import reading
from audit_log.tables import proposal
from change_control.desk import SYSTEM, Desk
from change_control.errors import ChangeError
from change_control.in_force import agreed_lists, parsed_policy
from change_control.list_changes import Between, next_since, still_rolled_back, weigh
from change_control.list_rows import (
    KIND,
    STALE,
    Step,
    bring_in,
    facts,
    opened,
    require_fit,
    write_row,
)
from change_control.list_tolerance import Overstep
from change_control.proposals import move, row_to_change
from change_control.roles import require_established
from change_control.sealed_lists import from_the_same, masked, refuse_candidate
from change_control.sealing import Change, change
from filter_lists.orders import Order, Outcome
from filter_policy.life_cycle import Act, State

WITHIN = "an update within what was agreed on"
GONE_AGAIN = "the lists are again as those in force"
MOST_TOLD = 20  # reasons in a sentence; the row has all of them

log = structlog.get_logger()


class Took(StrEnum):
    IN_FORCE = "in-force"
    HELD = "held"
    NOTHING = "nothing"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an update. `again`: other lists came into force meanwhile, so it is built anew."""

    took: Took
    says: str
    id: str | None = None  # of its row, where it has one
    because: tuple[Overstep, ...] = ()
    again: bool = False


class _Nothing(Exception):
    """Nothing is written; raised within the transaction so that it ends without a line."""

    def __init__(self, taken: Taken) -> None:
        self.taken = taken


def update_order(desk: Desk, fetch: tuple[str, ...] | None, now: datetime) -> Order:
    """For what two people agreed on; `fetch` as in `Order`. Raises ChangeError."""
    with reading(desk.engine) as conn:
        agreed = agreed_lists(conn)
    if not agreed.config_text:
        raise ChangeError("wrong-state", "no lists.yaml has been agreed on yet; propose the one on disk")
    return Order(agreed.config_text, desk.lists_folder, desk.state, fetch, agreed.generation, now)


def candidate_order(desk: Desk, now: datetime, fetch: tuple[str, ...] | None = None) -> Order:
    """For lists.yaml as it is on disk: what comes of it is proposed. Raises ChangeError."""
    text = desk.lists_text()
    with reading(desk.engine) as conn:
        agreed = agreed_lists(conn)
    refuse_candidate(agreed, text, desk.lists_folder)
    return Order(
        text, desk.lists_folder, desk.state, fetch, agreed.generation, now, agreed=agreed.config_text
    )


def as_told(desk: Desk, outcome: Outcome, text: str) -> Outcome:
    """What came of the order for this text, as it may be shown to anybody."""
    with reading(desk.engine) as conn:
        agreed = agreed_lists(conn)
    return replace(outcome, changes=masked(outcome.changes, agreed, text, desk.lists_folder))


def take_update(desk: Desk, outcome: Outcome, now: datetime, *, order: Order) -> Taken:
    """`outcome` is what came of `order`, which `update_order` gave."""
    if outcome.generation is None or outcome.faults:
        return _refused("; ".join(outcome.faults) or "nothing was built")
    try:
        opened(desk, outcome.generation)  # before anybody has to wait for it
        with change(desk, now) as made:
            return _take(desk, made, outcome, outcome.generation, order)
    except _Nothing as nothing:
        return nothing.taken
    except ChangeError as error:
        if error.code == "refused":
            return _refused(error.says)
        return Taken(Took.NOTHING, error.says)


def _refused(says: str) -> Taken:
    log.error("lists.update_refused", why=says)
    return Taken(Took.REFUSED, says)


def _take(desk: Desk, made: Change, outcome: Outcome, generation: str, order: Order) -> Taken:
    agreed = agreed_lists(made.conn)
    if (order.text, order.base) != (agreed.config_text, agreed.generation):
        raise _Nothing(Taken(Took.NOTHING, STALE, again=True))
    require_established(made.conn)
    waiting = waiting_updates(made.conn)
    if generation == agreed.generation or not outcome.changes:
        return _nothing_differs(made, waiting)
    policy = parsed_policy(made.conn)
    found = Between(agreed, opened(desk, agreed.generation), opened(desk, generation))
    same = from_the_same(agreed, agreed.config_text, desk.lists_folder)
    require_fit(policy, found, outcome.changes, same)
    past = weigh(policy, found, outcome.changes, desk.lists_folder)
    step_ = Step(
        what="held" if past else "update",
        config=agreed.config_text,
        lists=found.new,
        base=agreed,
        changes=outcome.changes,
        because=past,
        since=next_since(agreed, outcome.changes),
        rolled_back=still_rolled_back(found),
        replaces=[row["id"] for row in waiting],
    )
    return _hold(made, step_, waiting) if past else _bring_in(made, step_)


def _bring_in(made: Change, step_: Step) -> Taken:
    row = bring_in(made, step_, WITHIN)
    made.seal("lists:update", SYSTEM, row["id"], facts(row))
    log.info("lists.updated", generation=step_.lists.generation[:12], changed=len(step_.changes))
    return Taken(Took.IN_FORCE, WITHIN, row["id"])


def _hold(made: Change, step_: Step, waiting: Sequence[RowMapping]) -> Taken:
    past = tuple(step_.because)
    says = "; ".join(str(each) for each in past[:MOST_TOLD])
    _unless_known(made.conn, step_, past, waiting)
    row = write_row(made, step_, says, State.REQUESTED)
    made.seal("lists:hold", SYSTEM, row["id"], facts(row), {"reason": says})
    log.warning("lists.update_held", why=says, loosening=row["loosening"])
    return Taken(Took.HELD, says, row["id"], past)


def _unless_known(
    conn: Connection, step_: Step, past: tuple[Overstep, ...], waiting: Sequence[RowMapping]
) -> None:
    """The same update comes every hour, until somebody has said a word; it is told of once."""
    payload = step_.payload
    same = ("generation", "base_id", "because")
    for row in (*waiting, *_proposed(conn)):
        if all(row["payload"][name] == payload[name] for name in same):
            raise _Nothing(Taken(Took.HELD, row["reason"], row["id"], past))
    declined = select(proposal.c.id).where(
        proposal.c.kind == KIND,
        proposal.c.state == State.DECLINED,
        proposal.c.payload["generation"].as_string() == payload["generation"],
        proposal.c.payload["base"].as_string() == payload["base"],
    )
    if known := conn.execute(declined.limit(1)).scalar():
        raise _Nothing(Taken(Took.NOTHING, "this very update was declined", known, past))


def _nothing_differs(made: Change, waiting: Sequence[RowMapping]) -> Taken:
    """What waited has gone again by itself."""
    taken = Taken(Took.NOTHING, "nothing differs from the lists in force")
    if not waiting:
        raise _Nothing(taken)
    for row in waiting:
        move(made, SYSTEM, row_to_change(made, row["id"]), Act.WITHDRAW, GONE_AGAIN)
    return taken


def waiting_updates(conn: Connection) -> Sequence[RowMapping]:
    """Updates that wait for somebody; one at most, since a newer one takes its place."""
    asked = select(proposal).where(
        proposal.c.kind == KIND,
        proposal.c.state == State.REQUESTED,
        proposal.c.proposed_by == SYSTEM.person_id,
    )
    return conn.execute(asked.order_by(proposal.c.id)).mappings().all()


def _proposed(conn: Connection) -> Sequence[RowMapping]:
    """Updates that somebody took up, and that wait for another person."""
    asked = select(proposal).where(
        proposal.c.kind == KIND,
        proposal.c.state == State.REQUESTED,
        proposal.c.payload["held"].as_string().is_not(None),
    )
    return conn.execute(asked.order_by(proposal.c.id)).mappings().all()
