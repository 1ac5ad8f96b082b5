"""What the signed part of the change log tells of passwords, codes, second factors and tokens.

Each line is hashed again and its chain followed; it counts once a checkpoint that our key signed covers it.
What was found good is remembered: a line damaged, taken away or put there afterwards changes no answer.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, func, select

from audit_log.as_written import as_written
from audit_log.checkpoint import Checkpoint, NoteError, read_note
from audit_log.seal import GENESIS, leaf_of
from audit_log.tables import change_log, checkpoint
from change_control.log_tree import LogTree
from change_control.sealed_secrets import TELLING, SealedSecrets
from filter_policy.bundle_proof import ProofFault

WORDS = tuple(f'"event":"{event}"' for event in TELLING)
DAMAGED = "entry {} of the change log is missing or damaged"


@dataclass(slots=True)
class _Part:
    """The log from its beginning, as far as it was read."""

    tree: LogTree = field(default_factory=LogTree)
    last: bytes = GENESIS
    secrets: SealedSecrets = field(default_factory=SealedSecrets)

    @property
    def size(self) -> int:
        return self.tree.size

    def copy(self) -> "_Part":
        return _Part(self.tree.copy(), self.last, self.secrets.copy())

    def is_at(self, signed: Checkpoint) -> bool:
        """Whether this was signed, of as many lines as it says."""
        return signed.size <= self.size and self.root(signed.size) == signed.root

    def root(self, size: int) -> bytes | None:
        return self.tree.over(0, size) if size > 0 else None

    def read(self, rows: Iterable[Row[Any]]) -> str:
        """Why it goes no further; empty where it does."""
        for row in rows:
            if not self._add(row):
                return DAMAGED.format(self.size + 1)
        return ""

    def _add(self, row: Row[Any]) -> bool:
        try:
            if row.seq != self.size + 1 or row.prev != self.last or leaf_of(row.prev, row.entry) != row.leaf:
                return False
            if any(word in row.entry for word in WORDS):
                said = json.loads(row.entry)
                self.secrets.add(said["event"], said["object"], said["detail"])
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return False
        self.tree.add(row.leaf)
        self.last = row.leaf
        return True


@dataclass(slots=True)
class Vouched:
    """What this process remembers of it. Without a key nothing was signed by us."""

    key: Ed25519PublicKey | None = None
    _good: _Part = field(default_factory=_Part)
    _lock: Lock = field(default_factory=Lock)

    def secrets(self, conn: Connection) -> tuple[SealedSecrets, ProofFault | None]:
        """What the last good part tells, and what is wrong with the log as it lies there now."""
        with self._lock, as_written(conn):
            why = self._read_on(conn)
            return self._good.secrets, ProofFault(why) if why else None

    def forget(self) -> None:
        with self._lock:
            self._good = _Part()

    def _read_on(self, conn: Connection) -> str:
        # The lines first: with each of them its checkpoint is committed, which is looked for afterwards.
        longest = conn.scalar(select(func.max(change_log.c.seq))) or 0
        signed = self._newest(conn)
        if signed is None and not longest and not self._good.size:
            return ""  # nothing has been founded yet
        if signed is None:
            self._as_far(conn, longest)
            return "the newest checkpoint is not signed by us"
        why = "the change log is not signed to its end" if longest > signed.size else ""
        if signed.size <= self._good.size:  # this view may be older than what is known
            at = min(signed.size, longest)
            why = why or self._changed(conn, at)
            return why if self._good.is_at(signed) else why or "the change log is not what was signed"
        return self._grown(conn, signed) or why

    def _changed(self, conn: Connection, at: int) -> str:
        """Of the last line that is known alone: the others are remembered, whatever they say now."""
        leaf = conn.scalar(select(change_log.c.leaf).where(change_log.c.seq == at))
        return "" if at and leaf == self._good.tree.leaf(at) else DAMAGED.format(at)

    def _grown(self, conn: Connection, signed: Checkpoint) -> str:
        """On to what was signed last; where that cannot be, as far as anything was."""
        more = self._good.copy()
        why = more.read(_lines(conn, self._good.size, signed.size))
        if not why and more.is_at(signed):
            self._good = more
            return ""
        self._as_far(conn, signed.size)
        return why or "the change log is not what was signed"

    def _as_far(self, conn: Connection, upto: int) -> None:
        more = self._good.copy()
        more.read(_lines(conn, self._good.size, upto))
        at = self._last_good(conn, more)
        if at > self._good.size:
            good = self._good.copy()
            good.read(_lines(conn, self._good.size, at))
            self._good = good

    def _last_good(self, conn: Connection, read: _Part) -> int:
        """The newest checkpoint that fits: once one does not, no later one does."""
        table = checkpoint.c
        asked = select(table.size, table.note).where(table.size > self._good.size, table.size <= read.size)
        notes = [note for row in conn.execute(asked.order_by(table.size)) if (note := self._ours(row.note))]
        fits = bisect_right(notes, 0, key=lambda note: 0 if read.is_at(note) else 1)
        return notes[fits - 1].size if fits else 0

    def _newest(self, conn: Connection) -> Checkpoint | None:
        note = conn.scalar(select(checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1))
        return None if note is None else self._ours(note)

    def _ours(self, note: object) -> Checkpoint | None:
        try:
            signed = read_note(str(note))
            return signed if self.key is not None and signed.is_signed_by(self.key) else None
        except (NoteError, UnicodeEncodeError):
            return None


def _lines(conn: Connection, after: int, upto: int) -> Iterable[Row[Any]]:
    table = change_log.c
    asked = select(table.seq, table.prev, table.leaf, table.entry).where(table.seq > after, table.seq <= upto)
    return conn.execute(asked.order_by(table.seq))
