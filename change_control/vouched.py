"""What the signed part of the change log tells of passwords, codes, second factors and tokens.

Each line is hashed again and its chain followed; it counts once a checkpoint that our key signed covers it.
What was found good is remembered: a line damaged, taken away or put there afterwards changes no answer. How
far it went is kept outside the database too (floor.py): not even when everything is started anew.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, func, select

from audit_log.as_written import as_written
from audit_log.checkpoint import Checkpoint, NoteError, read_note
from audit_log.db import open_engine, reading
from audit_log.seal import GENESIS, leaf_of
from audit_log.tables import change_log, checkpoint
from change_control.floor import CUT, OTHER, BelowFloorError, Floor, FloorFault, Seen
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
    told: int = 0  # the last line that tells of secrets

    @property
    def size(self) -> int:
        return self.tree.size

    def copy(self) -> "_Part":
        return _Part(self.tree.copy(), self.last, self.secrets.copy(), self.told)

    def is_at(self, signed: Checkpoint) -> bool:
        """Whether this was signed, of as many lines as it says."""
        return signed.size <= self.size and self.root(signed.size) == signed.root

    def holds(self, seen: Seen) -> bool:
        """Whether it begins with what was seen."""
        return seen.size <= self.size and self.root(seen.size) == seen.root

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
                self.told = row.seq
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return False
        self.tree.add(row.leaf)
        self.last = row.leaf
        return True


@dataclass(slots=True)
class Vouched:
    """What this process remembers of it. Without a key nothing was signed by us.

    `floor`: how far any process of this server has seen the log; None where it is read for its own sake.
    """

    key: Ed25519PublicKey | None = None
    floor: Floor | None = None
    _good: _Part = field(default_factory=_Part)
    _restored: int = 0  # as the floor has it, of what is remembered
    _is_cut: bool = False
    _lock: Lock = field(default_factory=Lock)

    def secrets(self, conn: Connection) -> tuple[SealedSecrets, ProofFault | None]:
        """What the last good part tells, and what is wrong with the log as it lies there now."""
        with self._lock, as_written(conn):
            secrets, below, why = self._look(conn)
            why = below or why
            return secrets, ProofFault(why) if why else None

    @property
    def size(self) -> int:
        """Entries of the good part."""
        return self._good.size

    def below(self, conn: Connection) -> str:
        """Why this is not the log that this server has seen; empty where it is. Damage is another fault."""
        with self._lock, as_written(conn):
            return self._look(conn)[1]

    def require_floor(self, conn: Connection) -> None:
        """Before anything more is signed. In the transaction that writes: no view is newer than its own.

        Raises BelowFloorError.
        """
        try:
            seen = self.floor.seen() if self.floor is not None else None
        except FloorFault as fault:
            raise BelowFloorError(str(fault)) from fault
        further = self._further(seen)
        if self.floor is None or further is None:
            return
        with as_written(conn):
            if not has_line(conn, further):
                raise BelowFloorError(CUT.format(further.size))

    def begin_anew(self, conn: Connection, at: datetime) -> None:
        """The log as it lies there is the right one from now on, whatever was seen before."""
        with self._lock, as_written(conn):
            seen, _ = self._seen()
            restored = max(int(at.timestamp()), seen.restored + 1 if seen is not None else 0)
            self._good, self._restored, self._is_cut = _Part(), restored, False
            self._read_on(conn)
            self._keep()

    def forget(self) -> None:
        with self._lock:
            self._good = _Part()

    def _look(self, conn: Connection) -> tuple[SealedSecrets, str, str]:
        """What is told, why the log is below the floor, and what else is wrong with it."""
        # The floor first: what was committed before it was written is in every later view.
        seen, below = self._seen()
        if seen is not None and seen.restored != self._restored:
            self._good, self._restored = _Part(), seen.restored
        why = self._read_on(conn)
        below = below or self._below(conn, seen)
        if seen is not None and not self._good.holds(seen):
            try:
                assert self.floor is not None  # noqa: S101  # it was seen there; for the type checker
                return self.floor.secrets(seen), below, why
            except FloorFault as fault:
                return self._good.secrets, below or str(fault), why
        if not below and (seen is None or seen.size < self._good.size):
            self._keep()
        return self._good.secrets, below, why

    def _seen(self) -> tuple[Seen | None, str]:
        try:
            return (self.floor.seen() if self.floor is not None else None), ""
        except FloorFault as fault:
            return None, str(fault)

    def _below(self, conn: Connection, seen: Seen | None) -> str:
        further = self._further(seen)
        if self.floor is None or further is None:
            return ""
        if seen is not None and seen.size <= self._good.size and not self._good.holds(seen):
            return OTHER.format(seen.size)
        # This view may be older than the floor: then a new one has it.
        self._is_cut = not has_line(conn, further) and (self._is_cut or not _has_now(conn, further))
        return CUT.format(further.size) if self._is_cut else ""

    def _further(self, seen: Seen | None) -> Seen | None:
        """What this process remembers may be further than the floor, where that cannot be written."""
        good = self._good
        if not good.size or (
            seen is not None and (seen.restored != self._restored or seen.size >= good.size)
        ):
            return seen
        return Seen(good.size, b"", good.last)

    def _keep(self) -> None:
        good = self._good
        if self.floor is not None and good.size:
            root = good.tree.over(0, good.size)
            seen = Seen(good.size, root, good.last, good.told, restored=self._restored)
            self.floor.keep(seen, good.secrets)

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


def has_line(conn: Connection, seen: Seen) -> bool:
    """Each line's hash holds the one before, so the last one stands for all."""
    leaf = conn.scalar(select(change_log.c.leaf).where(change_log.c.seq == seen.size))
    return bool(leaf == seen.leaf)


def _has_now(conn: Connection, seen: Seen) -> bool:
    """In a view of its own, on a connection of its own: who waits for us may hold all the others."""
    engine = open_engine(conn.engine.url.render_as_string(hide_password=False))
    try:
        with reading(engine) as new, as_written(new):
            return has_line(new, seen)
    finally:
        engine.dispose()
