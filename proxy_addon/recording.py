"""The gate's hold on its journal. While it cannot write, nothing is let by; it tries again by itself.

A disk that failed is not asked again through the same file (audit_log/journal.py): a new segment is begun.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import structlog

from audit_log.journal import Journal, JournalError

log = structlog.get_logger()


class Recording:
    """Opens at once; raises JournalError if that fails."""

    def __init__(self, folder: Path, gate: str) -> None:
        self._where = (folder, gate)
        self._journal: Journal | None = Journal(folder, gate)
        self.last_at = self._journal.last_at
        self.stuck = False
        self._turn: list[asyncio.Future[None]] = []
        # The hot path is the journal's own method, without one of ours around it.
        self.note = self._journal.note

    async def append(self, row: Mapping[str, object]) -> None:
        """Back when the row is on disk. Raises JournalError."""
        await self._turn_of_the_loop()
        if self._journal is None:
            raise JournalError("the journal is closed")
        try:
            await self._journal.append(row)
        except JournalError:
            self.stuck = True
            raise

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
        """Begin anew after a failure. Quiet while nothing is wrong."""
        if not self.stuck:
            return
        broken, self._journal = self._journal, None
        try:
            self._journal = await asyncio.to_thread(_reopened, broken, *self._where)
        except JournalError as fault:
            log.error("journal.failed", fault=str(fault))
            return
        self.note = self._journal.note
        self.stuck = False
        log.warning("journal.reopened")

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()


def _reopened(broken: Journal | None, folder: Path, gate: str) -> Journal:
    if broken is not None:
        broken.close()
    return Journal(folder, gate)
