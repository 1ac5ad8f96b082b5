"""kill -9 of the gate under load: whoever got an answer, and whatever went out, has a record.

kill -9 takes away what the process has in its memory, not what the kernel has in its: that `fdatasync` comes
before the answer is shown by test_order_of_calls.py.
"""

import time

import pytest

from tests.crashes.clients import EACH_WAY, Answer, Clients, asking
from tests.crashes.conftest import Figure, Say
from tests.crashes.gates import (
    LATE,
    a_gate_to_kill,
    forwarded,
    kill,
    let_by,
    records_since,
    start_again,
    unrecorded,
)
from tests.harness import Gate, until

ENOUGH = 260  # answers before the kill: in 200 rounds more than 50,000


def killed_under_load(gate: Gate, number: int) -> list[Answer]:
    """What was answered until, at no moment in particular, it was killed."""
    with asking(Clients(gate, number)) as clients:
        got = until(lambda: len(clients.answers), lambda got: got >= ENOUGH, 60)
        assert got >= ENOUGH, gate.said()[-2000:]
        time.sleep(number * 7 % 30 / 1000)
        kill(gate)
    return clients.answers


@pytest.mark.torture
@pytest.mark.timeout(7200)
def test_kill_9_of_the_gate_under_load_loses_no_answered_request(
    rounds: int, say: Say, figure: Figure
) -> None:
    ns, seen, answered = 0, 0, 0
    kinds: set[tuple[str, int]] = set()
    with a_gate_to_kill() as gate:
        for number in range(rounds):
            answers = killed_under_load(gate, number)
            ns, records = records_since(gate, ns)
            assert not unrecorded(answers, records)
            assert not forwarded(gate, seen) - let_by(records)
            kinds |= {(answer.way, answer.status) for answer in answers}
            answered, seen = answered + len(answers), len(gate.origin.seen)
            say(f"round {number + 1} of {rounds}: {len(answers)} answered, 0 missing; {answered} in all")
            start_again(gate)
    assert {kind for kind in kinds if kind[1]} == EACH_WAY  # without a status: cut off in its first line
    assert answered >= ENOUGH * rounds
    figure(f"kill -9 of the gate under load, {rounds} rounds", f"{answered:,} answered, 0 missing")


def test_a_gate_that_records_late_is_found_out(figure: Figure) -> None:
    """The same rounds and the same questions: a test that this gate passed would show nothing."""
    lost, sent, answered = 0, 0, 0
    with a_gate_to_kill() as gate:
        kill(gate)
        ns, _ = records_since(gate, 0)
        for number in range(2):
            start_again(gate, LATE)
            before = len(gate.origin.seen)
            answers = killed_under_load(gate, number)
            ns, records = records_since(gate, ns)
            lost += len(unrecorded(answers, records))
            sent += len(forwarded(gate, before) - let_by(records))
            answered += len(answers)
    assert lost > 0
    assert sent > 0
    figure("the same with a gate that records 50 ms late", f"{lost:,} of {answered:,} missing")
