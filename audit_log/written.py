"""Which lines of the change log this transaction itself wrote, and their leaves as we computed them.

The database is asked for nothing here: who owns it can let a trigger put a line beside ours, or change ours
on its way in. Only what stands here is signed.
"""

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, RootTransaction

_lines: WeakKeyDictionary[RootTransaction, dict[int, bytes]] = WeakKeyDictionary()


def remember_line(conn: Connection, seq: int, leaf: bytes) -> None:
    if (transaction := conn.get_transaction()) is not None:
        _lines.setdefault(transaction, {})[seq] = leaf


def written_lines(conn: Connection) -> Mapping[int, bytes]:
    """By number; none without a transaction, and none once it has ended."""
    transaction = conn.get_transaction()
    return {} if transaction is None else _lines.get(transaction, {})
