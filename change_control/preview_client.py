"""Has a replay done by two child processes, each its share, and joins what they counted.

The children never outlive the call. They get no secret but how to reach the database; its address on a pipe.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from audit_log.db import reading
from audit_log.replay import Tell
from audit_log.sizes import rows_about
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.preview import Order, replay_here
from change_control.replay_counts import Replayed, joined

ROOT = Path(__file__).parent.parent
HANDED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR")
HOW_TO_CONNECT = "PG"  # what PostgreSQL's own library goes by
SHARES = 2
FEW_ROWS = 20_000
LAST_WORDS = 300  # characters of what a child said on stderr

Child = subprocess.Popen[bytes]


def replay_apart(desk: Desk, order: Order, tell: Tell) -> Replayed:
    """Raises ChangeError where a child ended without a count. Whatever `tell` raises ends the children.

    A small log is replayed here: children would take longer to begin.
    """
    with reading(desk.engine) as conn:
        few = rows_about(conn) < FEW_ROWS
    return replay_here(desk, order, tell) if few else _by_children(desk, order, tell)


def _by_children(desk: Desk, order: Order, tell: Tell) -> Replayed:
    far = [(0, 0)] * SHARES

    def follow(number: int, child: Child, stderr: IO[bytes]) -> Replayed:
        for line in child.stdout or ():
            said = json.loads(line)
            if isinstance(said, dict):
                return Replayed.from_json(said)
            far[number] = (said[0], said[1])
            tell(sum(done for done, _ in far), sum(of for _, of in far))
        raise ChangeError("refused", f"the preview did not finish: {_last_words(child, stderr)}")

    with ExitStack() as stack:
        children = []
        for number in range(SHARES):
            stderr = stack.enter_context(tempfile.TemporaryFile())
            children.append((number, stack.enter_context(_child(desk, order, number, stderr)), stderr))
        with ThreadPoolExecutor(SHARES, "preview") as pool, _ending([child for _, child, _ in children]):
            waiting = [pool.submit(follow, *each) for each in children]
            return joined([each.result() for each in waiting])


@contextmanager
def _ending(children: list[Child]) -> Iterator[None]:
    """When one of them failed, or nobody waits any more, the others are ended before they are waited for."""
    try:
        yield
    finally:
        for child in children:
            child.kill()


@contextmanager
def _child(desk: Desk, order: Order, number: int, stderr: IO[bytes]) -> Iterator[Child]:
    environ = {
        name: value
        for name, value in os.environ.items()
        if name in HANDED_ON or name.startswith(HOW_TO_CONNECT)
    }
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "change_control.preview_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    said = {
        "order": order.to_json(),
        "database": desk.engine.url.render_as_string(hide_password=False),
        "state": str(desk.state),
        "share": number,
        "of": SHARES,
    }
    try:
        if child.stdin is not None:  # it stays open: it is how the child knows that we are there
            with suppress(BrokenPipeError):  # then its last words tell why
                child.stdin.write(json.dumps(said).encode() + b"\n")
                child.stdin.flush()
        yield child
    finally:
        child.kill()
        child.wait()
        for pipe in filter(None, (child.stdin, child.stdout)):
            with suppress(BrokenPipeError):
                pipe.close()


def _last_words(child: Child, stderr: IO[bytes]) -> str:
    child.wait()
    stderr.seek(0)
    said = stderr.read().decode("utf-8", "replace").strip()
    return said.rpartition("\n")[2][-LAST_WORDS:] or f"it was ended ({child.returncode})"
