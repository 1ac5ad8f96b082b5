"""While nothing can be written, nothing is let by; when it can, it goes on by itself."""

import asyncio
import os
import resource
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from audit_log.journal import JournalError
from proxy_addon.recording import Recording
from tests.harness import a_gate, until


def test_a_full_disk_shuts_the_gate_and_room_opens_it() -> None:
    """The file may not grow: the same error for the writer as no space left."""
    with a_gate() as gate:
        assert gate.curl("http://allowed.test/", user="anna").status == 200
        process = psutil.Process(gate.process.pid)
        process.rlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
        connections = gate.origin.connections
        assert gate.curl("http://allowed.test/", user="anna").status == 503
        assert gate.curl("https://allowed.test/", user="anna").connect == 503
        assert gate.curl("http://allowed.test/").status == 503
        assert gate.curl("http://schoolgate.invalid/health").status == 503
        assert gate.raw(b"nonsense\r\n\r\n") == b""  # not even a refusal is answered
        assert gate.origin.connections == connections
        process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        reply = until(
            lambda: gate.curl("http://allowed.test/", user="anna"), lambda reply: reply.status == 200
        )
        assert reply.status == 200


def test_a_journal_that_fails_is_begun_anew(tmp_path: Path) -> None:
    async def story() -> None:
        recording = Recording(tmp_path, "gate-1")
        await recording.append({"t": "whole", "id": "1", "at": "2026-11-24T12:00:00Z"})
        os.close(recording._journal._file.fd)  # type: ignore[union-attr]  # it is open; now its disk is gone
        with pytest.raises(JournalError):
            await recording.append({"t": "whole", "id": "2"})
        stuck = [recording.stuck]
        recording._journal._file.fd = os.open(os.devnull, os.O_WRONLY)  # type: ignore[union-attr]  # to be closed
        await recording.heal()
        stuck.append(recording.stuck)
        assert stuck == [True, False]
        await recording.append({"t": "whole", "id": "3"})
        recording.close()

    asyncio.run(story())
    written = b"".join(path.read_bytes() for path in tmp_path.glob("*.journal"))
    assert b'"id":"1"' in written
    assert b'"id":"2"' not in written
    assert b'"id":"3"' in written


def test_two_gates_cannot_share_a_name(tmp_path: Path) -> None:
    first = Recording(tmp_path, "gate-1")
    with pytest.raises(JournalError):
        Recording(tmp_path, "gate-1")
    first.close()
