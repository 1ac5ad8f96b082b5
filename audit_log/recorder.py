"""The recorder: a process of its own that moves the journal into the filtering log, each record once.

It reads what gates have written, stores rows and its own position in one transaction, and deletes nothing
that is not stored. When SQL is away the records wait on disk. A gate that died leaves requests open: they are
marked `interrupted` when its next process starts a segment, or when nobody holds its lock any more. A segment
that is damaged is read up to the damage and no further, until a person lets it go on; the others go on.
"""

import fcntl
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import structlog
from sqlalchemy import Engine, delete
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from audit_log import parts
from audit_log.db import reading, writing
from audit_log.heartbeat import HEARTBEAT, Stopped
from audit_log.intake import Intake, interrupt
from audit_log.intake_batch import BATCH, Batch, Piece, Place
from audit_log.intake_known import Known, learn
from audit_log.intake_store import ODD_VALUE, Statements, execute, store_for
from audit_log.lanes import Lane
from audit_log.positions import Position, Positions, behind, released, told_of
from audit_log.quarantine import copies, quarantine
from audit_log.segments import Segment, begins_anew, lock_path, newest_with_times, opened_in, segments
from audit_log.sighting_groups import ToldOnce
from audit_log.sightings import in_words
from audit_log.tables import journal_position

log = structlog.get_logger()

POLL_SECONDS = 0.25
REST_SECONDS = 2.0  # after a little: what comes meanwhile is one batch, with one seal for each part
LITTLE = 500  # rows
FEW = 100  # lines of one gate, however many gates there are
RETRY_SECONDS = 2.0  # while SQL is away
LASTS = 60.0  # seconds; somebody who keeps the database locked for longer than that is worth an alarm
BEAT_SECONDS = 2.0
TIDY_SECONDS = 600.0
AHEAD_SECONDS = 3600.0
KEEP = timedelta(hours=24)
LOW = 1_000_000_000  # bytes: with less room than this nothing is kept for longer than it must be


