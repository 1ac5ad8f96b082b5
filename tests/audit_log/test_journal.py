"""No answer without a record: what was acknowledged is on disk, and a disk that fails stops everything."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from audit_log.journal import Journal, JournalError, read_segment
from audit_log.segments import CONTINUED, STARTED, lock_path, segment_path, segments

ROOT = Path(__file__).parents[2]


def lines_in(folder: Path) -> list[dict[str, Any]]:
    """Every line of every segment, in order."""
    return [record for segment in segments(folder) for _, record in read_segment(segment.path, 0)]


def records_in(folder: Path) -> list[dict[str, Any]]:
    return [line for line in lines_in(folder) if line["t"] not in (STARTED, CONTINUED)]


def opened(number: int) -> dict[str, object]:
    return {"t": "open", "id": f"{number:026}", "at": f"2026-11-24T12:00:00.{number:06}Z"}


async def all_of(journal: Journal, count: int) -> list[BaseException | None]:
    return await asyncio.gather(*(journal.append(opened(n)) for n in range(count)), return_exceptions=True)


def test_an_appended_record_is_in_the_file_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        journal = Journal(tmp_path, "gate-1")
        for number in range(5):
            await journal.append(opened(number))
            assert records_in(tmp_path)[-1] == opened(number)
        journal.close()

    asyncio.run(story())
    assert len(records_in(tmp_path)) == 5


def test_many_who_wait_together_are_all_written_once(tmp_path: Path) -> None:
    async def story() -> list[BaseException | None]:
        journal = Journal(tmp_path, "gate-1")
        answers = await all_of(journal, 200)
        journal.close()
        return answers

    assert asyncio.run(story()) == [None] * 200
    assert sorted(r["id"] for r in records_in(tmp_path)) == [f"{n:026}" for n in range(200)]


def test_a_note_is_written_with_the_next_record(tmp_path: Path) -> None:
    async def story() -> None:
        journal = Journal(tmp_path, "gate-1")
        journal.note({"t": "close", "id": "n"})
        await journal.append(opened(1))
        assert {"t": "close", "id": "n"} in records_in(tmp_path)
        journal.close()

    asyncio.run(story())


def test_a_note_is_written_soon_when_nothing_follows(tmp_path: Path) -> None:
    async def story() -> None:
        journal = Journal(tmp_path, "gate-1")
        journal.note({"t": "close", "id": "n"})
        while not records_in(tmp_path):  # noqa: ASYNC110  # a file has no event to wait for
            await asyncio.sleep(0.005)
        journal.close()

    asyncio.run(asyncio.wait_for(story(), 10))


def test_a_note_needs_no_event_loop(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "gate-1")
    journal.note({"t": "close", "id": "n"})
    journal.close()

    assert records_in(tmp_path) == [{"t": "close", "id": "n"}]


def test_a_note_that_cannot_be_written_is_counted_and_never_raises(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "gate-1")
    journal.note({"t": "close", "what": object()})
    journal.close()
    journal.note({"t": "close"})

    assert journal.lost == 2


def test_closing_writes_what_waits(tmp_path: Path) -> None:
    async def story() -> None:
        journal = Journal(tmp_path, "gate-1")
        waiting = asyncio.gather(*(journal.append(opened(n)) for n in range(20)))
        await asyncio.sleep(0)
        journal.note({"t": "close", "id": "last"})
        journal.close()
        await waiting

    asyncio.run(story())
    assert len(records_in(tmp_path)) == 21


def test_nothing_is_taken_after_closing(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "gate-1")
    journal.close()
    journal.close()

    with pytest.raises(JournalError, match="closed"):
        asyncio.run(journal.append(opened(1)))


def test_a_record_that_cannot_be_written_is_refused_alone(tmp_path: Path) -> None:
    async def story() -> None:
        journal = Journal(tmp_path, "gate-1")
        with pytest.raises(JournalError, match="cannot be written"):
            await journal.append({"t": "open", "share": float("nan")})
        await journal.append(opened(1))
        journal.close()

    asyncio.run(story())
    assert records_in(tmp_path) == [opened(1)]


def test_somebody_who_gives_up_waiting_holds_nobody_up(tmp_path: Path) -> None:
    async def story() -> None:
        journal = Journal(tmp_path, "gate-1")
        tasks = [asyncio.create_task(journal.append(opened(n))) for n in range(10)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await journal.append(opened(99))
        journal.close()

    asyncio.run(story())
    assert len(records_in(tmp_path)) == 11


def test_a_full_segment_is_followed_by_the_next(tmp_path: Path) -> None:
    async def story() -> None:
        journal = Journal(tmp_path, "gate-1", segment_bytes=1000)
        for number in range(50):
            await journal.append(opened(number))
        journal.close()

    asyncio.run(story())
    assert len(segments(tmp_path)) > 3
    assert [r["id"] for r in records_in(tmp_path)] == [f"{n:026}" for n in range(50)]
    firsts = [next(iter(read_segment(s.path, 0)))[1]["t"] for s in segments(tmp_path)]
    assert firsts == [STARTED] + [CONTINUED] * (len(firsts) - 1)


def test_each_start_makes_a_new_segment_after_all_others_even_if_the_clock_went_back(tmp_path: Path) -> None:
    ahead = segment_path(tmp_path, "gate-1", time.time_ns() + 10**15)
    ahead.touch()
    Journal(tmp_path, "gate-1").close()
    Journal(tmp_path, "gate-1").close()

    assert segments(tmp_path)[0].path == ahead
    assert len(segments(tmp_path)) == 3


def test_a_journal_is_for_its_owner_alone(tmp_path: Path) -> None:
    Journal(tmp_path, "gate-1").close()

    assert [oct(s.path.stat().st_mode & 0o777) for s in segments(tmp_path)] == ["0o600"]
    assert oct(lock_path(tmp_path, "gate-1").stat().st_mode & 0o777) == "0o600"


def test_two_live_gates_cannot_share_a_name(tmp_path: Path) -> None:
    first = Journal(tmp_path, "gate-1")
    Journal(tmp_path, "gate-2").close()
    with pytest.raises(JournalError, match="locked"):
        Journal(tmp_path, "gate-1")
    first.close()

    Journal(tmp_path, "gate-1").close()


def test_a_gate_knows_the_last_time_of_its_journal(tmp_path: Path) -> None:
    async def story() -> None:
        journal = Journal(tmp_path, "gate-1")
        assert journal.last_at is None
        await all_of(journal, 3)
        journal.close()

    asyncio.run(story())
    again = Journal(tmp_path, "gate-1")
    assert again.last_at == "2026-11-24T12:00:00.000002Z"
    again.close()


def test_a_journal_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file, not a folder")

    with pytest.raises(JournalError) as failed:
        Journal(tmp_path / "journal", "gate-1")
    assert not failed.value.fatal


def test_after_a_failed_fdatasync_nothing_is_acknowledged_ever_again(tmp_path: Path) -> None:
    async def story() -> None:
        journal = Journal(tmp_path, "gate-1")
        reader, pipe = os.pipe()
        os.dup2(pipe, journal._file.fd)  # a pipe takes the bytes, and fdatasync on it fails
        answers = await all_of(journal, 3)
        journal.note({"t": "close", "id": "n"})
        assert all(isinstance(answer, JournalError) and answer.fatal for answer in answers)
        os.dup2(os.open(tmp_path / "healthy", os.O_WRONLY | os.O_CREAT), journal._file.fd)
        with pytest.raises(JournalError, match="cannot be written") as again:
            await journal.append(opened(9))
        assert again.value.fatal
        journal.close()
        assert journal.lost == 1
        os.close(reader)
        os.close(pipe)

    asyncio.run(story())
    assert (tmp_path / "healthy").stat().st_size == 0


def test_after_a_full_disk_nothing_more_goes_into_that_file_but_a_new_one_may_be_begun(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        journal = Journal(tmp_path, "gate-1")
        await journal.append(opened(1))
        os.dup2(os.open("/dev/full", os.O_WRONLY), journal._file.fd)
        answers = await all_of(journal, 3)
        assert all(isinstance(answer, JournalError) and not answer.fatal for answer in answers)
        os.dup2(os.open(tmp_path / "room-again", os.O_WRONLY | os.O_CREAT), journal._file.fd)
        with pytest.raises(JournalError, match="No space") as again:
            await journal.append(opened(9))
        assert not again.value.fatal
        journal.close()
        anew = Journal(tmp_path, "gate-1")
        await anew.append(opened(2))
        anew.close()

    asyncio.run(story())
    assert (tmp_path / "room-again").stat().st_size == 0
    assert records_in(tmp_path) == [opened(1), opened(2)]


def test_a_group_of_which_a_part_was_written_is_acknowledged_to_nobody(tmp_path: Path) -> None:
    with a_writer(tmp_path, 20, "limit") as process:
        assert process.stdout is not None
        said = [process.stdout.readline().decode().strip() for _ in range(200)]
        process.kill()

    (segment,) = segments(tmp_path)
    written = segment.path.read_bytes()
    assert not written.endswith(b"\n"), "the last line there is half a line"
    assert any(line.startswith("refused") for line in said)
    assert lost_in(tmp_path, [line for line in said if not line.startswith("refused")]) == set()


def test_a_refused_record_is_no_fault_of_the_disk(tmp_path: Path) -> None:
    async def story() -> bool:
        journal = Journal(tmp_path, "gate-1")
        try:
            with pytest.raises(JournalError) as refused:
                await journal.append({"t": "open", "what": object()})
        finally:
            journal.close()
        return refused.value.fatal

    assert not asyncio.run(story())


# The rest is told by another process, which is killed or runs out of room.


def a_writer(folder: Path, workers: int, way: str) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "tests.audit_log.journal_writer", str(folder), str(workers), way]
    return subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE)


def acknowledged_until_killed(folder: Path, workers: int, way: str, after: int) -> list[str]:
    """What the writer said was on disk, when it is killed -9 after so many of them."""
    with a_writer(folder, workers, way) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
    return [line.decode().strip() for line in said if line.endswith(b"\n")]


def lost_in(folder: Path, acknowledged: list[str]) -> set[str]:
    return set(acknowledged) - {record["id"] for record in records_in(folder)}


@pytest.mark.torture
def test_kill_9_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path, torture_rounds: int) -> None:
    for number in range(torture_rounds * 3):
        folder = tmp_path / str(number)
        said = acknowledged_until_killed(
            folder, workers=1 + number % 20, way="honest", after=50 + 37 * number
        )

        assert said
        assert lost_in(folder, said) == set()


@pytest.mark.torture
def test_the_kill_test_has_teeth_it_catches_a_writer_that_acknowledges_early(tmp_path: Path) -> None:
    lost: set[str] = set()
    for number in range(20):
        folder = tmp_path / str(number)
        lost |= lost_in(folder, acknowledged_until_killed(folder, 20, "early", after=50 + number))
        if lost:
            break

    assert lost


def test_a_full_disk_refuses_everything_and_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    with a_writer(tmp_path, 5, "limit") as process:
        assert process.stdout is not None
        said = [process.stdout.readline().decode().strip() for _ in range(300)]
        process.kill()

    kept = [line for line in said if not line.startswith("refused")]
    assert said[-100:] == [line for line in said[-100:] if line.startswith("refused")]
    assert len(kept) > 10
    assert lost_in(tmp_path, kept) == set()
    assert segments(tmp_path)[0].path.stat().st_size <= 20_000


def test_a_gate_that_was_killed_can_start_again_at_once(tmp_path: Path) -> None:
    acknowledged_until_killed(tmp_path, 3, "honest", after=10)

    Journal(tmp_path, "gate-1").close()
