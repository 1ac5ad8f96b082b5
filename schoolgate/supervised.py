"""The child's side of the supervisor: load, wait for the word, say when ready, leave when it is gone.

A supervised process holds a pipe from its parent as stdin. A line on it means that all is prepared; until
then the child only loads its program, which takes longest of all. When it closes, the child drains.
"""

import os
import signal
import sys
import threading

STDIN = 0


def start_when_told(ready_fd: int | None) -> None:
    """Back when the supervisor says so; at once when there is none."""
    if ready_fd is None:
        return
    if not os.read(STDIN, 1):
        sys.exit(0)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def report_ready(ready_fd: int | None, port: int) -> None:
    """Tell the supervisor which port is served (0: none)."""
    if ready_fd is not None:
        os.write(ready_fd, f"{port}\n".encode())
        os.close(ready_fd)


def _leave_with_parent() -> None:
    while os.read(STDIN, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
