"""What cases order of the gates now, as the database has it: devices shut off or let go, and looked into.

Only lines are read that are young enough to order anything. What cannot be read orders nothing here; where a
device was shut off by it, the proof misses it, and the gates keep what they have (publish.py).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, and_, or_, select

from audit_log.incident_model import Incident, Step
from audit_log.incidents import incident_of
from audit_log.tables import incident_entry
from filter_policy.case_orders import (
    ISOLATE,
    MODE,
    MOST_DAYS,
    RELEASE,
    Order,
    OrderFault,
    investigation_of,
    isolation_of,
)

LOOKED_BACK = timedelta(days=2 * MOST_DAYS)  # further than any line is asked for
MOST_DAYS_AHEAD = 8  # from the second signature to the end of an investigation

log = structlog.get_logger()


def orders_in_force(conn: Connection, as_of: datetime) -> tuple[Order, ...]:
    """A device that was shut off stays among them, with its release if there is one, as long as its line may
    be asked for; an investigation until it is over."""
    found = (each for case in _cases(conn, as_of) for each in _orders(case, as_of))
    return tuple(sorted(found, key=lambda each: (each.act, each.id)))


def _cases(conn: Connection, as_of: datetime) -> Iterator[Incident]:
    table = incident_entry.c
    young = or_(
        and_(table.act == "isolate", table.at > as_of - LOOKED_BACK),
        and_(table.act == "sign", table.at > as_of - timedelta(days=MOST_DAYS_AHEAD)),
    )
    for each in conn.scalars(select(table.incident_id).where(young).distinct()).all():
        try:
            case = incident_of(conn, each)
        except (ValueError, RecursionError):  # FoldError is one; so is what is no JSON
            log.error("incident.not_understood", incident=each)
            continue
        if case is not None:
            yield case


def _orders(case: Incident, as_of: datetime) -> Iterator[Order]:
    for each in case.isolated:
        shut = Order(ISOLATE, each.id, case.id, each.starts_at, each.salt, each.sealed)
        if each.released_at is None and _is_readable(shut):
            yield shut
    for step in case.steps:
        order = _step_order(case, step)
        if order is not None and (order.act == RELEASE or _is_open(case, step, order, as_of)):
            yield order


def _step_order(case: Incident, step: Step) -> Order | None:
    if step.act not in (MODE, RELEASE) or step.signed_at is None or step.signed_by is None:
        return None
    people = frozenset({step.asked_by, step.signed_by})
    return Order(step.act, step.id, case.id, step.signed_at, step.salt, step.sealed, people)


def _is_open(case: Incident, step: Step, order: Order, as_of: datetime) -> bool:
    """Closing a case, or that it may be illegal, ends what was opened for it; to open it again does not."""
    if step.ended_at is not None or not case.is_open or case.is_illegal:
        return False
    closings = (each.signed_at for each in case.steps if each.act == "close" and each.signed_at)
    if any(order.at <= at for at in closings) or not _is_readable(order):
        return False
    return investigation_of(order).ends_at > as_of


def _is_readable(order: Order) -> bool:
    try:
        isolation_of(order) if order.act == ISOLATE else investigation_of(order)
    except OrderFault as fault:
        log.error("incident.order_not_understood", order=order.id, why=str(fault))
        return False
    return True
