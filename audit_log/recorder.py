"""The recorder: a process of its own that moves the journal into the filtering log, each record once.

It reads what gates have written, stores rows and its own position in one transaction, and deletes nothing
that is not stored. When SQL is away the records wait on disk. A gate that died leaves requests open: they are
marked `interrupted` when its next process starts a segment, or when nobody holds its lock any more.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import SQLAlchemyError

from audit_log.db import reading, writing
from audit_log.incidents import in_words
from audit_log.intake import ODD_VALUE, Batch, Intake, Statements, interrupt, read_batch
from audit_log.segments import Segment, lock_path, newest_with_times, segments
from audit_log.tables import journal_position

log = structlog.get_logger()

POLL_SECONDS = 0.25
RETRY_SECONDS = 2.0  # while SQL is away
BEAT_SECONDS = 2.0
TIDY_SECONDS = 600.0
KEEP = timedelta(hours=24)
HEARTBEAT = "recorder.json"


class RecorderError(Exception):
    """Another recorder is at work on this journal."""


@dataclass(slots=True)
class _Position:
    offset: int = 0
    torn: int = 0
    damaged: int = 0
    read: bool = False  # whole, and nothing more can come


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Recorder:
    def __init__(self, engine: Engine, folder: Path, *, clock: Callable[[], datetime] = _utc_now) -> None:
        self.engine = engine
        self.folder = folder
        self.clock = clock
        self._sql = Statements(engine.dialect.name)
        self._positions: dict[str, _Position] | None = None
        self._left: set[str] = set()  # the newest segments of dead gates that have been seen to
        self._away = False
        self._beaten = self._tidied = float("-inf")
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, stop: threading.Event) -> None:
        """Move records as they come, until told to stop; then once more."""
        with _alone(self.folder):
            while not stop.is_set():
                stop.wait(POLL_SECONDS if self._turn() else RETRY_SECONDS)
            self._turn()

    def _turn(self) -> bool:
        try:
            self.run_once()
        except SQLAlchemyError as fault:
            self._positions = None  # whether the last commit took, only the database knows
            if not self._away:
                log.error("sql.lost", fault=type(fault).__name__, records="wait on disk")
            self._away = True
        else:
            if self._away:
                log.warning("sql.found_again")
            self._away = False
        self._beat()
        return not self._away

    def run_once(self) -> int:
        """Move all there is and return the number of new rows. Raises SQLAlchemyError when SQL is away."""
        found = segments(self.folder)  # before the locks: a gate that starts after this is not read yet
        newest = {segment.gate: segment for segment in found}
        dead = {
            gate for gate, segment in newest.items() if self._is_left(segment) or _is_dead(self.folder, gate)
        }
        moved = 0
        for segment in found:
            over = segment != newest[segment.gate] or segment.gate in dead
            moved += self._drain(segment, over=over)
        for gate in sorted(dead):
            self._leave(newest[gate])
        if time.monotonic() - self._tidied >= TIDY_SECONDS:
            self._tidied = time.monotonic()
            self._tidy(found)
        return moved

    def _drain(self, segment: Segment, *, over: bool) -> int:
        position = self._position(segment)
        if position.read:
            return 0
        moved, size = 0, segment.path.stat().st_size
        while position.offset < size:
            batch = read_batch(segment, position.offset)
            if batch.end == batch.start:
                break  # half a line: still being written, or cut off
            moved += self._store(batch, position)
            self._beat()  # a long backlog is no reason to look dead
        if over:
            self._finish(segment, position, size)
        return moved

    def _store(self, batch: Batch, position: _Position) -> int:
        try:
            return self._commit(batch, position, careful=False)
        except ODD_VALUE as fault:
            log.error("batch.refused", segment=batch.segment.name, fault=type(fault).__name__)
            return self._commit(batch, position, careful=True)

    def _commit(self, batch: Batch, position: _Position, *, careful: bool) -> int:
        damaged = position.damaged + batch.damaged
        with writing(self.engine) as conn:
            intake = Intake(conn, self._sql, batch, careful=careful)
            stored = intake.store(self.clock())
            place = (batch.segment.name, batch.end, position.torn, damaged)
            conn.exec_driver_sql(self._sql.position, place)
        position.offset, position.damaged = batch.end, damaged
        if batch.damaged:
            log.error("journal.damaged", segment=batch.segment.name, before=batch.end, bytes=batch.damaged)
        for incident in intake.incidents:
            log.warning("incident.recorded", **in_words(incident))
        if intake.refused:
            log.error("records.set_aside", segment=batch.segment.name, count=intake.refused)
        return stored

    def _finish(self, segment: Segment, position: _Position, size: int) -> None:
        """Nothing more will come in this segment: what is left at its end was never acknowledged."""
        torn = max(0, size - position.offset)
        if torn != position.torn:
            place = (segment.name, position.offset, torn, position.damaged)
            with writing(self.engine) as conn:
                conn.exec_driver_sql(self._sql.position, place)
            log.warning("journal.torn", segment=segment.name, bytes=torn)
        position.torn = torn
        position.read = True

    def _is_left(self, newest: Segment) -> bool:
        return newest.name in self._left

    def _leave(self, newest: Segment) -> None:
        """Nobody writes here any more: what is open was interrupted."""
        if self._is_left(newest):
            return
        with writing(self.engine) as conn:
            count = interrupt(conn, self._sql, newest.gate)
        self._left.add(newest.name)
        if count:
            log.warning("requests.interrupted", gate=newest.gate, count=count)

    def _position(self, segment: Segment) -> _Position:
        if self._positions is None:
            with reading(self.engine) as conn:
                rows = conn.execute(select(journal_position)).all()
            self._positions = {r.segment: _Position(r.offset, r.torn_bytes, r.damaged_bytes) for r in rows}
        return self._positions.setdefault(segment.name, _Position())

    def _tidy(self, found: list[Segment]) -> None:
        """Delete segments that are stored whole and a day old; damaged ones stay, as evidence."""
        old = self.clock() - KEEP
        needed = newest_with_times(found)  # a gate that starts learns from them what time it is at least
        gone = [s for s in found if s not in needed and self._may_go(s, old)]
        for segment in gone:
            segment.path.unlink()
        if gone:
            _sync(self.folder)
            names = [segment.name for segment in gone]
            with writing(self.engine) as conn:
                conn.execute(delete(journal_position).where(journal_position.c.segment.in_(names)))

    def _may_go(self, segment: Segment, old: datetime) -> bool:
        position = self._position(segment)
        written = datetime.fromtimestamp(segment.path.stat().st_mtime, UTC)
        return position.read and not position.damaged and written < old

    def _beat(self) -> None:
        """Say for `readyz` that we are alive, and how far behind."""
        if time.monotonic() - self._beaten < BEAT_SECONDS:
            return
        self._beaten = time.monotonic()
        positions = self._positions or {}
        behind = sum(
            max(0, s.path.stat().st_size - (p.offset + p.torn))
            for s in segments(self.folder)
            if not (p := positions.get(s.name, _Position())).read
        )
        said = {
            "at": self.clock().isoformat(),
            "sql": "away" if self._away else "ok",
            "behind_bytes": behind,
            "damaged_bytes": sum(p.damaged for p in positions.values()),
        }
        fresh = self.folder / f"{HEARTBEAT}.new"
        fresh.write_text(json.dumps(said))
        fresh.replace(self.folder / HEARTBEAT)


def _is_dead(folder: Path, gate: str) -> bool:
    """Whether nobody holds the gate's lock."""
    fd = os.open(lock_path(folder, gate), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    fd = os.open(folder / ".recorder.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecorderError(f"another recorder is at work in {folder}") from None
        yield
    finally:
        os.close(fd)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
