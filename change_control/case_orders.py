"""What cases order of the gates now, as the database has it: devices shut off or let go, and looked into.

Only lines are read that are young enough to order anything. What cannot be read orders nothing here, and
hinders no other; where a device was shut off by it, the proof misses it, and the gates keep what they have,
less whatever is shut meanwhile (publish.py).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, and_, or_, select

from audit_log.incident_model import Incident, Step
from audit_log.incident_rows import ids_of, raw
from audit_log.incidents import readable
from audit_log.tables import incident_entry
from filter_policy.case_orders import (
    ISOLATE,
    MODE,
    MOST_DAYS,
    ODD,
    RELEASE,
    Order,
    OrderFault,
    investigation_of,
    isolation_of,
    order_in,
    order_out,
    released_by,
)

LOOKED_BACK = timedelta(days=2 * MOST_DAYS)  # further than any line is asked for
MOST_DAYS_AHEAD = 8  # from the second signature to the end of an investigation

READ: Mapping[str, Callable[[Order], object]] = {
    MODE: investigation_of,
    RELEASE: released_by,
    ISOLATE: isolation_of,
}

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
    ids, odd = ids_of(conn, select(*raw(conn, table.incident_id)).where(young).distinct())
    if odd:
        log.error("incident.ids_not_understood", count=odd)
    found, not_understood = readable(conn, ids)
    for each in not_understood:
        log.error("incident.not_understood", incident=each)
    yield from found


def _orders(case: Incident, as_of: datetime) -> Iterator[Order]:
    for each in case.isolated:
        shut = Order(ISOLATE, each.id, case.id, each.starts_at, each.salt, each.sealed)
        if each.released_at is None and _is_readable(shut):
            yield shut
    for step in case.steps:
        order = _step_order(case, step)
        if order is None or not _is_readable(order):
            continue
        if order.act == RELEASE or _is_open(case, step, order, as_of):
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
    if any(order.at <= at for at in closings):
        return False
    return investigation_of(order).ends_at > as_of


def _is_readable(order: Order) -> bool:
    """Whether a gate would read it, as it stands here, from the bundle that it goes into."""
    try:
        if order_in(order_out(order)) != order:
            raise OrderFault("another after it was written down")
        READ[order.act](order)
    except ODD as fault:  # OrderFault is one
        why = str(fault) if isinstance(fault, OrderFault) else type(fault).__name__
        log.error("incident.order_not_understood", order=order.id, why=why)
        return False
    return True
