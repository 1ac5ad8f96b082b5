"""The disk of the journal is full: everybody gets a 503, nothing goes out, and with room again it goes on."""

import time

import pytest

from tests.crashes.clients import NOWHERE, Answer, Clients, asking
from tests.crashes.conftest import Figure, Say
from tests.crashes.disks import Limited, Mounted, a_small_disk
from tests.crashes.gates import (
    LATE,
    Record,
    a_gate_to_kill,
    forwarded,
    let_by,
    records_since,
    unrecorded,
)
from tests.harness import Gate, until

MANY = 60  # answers, to see how things are
ROUNDS_A_DISK = 10  # 20 fillings in `make torture`
NOT_READY = 503


def last(clients: Clients, since: int) -> list[int]:
    return [answer.status for answer in clients.answers[since:]]


def full_and_free_again(gate: Gate, disk: Mounted | Limited, clients: Clients) -> float:
    """How long it took from the first room to the first page, in seconds."""
    begun = len(clients.answers)
    assert until(lambda: last(clients, begun).count(200), lambda got: got > MANY, 60) > MANY
    disk.fill()
    shut = until(lambda: last(clients, -MANY), lambda of: set(of) == {NOT_READY}, 60)
    assert set(shut) == {NOT_READY}
    at, sent = len(clients.answers), len(gate.origin.seen)
    until(lambda: len(clients.answers), lambda got: got >= at + MANY, 60)
    assert set(last(clients, at)) == {NOT_READY}
    assert len(gate.origin.seen) == sent

    at, freed = len(clients.answers), time.monotonic()
    disk.free()
    assert until(lambda: 200 in last(clients, at), bool), gate.said()[-2000:]
    return time.monotonic() - freed


def all_is_told(gate: Gate, answers: list[Answer], records: list[Record]) -> None:
    """Whatever was answered but with a 503 has its record; what reached the site is what the journal says."""
    refused = {answer.what for answer in answers if answer.status == NOT_READY}
    assert not unrecorded([answer for answer in answers if answer.status != NOT_READY], records)
    gone, recorded = forwarded(gate), let_by(records)
    assert not gone - recorded
    assert not {url for url in recorded - gone if NOWHERE not in url} - refused


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_a_full_disk_shuts_the_gate_until_there_is_room(rounds: int, say: Say, figure: Figure) -> None:
    fillings = max(2, rounds // ROUNDS_A_DISK)
    longest = 0.0
    with a_gate_to_kill() as gate, a_small_disk(gate) as disk:
        pid, before = gate.process.pid, len(gate.origin.seen)
        with asking(Clients(gate, 0)) as clients:
            for number in range(fillings):
                seconds = full_and_free_again(gate, disk, clients)
                longest = max(longest, seconds)
                say(f"disk {number + 1} of {fillings}: full, 503 for all, open {seconds:.1f} s after room")
        _, records = records_since(gate, 0)
        assert (gate.process.pid, gate.is_alive, before) == (pid, True, 0)
        all_is_told(gate, clients.answers, records)
    refused = last(clients, 0).count(NOT_READY)
    kind = "a full file system" if disk.is_real else "a limit on the size of files"
    figure(
        f"disk full ({kind}), {fillings} times under load",
        f"{refused:,} times 503 and nothing forwarded, {len(clients.answers) - refused:,} other answers, each"
        f" with its record; open again within {longest:.1f} s",
    )


def test_a_gate_that_records_late_serves_past_a_full_disk() -> None:
    with a_gate_to_kill() as gate, a_small_disk(gate, LATE) as disk:
        with asking(Clients(gate, 0)) as clients:
            until(lambda: last(clients, 0).count(200), lambda got: got > MANY, 60)
            disk.fill()
            at = len(clients.answers)
            until(lambda: last(clients, at).count(200), lambda got: got > MANY, 60)
        _, records = records_since(gate, 0)
    assert unrecorded(clients.answers, records)
    assert forwarded(gate) - let_by(records)
