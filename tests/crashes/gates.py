"""A gate that is killed and started again, also one that records late, and what its journal holds."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from audit_log.journal import reference_of
from audit_log.segments import read_segment, segments
from tests.builders import POLICY
from tests.crashes.clients import NOWHERE, SITES, Answer
from tests.harness import ROOT, Gate, a_gate, close_pipe

HONEST, LATE = "tests.gate_child", "tests.crashes.late_gate"
# Also of who is not signed in all that is needed to find the row again.
KEEPS = "record:\n  everyone: {url: path, address: true, search_terms: false, days: 90}\n"

Record = dict[str, Any]


@contextlib.contextmanager
def a_gate_to_kill() -> Iterator[Gate]:
    """With a site that is open, one that is blocked, and one that is not there."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        nobody = silent.getsockname()
        with a_gate(POLICY.replace("record:\n", KEEPS), sites=SITES, egress=[nobody]) as gate:
            gate.set_names({NOWHERE: [nobody]})
            yield gate


def kill(gate: Gate) -> None:
    """At once, whatever it does: kill -9."""
    gate.process.kill()
    gate.process.wait()


def start_again(gate: Gate, program: str = HONEST) -> None:
    """On the state that it left, as a new process."""
    close_pipe(gate)
    with (gate.folder / "gate.log").open("a") as log:
        gate.process = subprocess.Popen(
            [sys.executable, "-m", program, str(gate.folder / "settings.json")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert gate.process.stdout is not None
    for line in gate.process.stdout:
        if line.startswith('{"port"'):
            gate.port = json.loads(line)["port"]
            return
    raise RuntimeError(f"the gate did not start: {gate.said()}")


def records_since(gate: Gate, ns: int) -> tuple[int, list[Record]]:
    """What stands in the segments begun after that moment, and the moment to ask with next."""
    found = [segment for segment in segments(gate.state / "journal") if segment.ns > ns]
    records = [record for segment in found for _, record in read_segment(segment.path, 0)]
    return max((segment.ns for segment in found), default=ns), records


def unrecorded(answers: Iterable[Answer], records: Iterable[Record]) -> list[Answer]:
    """The answers that no record tells of."""
    opened = [record for record in records if record["t"] in ("open", "whole")]
    known = {(record["kind"], _what(record)) for record in opened}
    references = {reference_of(record["id"]) for record in opened}
    return [
        answer
        for answer in answers
        if (answer.kind, answer.what) not in known
        or (answer.reference is not None and answer.reference not in references)
    ]


def _what(record: Record) -> str | None:
    """As clients.Answer says it."""
    what: str | None = record[{"request": "url", "connect": "host"}.get(record["kind"], "address")]
    return what


def forwarded(gate: Gate, since: int = 0) -> set[str]:
    """What reached the site, from its `since`th request on."""
    seen = gate.origin.seen[since:]
    return {f"{'https' if each.tls else 'http'}://{each.host}{each.path}" for each in seen}


def let_by(records: Iterable[Record]) -> set[str]:
    """What may have gone out: the URLs of which a record says so."""
    return {record["url"] for record in records if record["t"] == "open" and record["kind"] == "request"}
