"""One number for a role with its groups and classes: what a search by group or class goes by.

A school has some dozens of these. They are found once and remembered; a new one is written in the
transaction of the first row that has it, and forgotten again if that transaction is undone.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select, text

from audit_log.tables import who_set

ALL = "SELECT id, role, filter_groups, classes FROM who_set"
INSERT = text("INSERT INTO who_set (id, role, filter_groups, classes) VALUES (:id, :role, :groups, :classes)")
WhoKey = tuple[str, str, str]  # role ("" for nobody), groups and classes as JSON text


class WhoSets:
    """The recorder's: it alone writes them."""

    def __init__(self) -> None:
        self._ids: dict[WhoKey, int] | None = None

    def ids(self, conn: Connection, keys: Iterable[WhoKey]) -> dict[WhoKey, int]:
        """The numbers of these; new ones are inserted. Call `forget` when the transaction fails."""
        if self._ids is None:
            self._ids = {key: number for number, key in _all(conn)}
        known, new = self._ids, sorted(set(keys) - self._ids.keys())
        if new:
            last = conn.scalar(select(func.coalesce(func.max(who_set.c.id), 0))) or 0
            for number, key in enumerate(new, start=last + 1):
                role, groups, classes = key
                conn.execute(INSERT, {"id": number, "role": role, "groups": groups, "classes": classes})
                known[key] = number
        return known

    def forget(self) -> None:
        self._ids = None


def _all(conn: Connection) -> list[tuple[int, WhoKey]]:
    return [(row[0], (row[1], row[2], row[3])) for row in conn.exec_driver_sql(ALL)]
