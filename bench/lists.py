"""Every list there is, compiled into one index, beside squidGuard with the same lists.

    python -m bench lists

Says counts and ratios, never an entry. Takes some minutes; what it writes to disk is gone afterwards.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import lists_over_blocking, measured
from bench.lists_shares import write_share
from bench.lists_tasks import index_in, lists_in, traffic, write_urls
from bench.measured import Used
from bench.peers import squidguard
from bench.real_lists import ABSENT, DATA, sources, unpack_ut1
from filter_lists.entry import Entry
from filter_lists.index import Index
from tests.filter_lists.oracle import entries_of, kind_of

SIZES = (10_000, 100_000, 1_000_000)
STARTS = 5
MB = 1e6


def main() -> int:
    if not DATA.is_dir():
        print(f"lists: not measured: {ABSENT}")
        return 0
    with tempfile.TemporaryDirectory(prefix="schoolgate-bench-") as folder:
        work = Path(folder)
        unpack_ut1(work / "ut1")
        _all_lists(work)
        _beside_squidguard(work)
        lists_over_blocking.report(Index.open(index_in(work)))
    return 0


def _task(name: str, folder: Path) -> dict[str, float]:
    """Of a fresh process; what it told."""
    answers = folder / "told.json"
    measured.run([sys.executable, "-m", "bench.lists_tasks", name, str(folder)], stdout=answers)
    told: dict[str, float] = json.loads(answers.read_text())
    return told


def _build(folder: Path) -> Used:
    return measured.run([sys.executable, "-m", "bench.lists_tasks", "build", str(folder)])


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in index_in(folder).iterdir()) / MB


def _row(what: str, figure: str, bar: str = "") -> None:
    print(f"  {what:<58} {figure:>14}   {bar}".rstrip(), flush=True)


def _all_lists(work: Path) -> None:
    print("Every list there is, in one index")
    built = _build(work)
    looked = _task("look-up", work)
    _row("host names and parts of hosts in the index", f"{looked['names']:,.0f}")
    _row("compiled in", f"{built.wall:.0f} s", f"bar 300 ({built.cpu:.0f} s of CPU)")
    _row("memory at its peak, all processes together", f"{built.peak:,.0f} MB", "bar 2,000")
    _row("file", f"{_size(work):.1f} MB", "bar 120")
    _start(work)
    write_urls(work)
    with _holder(work):
        added = _task("private", work)
    _row("memory a process adds when it opens the index", f"{added['opened']:.1f} MB")
    _row("... and after the traffic below", f"{added['used']:.1f} MB", "bar 5")
    _row("lookups a CPU-second, canonical URLs", f"{looked['ready']:,.0f}", "bar 150,000")
    _row("lookups a CPU-second, from text", f"{looked['from text']:,.0f}")
    _row("... of real requests", f"{looked['asked']:,.0f}", f"{looked['hits'] / looked['asked']:.0%} listed")
    _growth(work, looked["ready"], built)
    compared = _task("differences", work)
    what = f"answers that differ from the oracle's, of {compared['asked']:,.0f}"
    _row(what, f"{compared['wrong']:.0f}", f"bar 0 ({compared['hosts']:,.0f} hosts)")


def _start(work: Path) -> None:
    for path in index_in(work).iterdir():
        _forget(path)
    cold = _task("start", work)["seconds"]
    warm = statistics.median(_task("start", work)["seconds"] for _ in range(STARTS))
    _row("from closed files to the first answer", f"{warm * 1000:.0f} ms", "bar 200")
    _row("... with nothing of the files in memory", f"{cold * 1000:.0f} ms")


def _forget(path: Path) -> None:
    """Ask the kernel to drop what it remembers of a file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextlib.contextmanager
def _holder(work: Path) -> Iterator[None]:
    """Another process with the same map, as there is beside every gate process."""
    command = [sys.executable, "-m", "bench.lists_tasks", "hold", str(work)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield
    finally:
        process.communicate()


def _growth(work: Path, all_of_them: float, built: Used) -> None:
    print("  lookups a CPU-second (canonical URLs), file and time to compile, by the number of sites")
    whole = sources(work / "ut1")
    names = len(Index.open(index_in(work)))
    speeds = [all_of_them]
    for size in SIZES:
        folder = write_share(whole, names // size, work / f"share-{size}")
        time = _build(folder)
        looked = _task("look-up", folder)
        speeds.append(looked["ready"])
        _grown(looked["names"], looked["ready"], _size(folder), time)
    _grown(names, all_of_them, _size(work), built)
    _row(
        "the quickest of these is as quick as the slowest times", f"{max(speeds) / min(speeds):.2f}", "bar 2"
    )


def _grown(names: float, speed: float, size: float, time: Used) -> None:
    print(f"    {names:>10,.0f} {speed:>12,.0f} /s {size:>8.1f} MB {time.wall:>7.1f} s", flush=True)


def _beside_squidguard(work: Path) -> None:
    print("\nBeside squidGuard: the same lists, the same lines on standard input, an answer to each")
    if not squidguard.is_installed():
        print("  not measured: squidGuard is not installed (Debian: apt-get install squidguard)")
        return
    urls = [url for url in traffic() if " " not in url]
    asked = work / "asked.txt"
    asked.write_text("".join(map(squidguard.asked, urls)), "utf-8")
    ours = _ours(work, asked, len(urls))
    theirs = work / "squidguard"
    compiled = _squidguards_lists(work, theirs)
    _row("squidGuard: compiled in", f"{compiled.wall:.0f} s", f"{_disk(theirs):,.0f} MB on disk")
    every = squidguard.categories_in(theirs)
    known = [name for name in every if name in lists_over_blocking.policy().access]
    for name, folder, categories in (
        (f"its {len(every)} categories", theirs, every),
        (f"the {len(known)} categories of our policy alone", theirs, known),
        ("all as one, so that no category is told", _in_one(theirs), ["listed"]),
    ):
        used = squidguard.ask(folder, categories, asked, work / "answers.txt")
        hits = squidguard.hits(work / "answers.txt")
        _row(f"squidGuard, {name}: a CPU-second", f"{len(urls) / used.cpu:,.0f}", f"{hits:,} listed")
        bar = "bar 2" if len(categories) > 1 else ""
        _row("... Schoolgate answers as many times that", f"{used.cpu / ours.cpu:.2f}", bar)


def _ours(work: Path, asked: Path, count: int) -> Used:
    command = [sys.executable, "-m", "bench.lists_answer", str(index_in(work))]
    used = measured.run(command, asked, work / "answers.txt")
    with (work / "answers.txt").open() as file:
        hits = sum(line.startswith("OK") for line in file)
    what = "Schoolgate, category, list and entry told: a CPU-second"
    _row(what, f"{count / used.cpu:,.0f}", f"{hits:,} listed; start-up counted")
    return used


def _squidguards_lists(work: Path, folder: Path) -> Used:
    with squidguard.Lists(folder) as lists:
        for source in lists_in(work):
            for entry, theirs in entries_of(source):
                if isinstance(entry, Entry) and kind_of(source, entry):
                    for category in source.ours(theirs):
                        lists.add(entry, category)
    return squidguard.compile_lists(folder)


def _in_one(folder: Path) -> Path:
    one = folder.with_name("squidguard-in-one")
    squidguard.put_in_one(folder, one)
    squidguard.compile_lists(one)
    return one


def _disk(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*.db")) / MB


if __name__ == "__main__":
    sys.exit(main())
