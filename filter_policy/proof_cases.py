"""Do these sealed lines say that a case ordered this of the gate? What looks into a device, and what lets it
go again, needs two seniors under the same words; what shuts it off needs one, and must not be missing.
"""

from collections.abc import Iterable
from datetime import datetime

from filter_policy.case_orders import ISOLATE, MODE, RELEASE, Order, released_by
from filter_policy.proof_lines import BREAK_GLASS, SYSTEM, Line, Lines, LinesFault

ASK, SIGN, END = "incident:ask", "incident:sign", "incident:end"
WITHDRAWN = "incident:withdraw"  # what was asked for and taken back is nobody's to sign
ISOLATED = "incident:isolate"
ILLEGAL = "incident:illegal"  # whatever was open to look at it is shut with it (S172)
CLOSED = "closed"
CASES = frozenset({ASK, SIGN, END, WITHDRAWN, ISOLATED, ILLEGAL})


def check_orders(lines: Lines, orders: Iterable[Order]) -> None:
    """Raises LinesFault, or OrderFault for words that order nothing."""
    found = tuple(orders)
    for order in found:
        if order.act == ISOLATE:
            _is_isolated(lines, order)
        else:
            _is_signed(lines, order)
        if order.act == MODE:
            _is_open(lines, order)
    told = {(each.id, each.incident_id) for each in found if each.act == ISOLATE}
    told |= {(released_by(each), each.incident_id) for each in found if each.act == RELEASE}
    for line in lines.all:
        if line.event == ISOLATED and (line.object_id, line.detail["incident"]) not in told:
            raise LinesFault(f"the device that entry {line.seq} shut off is not shut off")


def halts(line: Line, incident_id: str) -> bool:
    """Whether nothing of this case is looked into any more from this line on."""
    of_it = line.detail.get("incident") == incident_id
    return of_it and (line.event == ILLEGAL or line.detail.get("to") == CLOSED)


def _is_isolated(lines: Lines, order: Order) -> None:
    line = lines.of.get((ISOLATED, order.id))
    if line is None or not _is_same(line, order):
        raise LinesFault(f"isolation {order.id} is not what an entry sealed")
    _at_once(line, order)


def _is_signed(lines: Lines, order: Order) -> None:
    asked, signed = lines.of.get((ASK, order.id)), lines.of.get((SIGN, order.id))
    if asked is None or signed is None or asked.seq > signed.seq:
        raise LinesFault(f"no two entries signed step {order.id}")
    if (withdrawn := lines.of.get((WITHDRAWN, order.id))) is not None:
        raise LinesFault(f"step {order.id} was taken back with entry {withdrawn.seq}")
    if asked.actor == signed.actor or {asked.actor, signed.actor} & {SYSTEM, BREAK_GLASS}:
        raise LinesFault(f"entry {signed.seq}: one person asked and signed")
    if wrong := next((line for line in (asked, signed) if not _is_same(line, order)), None):
        raise LinesFault(f"step {order.id} is not what entry {wrong.seq} signed")
    if order.people != {asked.actor, signed.actor}:
        raise LinesFault(f"step {order.id} is for others than those who signed it")
    _at_once(signed, order)


def _is_open(lines: Lines, order: Order) -> None:
    signed, ended = lines.of[SIGN, order.id], lines.of.get((END, order.id))
    if ended is not None and ended.seq > signed.seq:
        raise LinesFault(f"investigation {order.id} was over with entry {ended.seq}")
    over = (each for each in lines.all if each.seq > signed.seq and halts(each, order.incident_id))
    if (halted := next(over, None)) is not None:
        raise LinesFault(f"nothing of its case is looked into since entry {halted.seq}")


def _is_same(line: Line, order: Order) -> bool:
    return (line.detail["facts"], line.detail["incident"]) == (order.sha256, order.incident_id)


def _at_once(line: Line, order: Order) -> None:
    if datetime.fromisoformat(line.at) != order.at:
        raise LinesFault(f"{order.id} is not of the time of entry {line.seq}")
