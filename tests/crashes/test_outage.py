"""SQL is away: browsing goes on, the records wait on disk, and afterwards each is there once."""

import time
from pathlib import Path

import pytest

from tests.crashes.clients import EACH_WAY, Answer, Clients, asking
from tests.crashes.conftest import Figure, Say
from tests.crashes.databases import Database
from tests.crashes.gates import a_gate_to_kill, kill, unrecorded
from tests.crashes.recording import Rig, a_rig
from tests.harness import until

SECONDS_A_ROUND = 3  # ten minutes in 200 rounds
SHORTEST = 10
PAUSE = 0.05  # a client's, between two requests


def while_away(rig: Rig, clients: Clients, seconds: int, say: Say) -> list[Answer]:
    """What was answered meanwhile."""
    stored = rig.wait_for_more(0)
    say(f"{stored:,} bytes of journal stored; now the database is away for {seconds} s")
    with rig.database.away():
        begun, deadline = len(clients.answers), time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            before = len(clients.answers)
            time.sleep(min(left, SHORTEST))
            say(f"{len(clients.answers) - before} answers in the last seconds, {left:.0f} s to go")
        return clients.answers[begun:]


@pytest.mark.torture
@pytest.mark.timeout(7200)
def test_browsing_goes_on_while_sql_is_away_and_all_arrives_once(
    database: Database, tmp_path: Path, rounds: int, say: Say, figure: Figure
) -> None:
    seconds = max(SHORTEST, SECONDS_A_ROUND * rounds)
    with a_gate_to_kill() as gate, a_rig(database, tmp_path, gate.state / "journal") as rig:
        rig.start_recorder()
        with asking(Clients(gate, 0, plain=4, tunnels=2, pause=PAUSE)) as clients:
            assert until(lambda: len(clients.answers), lambda got: got > SHORTEST) > SHORTEST
            meanwhile = while_away(rig, clients, seconds, say)
        kill(gate)
        journal = rig.settle()
        assert not rig.differences(journal)
        assert not unrecorded(clients.answers, journal.opened.values())
    assert {(answer.way, answer.status) for answer in meanwhile} == EACH_WAY
    name = database.engine.dialect.name
    figure(
        f"{name} away for {seconds} s", f"{len(meanwhile):,} answered meanwhile, each stored once afterwards"
    )
