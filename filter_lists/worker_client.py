"""Has an update done by a child process, and tells how far it is. The child never outlives the call."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from filter_lists.orders import Order, Outcome, Progress

ROOT = Path(__file__).parent.parent
HANDED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
LAST_WORDS = 2000  # characters of what it said on stderr


class WorkerError(Exception):
    """The child ended without an outcome. `says`: its last words, which hold no entry of any list."""

    def __init__(self, code: int, says: str) -> None:
        super().__init__(f"the update ended with code {code} and no outcome: {says or 'it said nothing'}")
        self.code = code
        self.says = says


def run_worker(order: Order, progress: Callable[[Progress], None] = lambda _: None) -> Outcome:
    """Raises WorkerError. Whatever `progress` raises ends the child."""
    with tempfile.TemporaryFile() as stderr:
        with _child(order, stderr) as child:
            outcome = _follow(child.stdout or (), progress)
            if outcome is not None:
                return outcome
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        stderr.seek(0)
        raise WorkerError(child.returncode, stderr.read().decode("utf-8", "replace")[-LAST_WORDS:].strip())


def _follow(lines: Iterable[bytes], progress: Callable[[Progress], None]) -> Outcome | None:
    for line in lines:
        said = json.loads(line)
        if "outcome" in said:
            return Outcome.from_json(said["outcome"])
        progress(Progress(**said["progress"]))
    return None


@contextmanager
def _child(order: Order, stderr: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """In a group of its own, so that what it starts ends with it. It gets no secret from our environment."""
    environ = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "filter_lists.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    try:
        _hand_over(order, child)
        yield child
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # not waited for yet, so the number is still theirs
        child.wait()
        for pipe in filter(None, (child.stdin, child.stdout)):
            with suppress(BrokenPipeError):
                pipe.close()


def _hand_over(order: Order, child: subprocess.Popen[bytes]) -> None:
    """stdin stays open: it is how the child knows that we are there."""
    if child.stdin is not None:
        with suppress(BrokenPipeError):  # then its exit code and last words tell why
            child.stdin.write(json.dumps(order.to_json()).encode() + b"\n")
            child.stdin.flush()
