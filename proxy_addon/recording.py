"""The gate's hold on its journal. While it cannot write, nothing is let by. It can fail in three ways:

the disk is full: it tries again by itself, in a new segment, and goes on when there is room;
the disk does not answer: whoever has waited for PATIENCE seconds is told that the filter is not ready, and
until the writer comes back nobody else waits at all, so that nothing piles up;
the disk failed (`failed`): after a failed fsync the kernel may call lost pages clean, so this process writes
nothing any more; it ends, and its supervisor starts another, with a new segment.
"""

import asyncio
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from audit_log.journal import Journal, JournalError
from proxy_addon.live_time import Limit
from proxy_addon.patience import RECORD_SECONDS

log = structlog.get_logger()

PATIENCE = RECORD_SECONDS
CLOSING = 3.0  # seconds for what is still to be written when the gate ends
LOW = 1_000_000_000  # bytes: about what a school of a thousand writes in a day


class _Counted(Journal):
    """Counts what its writer has done, so that one that hangs can be told from one that is slow."""

    groups = 0

    def _commit(self, lines: list[bytes], notes: int) -> None:
        super()._commit(lines, notes)
        self.groups += 1


class Recording:
    """Opens at once; raises JournalError if that fails."""

    def __init__(self, folder: Path, gate: str, patience: float = PATIENCE) -> None:
        self._where = (folder, gate)
        self._patience = patience
        self._journal: _Counted | None = _Counted(folder, gate)
        self._noting = self._journal  # whose notes are ours, also after it failed
        self.last_at = self._journal.last_at
        self.stuck = False
        self.failed = False
        self._in_vain: int | None = None  # what the writer had done when somebody waited in vain
        self._is_low = False
        self._turn: list[asyncio.Future[None]] = []
        # The hot path is the journal's own method, without one of ours around it.
        self.note = self._journal.note

    @property
    def hangs(self) -> bool:
        """Whether the disk does not answer."""
        journal = self._journal
        return self._in_vain is not None and journal is not None and journal.groups == self._in_vain

    @property
    def works(self) -> bool:
        return not (self.stuck or self.failed or self.hangs)

    async def append(self, row: Mapping[str, Any]) -> None:
        """Back when the row is on disk. Raises JournalError."""
        await self._turn_of_the_loop()
        journal = self._journal
        if journal is None:
            raise JournalError("the journal is closed")
        if self._in_vain is not None and self.hangs:
            raise JournalError("the disk does not answer")
        try:
            with Limit(self._patience):
                await journal.append(row)
        except TimeoutError:
            self._give_up(journal, row)
            raise JournalError(f"the disk did not answer within {self._patience:g} seconds") from None
        except asyncio.CancelledError:
            self._unheard(journal, row)
            raise
        except JournalError as fault:
            self._stop(fault)
            raise

    def _give_up(self, journal: _Counted, row: Mapping[str, Any]) -> None:
        before, self._in_vain = self.hangs, journal.groups
        self._unheard(journal, row)
        if not before:
            log.error("journal.hangs", seconds=self._patience)

    def _unheard(self, journal: _Counted, row: Mapping[str, Any]) -> None:
        """Nobody waits for this row any more, and it may be written yet: a closing one behind it says that
        nothing was let by."""
        if row.get("t") == "open":
            ended = {"status": 503, "up": 0, "down": 0, "ms": int(self._patience * 1000)}
            journal.note({"t": "close", "id": row["id"], "at": row["at"], **ended, "outcome": "failed"})

    def _stop(self, fault: JournalError) -> None:
        """Said once, until it writes again."""
        before = (self.stuck, self.failed)
        self.stuck, self.failed = True, self.failed or fault.fatal
        if self.failed and not before[1]:
            log.error("journal.failed", fault=str(fault), goes_on="in a new process")
        elif not before[0]:
            log.error("journal.stopped", fault=str(fault))

    async def _turn_of_the_loop(self) -> None:
        """What comes in one turn of the event loop goes to the writer together: larger groups, a tenth less
        CPU, and no longer a wait (docs/performance.md)."""
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[None] = loop.create_future()
        if not self._turn:
            loop.call_soon(self._end_turn)
        self._turn.append(mine)
        await mine

    def _end_turn(self) -> None:
        waiting, self._turn = self._turn, []
        for each in waiting:
            if not each.done():
                each.set_result(None)

    async def heal(self) -> None:
        """Begin anew after a failure that allows it. Quiet while nothing is wrong."""
        if self._in_vain is not None and not self.hangs:
            self._in_vain = None
            log.warning("journal.answers")
        if not self.stuck or self.failed:
            return
        broken, self._journal = self._journal, None
        try:
            self._journal = await asyncio.to_thread(_reopened, broken, *self._where)
        except JournalError as fault:
            self._stop(fault)
            return
        self.note = self._journal.note
        self._tell_lost()
        self._noting = self._journal
        self.stuck = False
        log.warning("journal.reopened")

    def _tell_lost(self) -> None:
        """How many ends of what was let by are in no journal: their rows stay without one."""
        if self._noting.lost:
            log.error("journal.closings_lost", count=self._noting.lost)

    async def look_at_room(self) -> None:
        """An alarm before the disk is full, once each time that it comes near it."""
        try:
            found = await asyncio.to_thread(os.statvfs, self._where[0])
        except OSError as fault:
            log.error("journal.room_unknown", fault=str(fault))
            return
        free = found.f_bavail * found.f_frsize
        if free < LOW and not self._is_low:
            log.error("journal.room_low", free_mb=free // 1_000_000, says="a full disk shuts the gate")
        self._is_low = free < LOW

    def close(self) -> None:
        """Waits for what is being written, but not for ever: a disk that hangs must not hold the process."""
        if self._journal is not None:
            closing = threading.Thread(target=self._journal.close, daemon=True)
            closing.start()
            closing.join(CLOSING)
        self._tell_lost()


def _reopened(broken: Journal | None, folder: Path, gate: str) -> _Counted:
    if broken is not None:
        broken.close()
    return _Counted(folder, gate)
