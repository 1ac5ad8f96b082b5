"""kill -9 of the recorder and of PostgreSQL while the journal grows: SQL is what the journal says, once."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.crashes.conftest import Figure, Say
from tests.crashes.databases import Database, Postgresql
from tests.crashes.recording import Rig, a_rig, kill
from tests.harness import until

LONGEST_REST = 3.0  # of the recorder, in seconds
GATE_DIES = 5  # every fifth round the gate dies too, and its open requests with it


def kill_recorders(rig: Rig, rounds: int, say: Say) -> None:
    """At no moment in particular, each after it has stored something."""
    writer = rig.start_writer()
    try:
        for number in range(rounds):
            before = rig.read()
            rig.start_recorder()
            stored = rig.wait_for_more(before)
            time.sleep(number * 7 % 30 / 100)
            rig.kill_recorder()
            if number % GATE_DIES == 1:
                kill(writer)
                writer = rig.start_writer()
            say(f"round {number + 1} of {rounds}: recorder killed after {stored:,} bytes of journal")
    finally:
        kill(writer)


@pytest.mark.torture
@pytest.mark.timeout(7200)
def test_kill_9_of_the_recorder_stores_each_event_once(
    database: Database, tmp_path: Path, rounds: int, say: Say, figure: Figure
) -> None:
    before = cut_off(database)
    with a_rig(database, tmp_path) as rig:
        kill_recorders(rig, rounds, say)
        journal = rig.settle()
        assert len(journal.opened) > 50 * rounds
        assert not rig.differences(journal)
    name, found = database.engine.dialect.name, f"{len(journal.opened):,} events, each once"
    if isinstance(database, Postgresql):
        found += f"; {cut_off(database) - before} died in the middle of a transaction"
    figure(f"kill -9 of the recorder, {rounds} rounds, {name}", found)


def cut_off(database: Database) -> int:
    return database.server.cut_off() if isinstance(database, Postgresql) else 0


@pytest.mark.torture
@pytest.mark.timeout(7200)
def test_kill_9_of_postgresql_stores_each_event_once(
    postgresql: Postgresql, tmp_path: Path, rounds: int, say: Say, figure: Figure
) -> None:
    with a_rig(postgresql, tmp_path) as rig, ExitStack() as stack:
        stack.callback(kill, rig.start_writer())
        rig.start_recorder()
        midway = 0
        for number in range(rounds):
            stored = rig.wait_for_more(rig.read())
            if number % 3:
                until(postgresql.is_written, bool, LONGEST_REST)
            else:
                time.sleep(number * 7 % 30 / 25)
            midway += postgresql.is_written()
            postgresql.server.kill()
            if number % GATE_DIES == 1:
                rig.kill_recorder()
            postgresql.server.start()
            if rig.recorder is None:
                rig.start_recorder()
            say(f"round {number + 1} of {rounds}: PostgreSQL killed after {stored:,} bytes of journal")
        stack.close()
        journal = rig.settle()
        assert len(journal.opened) > 50 * rounds
        assert not rig.differences(journal)
    found = f"{len(journal.opened):,} events, each once; {midway} kills in the middle of a transaction"
    figure(f"kill -9 of PostgreSQL, {rounds} rounds", found)
