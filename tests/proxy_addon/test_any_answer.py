"""Whatever an origin answers, what was asked of it is in the filtering log."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from audit_log.db import reading
from audit_log.recorder import Recorder
from audit_log.tables import filtering_log, journal_aside
from tests.audit_log.conftest import (
    empty_log,
    engine,
    postgresql,
    postgresql_engine,
    postgresql_url,
    postgresql_with_tables,
    sqlite_engine,
)
from tests.builders import POLICY
from tests.doors import read_head
from tests.harness import Gate, a_gate
from tests.proxy_addon.doings import get

__all__ = [
    "empty_log",
    "engine",
    "postgresql",
    "postgresql_engine",
    "postgresql_url",
    "postgresql_with_tables",
    "sqlite_engine",
]

STATUSES = ("99999999999", "9" * 25, "2147483648", "1000", "0", "-5", "200")


def serve(server: socket.socket) -> None:
    """Answers `/n` with status number n of STATUSES."""
    with contextlib.suppress(OSError):
        while True:
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):
                status = STATUSES[int(read_head(client).split()[1][1:])]
                client.sendall(f"HTTP/1.1 {status} OK\r\nContent-Length: 6\r\n\r\nsecret".encode())


@pytest.fixture(scope="module")
def odd_site() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield server.getsockname()


@pytest.fixture
def gate(odd_site: tuple[str, int]) -> Iterator[Gate]:
    with a_gate(POLICY, egress=[odd_site]) as gate:
        gate.set_names({"odd.allowed.test": [odd_site]})
        yield gate


def test_no_status_hides_a_visit(gate: Gate, engine: Engine, tmp_path: Path) -> None:
    """A number that no column holds would keep both halves out of PostgreSQL."""
    for number in range(len(STATUSES)):
        gate.raw(get("odd.allowed.test", b"Connection: close", path=f"/{number}"))
    gate.wait_rows(lambda rows: len([row for row in rows if row.get("ended")]) == len(STATUSES))

    assert Recorder(engine, gate.state / "journal").run_once() == len(STATUSES)
    with reading(engine) as conn:
        found = conn.execute(select(filtering_log.c.url, filtering_log.c.status))
        statuses = {row.url.rpartition("/")[2]: row.status for row in found}
        assert conn.scalars(select(journal_aside.c.why)).all() == []
    assert statuses["6"] == 200, statuses
    assert all(status is None or 100 <= status <= 999 for status in statuses.values())
