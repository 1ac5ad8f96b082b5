"""Recorders and gates' journals as programs: started, killed, and waited for."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from audit_log.db import reading
from audit_log.tables import filtering_log, journal_position
from tests.crashes.comparing import Journalled, differences, journalled
from tests.crashes.databases import Database
from tests.harness import ROOT

EVENTS_A_SECOND = 300
PATIENCE = 60.0

Program = subprocess.Popen[bytes]


@dataclass
class Rig:
    """A database, a journal, a recorder between them, and programs that write the journal."""

    database: Database
    folder: Path
    log: Path
    recorder: Program | None = None

    def start_recorder(self) -> None:
        assert self.recorder is None
        self.recorder = self._run("tests.audit_log.recorder_runner", self.database.url, str(self.folder))

    def kill_recorder(self) -> None:
        if self.recorder is not None:
            kill(self.recorder)
            self.recorder = None

    def start_writer(self, gate: str = "gate-1") -> Program:
        return self._run("tests.crashes.journal_load", str(self.folder), gate, str(EVENTS_A_SECOND))

    def _run(self, program: str, *arguments: str) -> Program:
        with self.log.open("a") as log:
            return subprocess.Popen([sys.executable, "-m", program, *arguments], cwd=ROOT, stderr=log)

    def read(self) -> int:
        """How many bytes of the journal are stored."""
        with reading(self.database.engine) as conn:
            return int(conn.scalar(select(func.sum(journal_position.c.offset))) or 0)

    def wait_for_more(self, than: int) -> int:
        """Until more of the journal is stored than that."""
        deadline = time.monotonic() + PATIENCE
        while (read := self.read()) <= than:
            assert time.monotonic() < deadline, f"the recorder stores nothing: {self.said()}"
            time.sleep(0.02)
        return read

    def settle(self) -> Journalled:
        """Nobody writes any more: a recorder stores the rest. What the journal holds."""
        journal = journalled(self.folder)
        if self.recorder is None:
            self.start_recorder()
        deadline = time.monotonic() + PATIENCE
        while self._is_behind(journal):
            assert time.monotonic() < deadline, f"the recorder does not come to an end: {self.said()}"
            time.sleep(0.2)
        self.kill_recorder()
        return journal

    def _is_behind(self, journal: Journalled) -> bool:
        rows, log = select(func.count()).select_from(filtering_log), filtering_log.c
        try:
            with reading(self.database.engine) as conn:
                stored = conn.scalar(rows)
                still_open = conn.scalar(rows.where(log.outcome.is_(None)))
        except SQLAlchemyError:  # a connection from before the database was killed
            return True
        return stored != len(journal.opened) or still_open != 0

    def differences(self, journal: Journalled) -> list[str]:
        with reading(self.database.engine) as conn:
            return differences(conn, journal)

    def said(self) -> str:
        return self.log.read_text()[-3000:]


@contextlib.contextmanager
def a_rig(database: Database, folder: Path, journal: Path | None = None) -> Iterator[Rig]:
    """`journal`: of a gate that is there; else a new one."""
    rig = Rig(database, journal or folder / "journal", folder / "programs.log")
    rig.folder.mkdir(exist_ok=True)
    try:
        yield rig
    finally:
        rig.kill_recorder()


def kill(program: Program) -> None:
    program.kill()
    program.wait()
