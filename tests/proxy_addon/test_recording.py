"""While nothing can be written, nothing is let by; when it can, it goes on by itself or in a new process."""

import asyncio
import contextlib
import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest
from structlog.testing import capture_logs

from audit_log.journal import JournalError
from audit_log.segments import read_segment, segments
from proxy_addon.probe import probe
from proxy_addon.recording import Recording
from proxy_addon.run import JOURNAL_FAILED
from tests.harness import Gate, a_gate, start, until

AT = "2026-11-24T12:00:00.000000Z"


def a_row(number: int, kind: str = "open") -> dict[str, object]:
    return {"t": kind, "id": f"row-{number}", "at": AT}


def written(folder: Path) -> list[dict[str, object]]:
    return [record for each in segments(folder) for _, record in read_segment(each.path, 0)]


def descriptor(recording: Recording) -> int:
    return recording._journal._file.fd  # type: ignore[union-attr]  # it is open: the disk is changed below it


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """A file system of its own, where this machine lets us have one."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no right to mount anything on this machine: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


# A disk that is full


def test_a_full_disk_shuts_the_gate_and_room_opens_it() -> None:
    """The file may not grow: the same error for the writer as no space left, and for the log of the gate."""
    with a_gate() as gate:
        assert gate.curl("http://allowed.test/", user="anna").status == 200
        process = psutil.Process(gate.process.pid)
        process.rlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
        connections = gate.origin.connections
        assert gate.curl("http://allowed.test/", user="anna").status == 503
        assert gate.curl("https://allowed.test/", user="anna").connect == 503
        assert gate.curl("http://allowed.test/").status == 503
        assert probe(gate.state).shut
        assert gate.raw(b"nonsense\r\n\r\n") == b""  # not even a refusal is answered
        time.sleep(1)
        assert gate.is_alive
        assert gate.origin.connections == connections
        process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        reply = until(
            lambda: gate.curl("http://allowed.test/", user="anna"), lambda reply: reply.status == 200
        )
        assert reply.status == 200


def test_no_space_left_shuts_the_gate_until_there_is_some(tmp_path: Path) -> None:
    """A disk of 256 KB, full for real."""
    with a_gate() as gate:
        gate.stop()
        with mounted(gate.state / "journal", "-t", "tmpfs", "-o", "size=256k", "none") as disk:
            start(gate)
            assert gate.curl("http://allowed.test/", user="anna").status == 200
            ballast = disk / "ballast"
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            statuses = [gate.curl("http://allowed.test/", user="anna").status for _ in range(20)]
            assert statuses[-1] == 503
            forwarded = len(gate.origin.seen)
            assert forwarded == statuses.count(200) + 1
            assert "journal.stopped" in gate.said()

            ballast.unlink()

            until(lambda: gate.curl("http://allowed.test/", user="anna").status, lambda status: status == 200)
            assert "journal.reopened" in gate.said()
            assert gate.is_alive
            gate.stop()


def test_a_journal_that_fails_is_begun_anew(tmp_path: Path) -> None:
    async def story() -> None:
        recording = Recording(tmp_path, "gate-1")
        await recording.append(a_row(1))
        fd = descriptor(recording)
        os.dup2(os.open("/dev/full", os.O_WRONLY), fd)
        with pytest.raises(JournalError):
            await recording.append(a_row(2))
        assert (recording.stuck, recording.failed, recording.works) == (True, False, False)
        await recording.heal()
        assert recording.works
        await recording.append(a_row(3))
        recording.close()

    asyncio.run(story())
    assert [row["id"] for row in written(tmp_path) if "id" in row] == ["row-1", "row-3"]


def test_ends_that_no_journal_holds_are_counted_and_told(tmp_path: Path) -> None:
    async def story() -> None:
        recording = Recording(tmp_path, "gate-1")
        os.dup2(os.open("/dev/full", os.O_WRONLY), descriptor(recording))
        with pytest.raises(JournalError):
            await recording.append(a_row(1))
        recording.note(a_row(2, "close"))
        recording.note(a_row(3, "close"))
        await asyncio.sleep(0.1)
        await recording.heal()
        recording.note(a_row(4, "close"))
        recording.close()

    with capture_logs() as said:
        asyncio.run(story())
    told = [line for line in said if line["event"] == "journal.closings_lost"]
    assert [(line["count"], line["log_level"]) for line in told] == [(2, "error")]
    assert [row["id"] for row in written(tmp_path) if "id" in row] == ["row-4"]


def test_a_gate_that_ends_without_a_journal_tells_what_is_lost(tmp_path: Path) -> None:
    async def story() -> None:
        recording = Recording(tmp_path, "gate-1")
        os.dup2(os.open("/dev/full", os.O_WRONLY), descriptor(recording))
        recording.note(a_row(1, "close"))
        await asyncio.sleep(0.1)
        recording.close()

    with capture_logs() as said:
        asyncio.run(story())
    assert [line["count"] for line in said if line["event"] == "journal.closings_lost"] == [1]


# A disk that failed


def test_after_a_failed_fdatasync_this_process_writes_nothing_more(tmp_path: Path) -> None:
    async def story() -> None:
        recording = Recording(tmp_path, "gate-1")
        reader, pipe = os.pipe()
        os.dup2(pipe, descriptor(recording))  # it takes the bytes, and cannot be synced
        with pytest.raises(JournalError):
            await recording.append(a_row(1))
        assert recording.failed
        await recording.heal()
        assert not recording.works
        with pytest.raises(JournalError):
            await recording.append(a_row(2))
        recording.close()
        os.close(reader)

    asyncio.run(story())
    assert len(segments(tmp_path)) == 1


def test_a_gate_whose_disk_failed_ends_and_a_new_process_begins_a_new_segment(tmp_path: Path) -> None:
    """A file system larger than the disk under it: writing is fine, and fdatasync says that it was not."""
    with (
        a_gate() as gate,
        mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=1m", "none") as small,
    ):
        image = small / "image"
        with image.open("wb") as file:
            file.truncate(16_000_000)
        made = ["mkfs.ext4", "-q", "-O", "^has_journal", "-E", "lazy_itable_init=1", str(image)]
        if subprocess.run(made, capture_output=True, check=False).returncode:
            pytest.skip("needs mkfs.ext4 (Debian: e2fsprogs)")
        gate.stop()
        with mounted(gate.state / "journal", "-o", "loop", str(image)) as disk:
            start(gate)
            assert gate.curl("http://allowed.test/", user="anna").status == 200
            with contextlib.suppress(OSError), (small / "ballast").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            assert _asked_until_it_fails(gate) == 503
            assert gate.process.wait(20) == JOURNAL_FAILED
            assert "journal.failed" in gate.said()
            before = {segment.name for segment in segments(disk)}
            (small / "ballast").unlink()

            start(gate)
            assert gate.curl("http://allowed.test/again", user="anna").status == 200
            assert {segment.name for segment in segments(disk)} > before
            gate.stop()


def _asked_until_it_fails(gate: Gate) -> int:
    """The last status before the gate ended; each answer of 200 was recorded and forwarded."""
    statuses = []
    while gate.is_alive and (status := gate.curl(f"http://allowed.test/{'x' * 8000}", user="anna").status):
        statuses.append(status)
        if len(statuses) > 5000:
            pytest.fail("the disk never failed")
    assert len([seen for seen in gate.origin.seen if "xxx" in seen.path]) == statuses.count(200)
    return statuses[-1]


def test_a_gate_that_cannot_open_its_journal_says_so_with_its_own_exit_code() -> None:
    with a_gate() as gate:
        gate.stop()
        for path in (gate.state / "journal").iterdir():
            path.unlink()
        (gate.state / "journal").rmdir()
        (gate.state / "journal").write_text("a file in the way")
        with pytest.raises(RuntimeError):
            start(gate)
        assert gate.process.wait(20) == JOURNAL_FAILED
        assert "journal.failed" in gate.said()


# A disk that does not answer


def test_nobody_waits_long_for_a_disk_that_hangs_and_nothing_piles_up(tmp_path: Path) -> None:
    """The writer is stopped inside its write: a pipe that nobody reads."""

    async def story() -> None:
        recording = Recording(tmp_path, "gate-1", patience=0.3)
        fd, kept = descriptor(recording), os.dup(descriptor(recording))
        reader, pipe = os.pipe()
        with contextlib.suppress(BlockingIOError):
            os.set_blocking(pipe, False)
            while os.write(pipe, bytes(65536)):
                pass
        os.set_blocking(pipe, True)
        os.dup2(pipe, fd)
        begun = time.monotonic()
        answers = await asyncio.gather(
            *(recording.append(a_row(n)) for n in range(50)), return_exceptions=True
        )
        assert all(isinstance(answer, JournalError) for answer in answers)
        assert time.monotonic() - begun < 5
        assert (recording.hangs, recording.works, recording.failed) == (True, False, False)

        queued = recording._journal._queue.qsize()  # type: ignore[union-attr]  # it is open
        begun = time.monotonic()
        for number in range(1000):
            with pytest.raises(JournalError, match="does not answer"):
                await recording.append(a_row(1000 + number))
        assert time.monotonic() - begun < 5
        assert recording._journal._queue.qsize() <= queued + 1  # type: ignore[union-attr]  # it is open
        await recording.heal()
        assert recording.hangs

        os.dup2(kept, fd)  # for what comes after the write that hangs
        await asyncio.to_thread(_drained, reader)
        await _until(lambda: not recording.hangs)
        recording.close()
        os.close(reader)
        os.close(pipe)
        os.close(kept)

    asyncio.run(story())


def test_a_slow_disk_is_waited_for_and_one_that_comes_back_is_used_again(tmp_path: Path) -> None:
    async def story() -> None:
        recording = Recording(tmp_path, "gate-1", patience=0.3)
        commit = recording._journal._file.append  # type: ignore[union-attr]  # it is open

        def slow(data: bytes) -> None:
            time.sleep(pause[0])
            commit(data)

        pause = [0.1]
        recording._journal._file.append = slow  # type: ignore[union-attr, method-assign]  # a slower disk
        await recording.append(a_row(1))
        pause[0] = 1.0
        with pytest.raises(JournalError):
            await recording.append(a_row(2))
        with pytest.raises(JournalError):
            await recording.append(a_row(3))
        pause[0] = 0.0
        await _until(lambda: recording.works)
        await recording.heal()
        await recording.append(a_row(4))
        recording.close()

    asyncio.run(story())
    records = [(row["t"], row["id"], row.get("status")) for row in written(tmp_path) if "id" in row]
    # The one that was given up came on disk all the same: it is closed, and says that nothing was let by.
    assert records == [
        ("open", "row-1", None),
        ("open", "row-2", None),
        ("close", "row-2", 503),
        ("open", "row-4", None),
    ]


async def _until(enough: Callable[[], bool]) -> None:
    for _ in range(500):
        if enough():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it never came")


def _drained(reader: int) -> None:
    os.set_blocking(reader, False)
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            os.read(reader, 1 << 20)
        time.sleep(0.01)


# The rest


def test_two_gates_cannot_share_a_name(tmp_path: Path) -> None:
    first = Recording(tmp_path, "gate-1")
    with pytest.raises(JournalError):
        Recording(tmp_path, "gate-1")
    first.close()


def test_an_alarm_comes_before_the_disk_is_full(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=8m", "none") as small:
        recording = Recording(small, "gate-1")
        asyncio.run(recording.look_at_room())
        asyncio.run(recording.look_at_room())
        recording.close()
    assert capsys.readouterr().out.count("journal.room_low") == 1
