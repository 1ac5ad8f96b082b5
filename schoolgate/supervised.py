"""The child's side of the supervisor: say when ready, and leave when the supervisor is gone."""

import os
import signal
import sys
import threading


def report_ready(ready_fd: int | None, port: int) -> None:
    """Tell the supervisor which port is served (0: none)."""
    if ready_fd is not None:
        os.write(ready_fd, f"{port}\n".encode())
        os.close(ready_fd)


def leave_with_parent(ready_fd: int | None) -> None:
    """A supervised process holds a pipe from its parent as stdin; when that closes, it drains and ends."""
    if ready_fd is not None:
        threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