class RecorderError(Exception):
    """Another recorder is at work on this journal."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Recorder:
    def __init__(self, engine: Engine, folder: Path, *, clock: Callable[[], datetime] = _utc_now) -> None:
        self.engine = engine
        self.folder = folder
        self.clock = clock
        self._store = store_for(engine)
        self._sql = Statements(self._store.mark)
        self._positions: Positions | None = None
        self._known: Known | None = None
        self._dead: set[Segment] = set()  # the newest segments of gates that have died
        self._told = ToldOnce()
        self._away = False
        self._busy_since: float | None = None
        self._beaten = self._tidied = self._ahead = float("-inf")
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, stop: threading.Event) -> None:
        """Move records as they come, until told to stop; then once more."""
        with _alone(self.folder):
            while not stop.is_set():
                stop.wait(self._turn())
            self._turn()

    def _turn(self) -> float:
        """Move what there is; returns how many seconds to wait for more."""
        moved = 0
        try:
            moved = self.run_once()
        except SQLAlchemyError as fault:
            self._positions = self._known = None  # whether the last commit took, only the database knows
            self._lost(fault)
        else:
            if self._away:
                log.warning("sql.found_again")
            self._away, self._busy_since = False, None
        self._beat()
        if self._away:
            return RETRY_SECONDS
        return REST_SECONDS if 0 < moved < LITTLE else POLL_SECONDS

    def _lost(self, fault: SQLAlchemyError) -> None:
        """Said once. That somebody else is reading or writing is no alarm, unless it lasts."""
        if _says(fault, "is locked"):
            if self._busy_since is None:
                self._busy_since = time.monotonic()
                log.info("sql.busy", records="wait on disk")
            if time.monotonic() - self._busy_since < LASTS:
                return
        if not self._away:
            log.error("sql.lost", fault=type(fault).__name__, records="wait on disk")
        self._away = True

    def run_once(self) -> int:
        """Move all there is and return the number of new rows. Raises SQLAlchemyError when SQL is away."""
        try:
            return self._move_all()
        except OperationalError as fault:  # PostgreSQL calls it another error: then the batch goes in again
            if not _says(fault, "no such table"):
                raise
        self._positions = self._known = None  # retention removed a table that we remember
        log.info("tables.learnt_anew")
        return self._move_all()

    def _move_all(self) -> int:
        found = segments(self.folder)  # before the locks: a gate that starts after this is not read yet
        of_gates = [list(of_gate) for _, of_gate in groupby(found, key=lambda segment: segment.gate)]
        self._dead = {each[-1] for each in of_gates if self._is_dead(each[-1])}
        if found:
            self._make_ahead()
            self._go_on(found)
        lanes = [Lane(each, self._place(), dead=each[-1] in self._dead) for each in of_gates]
        moved = self._move(lanes)
        for lane in lanes:
            for segment in lane.ended:
                self._finish(segment, lane.size(segment), found)
        for newest in self._dead:
            self._leave(newest.gate)
        if time.monotonic() - self._tidied >= TIDY_SECONDS:
            self._tidied = time.monotonic()
            self._tidy(found)
        return moved

    def _place(self) -> Positions:
        if self._positions is None:
            self._positions = Positions(self.engine)
        return self._positions

    def _memory(self) -> Known:
        if self._known is None:
            with reading(self.engine) as conn:
                self._known = learn(conn)
        return self._known

    def _make_ahead(self) -> None:
        """So that no row waits for its table."""
        if time.monotonic() - self._ahead < AHEAD_SECONDS:
            return
        with writing(self.engine) as conn:
            parts.ensure(conn, self._store.ahead(self.clock().date()))
        self._ahead = time.monotonic()

    # From the journal into SQL.

    def _move(self, lanes: list[Lane]) -> int:
        moved = 0
        while pieces := [piece for lane in lanes if (piece := lane.next(max(FEW, BATCH // len(lanes))))]:
            moved += self._store_pieces([piece for piece in pieces if piece.lines])
            for piece in pieces:
                self._stop(piece)
            self._beat()  # a long backlog is no reason to look dead
        return moved

    def _store_pieces(self, pieces: list[Piece]) -> int:
        if not pieces:
            return 0
        batch = Batch(pieces, [self._after(piece) for piece in pieces])
        try:
            return self._commit(batch, careful=False)
        except ODD_VALUE as fault:
            log.warning("batch.again", gates=batch.gates, fault=type(fault).__name__)
            return self._commit(batch, careful=True)

    def _after(self, piece: Piece) -> Place:
        position = self._place().of(piece.segment)
        return Place(piece.segment.name, piece.end, position.torn, position.damaged)

    def _commit(self, batch: Batch, *, careful: bool) -> int:
        known, self._known = self._memory(), None  # what it learns is true only if all of it is stored
        with writing(self.engine) as conn:
            intake = Intake(conn, self._store, known, batch, careful=careful)
            stored = intake.store(self.clock())
        self._known = known
        for place in batch.places:
            self._place().moved(place)
        for sighting, alike in zip(intake.sightings, intake.alike, strict=True):
            if self._told.is_new(alike):
                log.warning("sighting.recorded", **in_words(sighting))
        if intake.refused:
            log.error("records.set_aside", gates=batch.gates, count=intake.refused)
        return stored

    def _finish(self, segment: Segment, size: int, found: list[Segment]) -> None:
        """Nothing more will come in this segment: what is left at its end was never acknowledged."""
        position = self._place().of(segment)
        torn = max(0, size - position.offset)
        if torn != position.torn:
            self._put(segment, Position(position.offset, torn, position.damaged))
            log.warning("journal.torn", segment=segment.name, bytes=torn)
        if position.damaged:
            later = [each for each in found if each.gate == segment.gate and each.ns > segment.ns]
            if any(begins_anew(each.path) for each in later):
                # It was read late: whoever began a new process in the meantime did not know of these.
                self._interrupt(segment.gate, self._memory().of_gate(segment.gate) & opened_in(segment.path))
        position.read = True

    def _put(self, segment: Segment, position: Position) -> None:
        place = position.place(segment.name)
        row = (place.segment, place.offset, place.torn, place.damaged)
        with writing(self.engine) as conn:
            execute(conn, self._sql.position, [row])
        self._place().moved(place)

    # Damage.

    def _stop(self, piece: Piece) -> None:
        """At damage: say so, keep a copy, and read no further here."""
        if piece.damage is None:
            return
        name = piece.segment.name
        stopped = Stopped(name, piece.damage.offset, piece.damage.resume)
        self._place().of(piece.segment).stopped = stopped
        log.error("journal.damaged", segment=name, offset=stopped.offset, resume=stopped.resume)
        try:
            quarantine(self.folder, stopped)
        except OSError as fault:
            log.error("quarantine.failed", segment=name, fault=str(fault))

    def _go_on(self, found: list[Segment]) -> None:
        """After damage that a person has looked at."""
        stopped = self._place().stopped
        for place in released(self.engine, stopped) if stopped else ():
            segment = next((each for each in found if each.name == place.segment), None)
            if segment is not None:
                self._step_over(segment, place, found)

    def _step_over(self, segment: Segment, place: Stopped, found: list[Segment]) -> None:
        position = self._place().of(segment)
        log.warning("journal.released", segment=segment.name, offset=place.offset, bytes=place.bytes)
        if place.offset == 0:
            # What was lost may have said that a new process begins: then all from before it was interrupted.
            since = [each for each in found if each.gate == segment.gate and each.ns >= segment.ns]
            here = set().union(*(opened_in(each.path) for each in since))
            self._interrupt(segment.gate, self._memory().of_gate(segment.gate) - here)
        self._put(segment, Position(place.resume, position.torn, position.damaged + place.bytes))
        position.stopped = None

    # Gates that died.

    def _is_dead(self, newest: Segment) -> bool:
        return newest in self._dead or _is_free(self.folder, newest.gate)

    def _leave(self, gate: str) -> None:
        """Nobody writes here any more: what is open was interrupted."""
        self._interrupt(gate, self._memory().of_gate(gate))

    def _interrupt(self, gate: str, ids: set[str]) -> None:
        if not ids:
            return
        known, self._known = self._memory(), None
        with writing(self.engine) as conn:
            count = interrupt(conn, self._store, known, ids)
        self._known = known
        log.warning("requests.interrupted", gate=gate, count=count)

    # Housekeeping.

    def _tidy(self, found: list[Segment]) -> None:
        """Delete segments that are stored whole and a day old; damaged ones with their copies."""
        old = self.clock() - (KEEP if shutil.disk_usage(self.folder).free >= LOW else timedelta())
        try:
            needed = newest_with_times(found)  # a gate that starts learns from them what time it is at least
        except OSError:
            return  # which one cannot be read has been said
        gone = [s for s in found if s not in needed and self._may_go(s, old) and self._is_told(s)]
        for segment in gone:
            segment.path.unlink()
        if gone:
            _sync(self.folder)
            names = [segment.name for segment in gone]
            with writing(self.engine) as conn:
                conn.execute(delete(journal_position).where(journal_position.c.segment.in_(names)))
            self._place().forget(gone)

    def _may_go(self, segment: Segment, old: datetime) -> bool:
        position = self._place().of(segment)
        written = datetime.fromtimestamp(segment.path.stat().st_mtime, UTC)
        is_evidence = position.damaged and any(at.segment == segment.name for at in copies(self.folder))
        return position.read and not is_evidence and written < old

    def _is_told(self, segment: Segment) -> bool:
        """A position alone, which somebody may have written, costs no record."""
        offset = self._place().of(segment).offset
        told = told_of(self.engine, segment.name, offset)
        if not told:
            log.error("journal.not_sealed", segment=segment.name, offset=offset)
        return told

    def _beat(self) -> None:
        """Say for `readyz` that we are alive, how far behind, and where we wait."""
        if time.monotonic() - self._beaten < BEAT_SECONDS:
            return
        self._beaten = time.monotonic()
        positions = self._positions
        said = {
            "at": self.clock().isoformat(),
            "sql": "away" if self._away else "ok",
            "behind_bytes": behind(segments(self.folder), positions),
            "damaged_bytes": positions.damaged if positions else 0,
            "stopped": [
                {"segment": each.segment, "offset": each.offset, "resume": each.resume}
                for each in (positions.stopped if positions else ())
            ],
        }
        fresh = self.folder / f"{HEARTBEAT}.new"
        try:
            fresh.write_text(json.dumps(said))
            fresh.replace(self.folder / HEARTBEAT)
        except OSError as fault:  # a full disk is no reason to stop: what is stored makes room
            log.error("heartbeat.failed", fault=str(fault))


def _says(fault: SQLAlchemyError, words: str) -> bool:
    """SQLite has one class for all that goes wrong outside of us."""
    return isinstance(fault, OperationalError) and words in str(fault.orig)


def _is_free(folder: Path, gate: str) -> bool:
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
