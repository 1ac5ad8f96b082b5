"""Lines of the change log as `agreed_*` is told of them, and what it says of the rows beside them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Engine

from audit_log.db import reading
from audit_log.fault import Fault
from audit_log.seal import stamp
from tests.builders import NOON

Line = dict[str, Any]


class Agreed(Protocol):
    def add(self, entry: Line, /) -> None: ...
    def check(self, conn: Connection, entries: int, /) -> None: ...


def line(
    seq: int, event: str, object_id: str, detail: Line, *, actor: str = "p_1", at: datetime = NOON
) -> Line:
    return {
        "seq": seq,
        "at": stamp(at),
        "event": event,
        "actor": actor,
        "object": object_id,
        "detail": detail,
    }


def fault_of(agreed: Agreed, engine: Engine, lines: Sequence[Line]) -> tuple[int, str] | None:
    """The entry that is told of, and the sentence."""
    for each in lines:
        agreed.add(each)
    with reading(engine) as conn:
        try:
            agreed.check(conn, len(lines))
        except Fault as fault:
            return fault.seq, fault.says
    return None
