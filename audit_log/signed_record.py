"""Before something goes for good: are the tables that say so what signed lines say was agreed on?

Policy, corrections and legal holds are read from small tables, and a row there can be edited for one night
and put back. So whoever removes something holds them against the change log first, and the change log
against its last checkpoint, in the transaction that removes.
"""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, text

from audit_log.agreements import Agreements
from audit_log.as_written import as_written
from audit_log.checkpoint import NoteError, read_note
from audit_log.fault import Fault
from audit_log.merkle import Frontier
from audit_log.seal import GENESIS, leaf_of
from audit_log.streaming import streaming

LINES = text("SELECT seq, entry, prev, leaf FROM change_log WHERE seq > :after ORDER BY seq")
LAST_NOTE = text("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")


class SignedRecord:
    """Goes on from the last line it has read: the first check reads all, the next one only what is new."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        self._tree = Frontier()
        self._leaf = GENESIS
        self._agreements = Agreements()

    def check(self, conn: Connection) -> None:
        """Raises Fault. Not for a transaction that has written a line already: that is not signed yet."""
        with as_written(conn):
            with streaming(conn, LINES, {"after": self._tree.size}) as rows:
                for row in rows:
                    self._read(row)
            self._hold_signed(conn)
            self._agreements.check(conn, self._tree.size)

    def _read(self, row: Row[Any]) -> None:
        seq = self._tree.size + 1
        try:
            sound = row.seq == seq and row.prev == self._leaf and row.leaf == leaf_of(row.prev, row.entry)
            if not sound:
                raise Fault(seq, f"Entry {seq} is not what was sealed.")
            self._agreements.add(json.loads(row.entry))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise Fault(seq, f"Entry {seq} is not an entry of a change log.") from None
        self._tree.add(row.leaf)
        self._leaf = row.leaf

    def _hold_signed(self, conn: Connection) -> None:
        """To the last line, since each is signed as it is made."""
        size, note = self._tree.size, conn.scalar(LAST_NOTE)
        try:
            signed = None if note is None else read_note(note)
        except NoteError:
            raise Fault(size, "The last checkpoint is not a checkpoint.") from None
        if signed is None or not signed.is_signed_by(self._key):
            raise Fault(size, "The last checkpoint is not signed with this school's key.")
        if (signed.size, signed.root) != (size, self._tree.root()):
            raise Fault(size, f"The last checkpoint is not of the {size} entries that are there.")
