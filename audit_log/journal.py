"""The journal: what the gate does is on disk before anybody is answered (invariant 2).

    await journal.append(record)      # back only when the record would survive a power cut
    journal.note(record)              # joins the next group; for what follows an answer

One thread writes. Whatever waits when it comes round is one group: one write, one fdatasync, one wake-up of
the event loop. A file that failed once is not written again: every later append raises JournalError and the
gate blocks. A disk that was full may have room again, and a new Journal then begins a new segment. Where the
disk itself failed (after a failed fsync the kernel may call lost pages clean) the error is `fatal`: only a
new process may go on. Standard library only; the gate imports nothing else of this room.
"""

import asyncio
import errno
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue

from audit_log.event_id import new_event_id as new_event_id
from audit_log.event_id import reference_of as reference_of
from audit_log.segments import (
    CONTINUED,
    STARTED,
    encode_line,
    last_time,
    lock_path,
    segment_path,
    segments,
)
from audit_log.segments import JournalDamage as JournalDamage
from audit_log.segments import read_segment as read_segment

NOTE_SECONDS = 0.02  # how long a note waits for company
LOCK_SECONDS = 0.5
LOCK_PAUSE = 0.02

Waiting = tuple[bytes, asyncio.Future[None]]


class JournalError(Exception):
    """Nothing can be recorded, so nothing may be let by. `fatal`: nor ever again by this process."""

    def __init__(self, says: str, *, fatal: bool = False) -> None:
        super().__init__(says)
        self.fatal = fatal


class _NotOnDiskError(OSError):
    """What was written may be lost, whatever the kernel says the next time it is asked."""


class _File:
    """The segment being written: append, fdatasync, and a new file when this one is full."""

    def __init__(self, folder: Path, gate: str, segment_bytes: int) -> None:
        self.folder = folder
        self.gate = gate
        self.segment_bytes = segment_bytes
        self.size = 0
        self.fd = -1
        self.ns = max((s.ns for s in segments(folder) if s.gate == gate), default=0)
        self._next(STARTED)

    def _next(self, how: str) -> None:
        """A new file, durable with its name before anything of ours is in it."""
        self.ns = max(time.time_ns(), self.ns + 1)  # names keep the order even when the clock goes back
        path = segment_path(self.folder, self.gate, self.ns)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            self.size = _write(fd, encode_line({"t": how, "gate": self.gate, "pid": os.getpid()}))
            _sync_folder(self.folder)
        except OSError:
            os.close(fd)
            raise
        if how == CONTINUED:
            os.close(self.fd)
        self.fd = fd

    def append(self, data: bytes) -> None:
        if self.size >= self.segment_bytes:
            self._next(CONTINUED)
        self.size += _write(self.fd, data)

    def close(self) -> None:
        os.close(self.fd)


class Journal:
    """One gate's journal; `gate` names it, and two live processes cannot share a name."""

    def __init__(self, folder: Path, gate: str, *, segment_bytes: int = 64 * 1024 * 1024) -> None:
        self.lost = 0  # notes that could not be written
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()  # None: look at the notes
        self._notes: deque[bytes] = deque()
        self._flush_planned = False
        self._error: JournalError | None = None  # each who waits gets a copy of it
        self._closed = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _hold(lock_path(folder, gate))
        except OSError as fault:
            says = f"the journal of {gate} cannot be locked: {fault}"
            raise JournalError(says, fatal=_is_fatal(fault)) from fault
        try:
            self.last_at = last_time(folder)
            self._file = _File(folder, gate, segment_bytes)
        except OSError as fault:
            os.close(self._lock)
            says = f"the journal cannot be opened: {fault}"
            raise JournalError(says, fatal=_is_fatal(fault)) from fault
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    async def append(self, record: Mapping[str, object]) -> None:
        """Back when the record is on disk. Raises JournalError, and then nothing may be let by."""
        if self._error is not None:
            raise _copy(self._error)
        try:
            line = encode_line(record if type(record) is dict else dict(record))
        except (ValueError, TypeError, RecursionError) as fault:
            raise JournalError(f"this record cannot be written: {fault}") from fault
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put((line, future))
        await future

    def note(self, record: Mapping[str, object]) -> None:
        """Written with the next group, or alone soon. Never raises; what cannot be written is counted."""
        try:
            line = encode_line(dict(record))
        except (ValueError, TypeError, RecursionError):
            self.lost += 1
            return
        if self._closed:
            self.lost += 1
            return
        self._notes.append(line)
        if not self._flush_planned:
            self._plan_flush()

    def _plan_flush(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no event loop here: nobody else will wake the writer
            self._flush_notes()
        else:
            self._flush_planned = True
            loop.call_later(NOTE_SECONDS, self._flush_notes)

    def _flush_notes(self) -> None:
        self._flush_planned = False
        if self._notes:
            self._queue.put(None)

    def close(self) -> None:
        """Write what waits, then let go of the file and of the gate's name."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._file.close()
        os.close(self._lock)

    def _work(self) -> None:
        try:
            while not (self._closed and self._queue.empty() and not self._notes):
                waiting = self._take()
                notes = self._take_notes()
                self._commit([line for line, _ in waiting] + notes, len(notes))
                _release([future for _, future in waiting], self._error)
        finally:  # whatever stopped us, nobody waits for ever
            stopped = self._error or JournalError("the journal is closed")
            self._error = stopped
            _release([future for _, future in self._take_now()], stopped)

    def _take(self) -> list[Waiting]:
        first = self._queue.get()
        rest = self._take_now()
        return rest if first is None else [first, *rest]

    def _take_now(self) -> list[Waiting]:
        items = []
        try:
            while True:
                if (item := self._queue.get_nowait()) is not None:
                    items.append(item)
        except Empty:
            return items

    def _take_notes(self) -> list[bytes]:
        return [self._notes.popleft() for _ in range(len(self._notes))]

    def _commit(self, lines: list[bytes], notes: int) -> None:
        if not lines:
            return
        if self._error is None:
            try:
                self._file.append(b"".join(lines))
            except (OSError, MemoryError) as fault:
                says = f"the journal cannot be written: {fault}"
                self._error = JournalError(says, fatal=_is_fatal(fault))
        if self._error is not None:
            self.lost += notes


def _copy(error: JournalError) -> JournalError:
    return JournalError(str(error), fatal=error.fatal)


def _is_fatal(fault: OSError | MemoryError) -> bool:
    return isinstance(fault, _NotOnDiskError) or getattr(fault, "errno", None) == errno.EIO


def _release(futures: list[asyncio.Future[None]], error: JournalError | None) -> None:
    for loop in {future.get_loop() for future in futures}:
        try:
            loop.call_soon_threadsafe(_settle, [f for f in futures if f.get_loop() is loop], error)
        except RuntimeError:  # that loop is closed: nobody waits there any more
            continue


def _settle(futures: list[asyncio.Future[None]], error: JournalError | None) -> None:
    for future in futures:
        if future.done():  # cancelled meanwhile
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(_copy(error))


def _hold(path: Path) -> int:
    """Lock the gate's name for as long as this process lives. The recorder looks at it for a moment: wait."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return fd
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(fd)
                raise
            time.sleep(LOCK_PAUSE)


def _write(fd: int, data: bytes) -> int:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]
    try:
        os.fdatasync(fd)
    except OSError as fault:
        raise _NotOnDiskError(*fault.args) from fault
    return len(data)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as fault:
        raise _NotOnDiskError(*fault.args) from fault
    finally:
        os.close(fd)
