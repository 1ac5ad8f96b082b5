"""Rows of the time before there were parts: held against their own seals, or, once they were removed all at
once, against what the change log says of those that were held then.
"""

from collections.abc import Collection

from sqlalchemy import Connection, text

from audit_log.as_written import as_written
from audit_log.day_check import Record
from audit_log.fault import Fault
from audit_log.findings import Findings
from audit_log.first_seals import EARLIER, FIRST_OPENING, check_first, plain_opening
from audit_log.purged_parts import Left, held_root, hold_purged_part
from audit_log.row_seal import ID_BYTES, half
from audit_log.rows import CLOSING
from audit_log.seal_chain import parsed
from audit_log.streaming import streaming

SEALS = text("SELECT seq, entry FROM filtering_seal WHERE part IS NULL ORDER BY seq")
CLOSED_AT = len(FIRST_OPENING) + len(CLOSING)


def check_earlier(conn: Connection, record: Record, found: Findings) -> None:
    if not record.chain.first_format:
        return
    lines = record.purges_of(EARLIER)
    with as_written(conn):
        if lines:
            upto = lines[-1].upto_seal
            opened, closed = halves_of_earlier(conn, record.chain.first_format, upto)
            left = Left(_sealed(conn), len(opened), held_root(opened, closed))
            hold_purged_part(conn, EARLIER, lines, left, found)
            return
        try:
            check_first(conn)
        except Fault as fault:
            found.add(fault.says, fault.seq)


def halves_of_earlier(
    conn: Connection, last: int, upto: int, only: Collection[str] | None = None
) -> tuple[list[bytes], list[bytes]]:
    """Of the rows of that time, or of these alone, as leaves; endings as far as sealed up to `upto`."""
    columns = ", ".join((*FIRST_OPENING, *CLOSING))
    query = text(f"SELECT {columns}, closed_in FROM filtering_log WHERE opened_in BETWEEN 1 AND :last")  # noqa: S608  # our own names
    opened, closed = [], []
    with streaming(conn, query, {"last": last}) as rows:
        for row in rows:
            if only is not None and row.event_id not in only:
                continue
            values = plain_opening(tuple(row)[: len(FIRST_OPENING)])
            name = _id(values[0])
            opened.append(half(name, values))
            if row.closed_in is not None and row.closed_in <= upto:
                decrypted, *others = tuple(row)[len(FIRST_OPENING) : CLOSED_AT]
                closed.append(half(name, (bool(decrypted), *others)))
    return opened, closed


def _id(event_id: object) -> str:
    """In 26 letters, whatever somebody made of it: then it fits no other."""
    return str(event_id).encode("ascii", "replace").rjust(ID_BYTES, b"0")[:ID_BYTES].decode()


def _sealed(conn: Connection) -> int:
    return sum(parsed(row.entry, row.seq).opened for row in conn.execute(SEALS))
