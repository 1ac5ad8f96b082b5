"""The seals of one batch: for each part in it the next number, and its halves as they are stored."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection

from audit_log.first_seals import EARLIER
from audit_log.intake_store import Statements, execute
from audit_log.row_seal import half, seal_of
from audit_log.rows import Values
from audit_log.seal import GENESIS, leaf_of

LAST = "SELECT seq, leaf, entry FROM filtering_seal ORDER BY seq DESC LIMIT 1"


class Seals:
    """A part has its number from the first half that was stored of it: numbers have no gaps."""

    def __init__(self, conn: Connection) -> None:
        last = conn.exec_driver_sql(LAST).one_or_none()
        self._first = last.seq + 1 if last else 1
        self._prev = bytes(last.leaf) if last else GENESIS
        self._last_at = _time_of(last.entry) if last else None
        self._numbers: dict[str, int] = {}
        self._opened: dict[str, list[bytes]] = {}
        self._closed: dict[str, list[bytes]] = {}

    def number(self, part: str) -> int:
        """The seal's, or what it will be."""
        return self._numbers.get(part) or self._first + len(self._numbers)

    def opened(self, part: str, values: Values) -> None:
        """This opening is stored."""
        self._of(part, self._opened).append(half(values[0], values))

    def closed(self, part: str, event_id: str, values: Values) -> None:
        """This closing is stored."""
        self._of(part, self._closed).append(half(event_id, values))

    def _of(self, part: str, halves: dict[str, list[bytes]]) -> list[bytes]:
        if part not in self._numbers:
            self._numbers[part] = self._first + len(self._numbers)
            self._opened[part], self._closed[part] = [], []
        return halves[part]

    def write(
        self,
        conn: Connection,
        sql: Statements,
        at: datetime,
        ranges: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        """The chain goes on with one seal for each part. Its time never goes back, even if the clock did.

        The first says what was read; if that made no row, it is one of no rows, in a part that never goes.
        """
        at = max(at, self._last_at) if self._last_at else at
        if ranges and not self._numbers:
            self._of(f"{EARLIER}/{at.astimezone(UTC).date()}", self._opened)
        seals: list[Values] = []
        leaves: list[Values] = []
        for part, seq in self._numbers.items():
            sealed = seal_of(seq, at, part, self._opened[part], self._closed[part], ranges=ranges)
            ranges = None
            leaf = leaf_of(self._prev, sealed.entry)
            seals.append((seq, sealed.entry, self._prev, leaf, part))
            leaves.append((seq, sealed.opened, sealed.closed))
            self._prev = leaf
        execute(conn, sql.seal, seals)
        execute(conn, sql.leaf, leaves)


def _time_of(entry: str) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(entry)["at"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError):
        return None  # somebody changed it: that is for `verify` to say
