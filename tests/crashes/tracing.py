"""What strace saw of a running program, call by call, in the order in which things began and ended."""

import contextlib
import re
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = "network,write,writev,pwrite64,pwritev,fdatasync,fsync"
LONGEST = 1 << 18  # more than the largest group of records
LINE = re.compile(
    r"(?P<thread>\d+) +(?:(?P<name>\w+)\((?P<rest>.*)|<\.\.\. (?P<resumed>\w+) resumed>(?P<more>.*))"
)
FD = re.compile(r"(\d+)<((?:->|[^<>])*)>")
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
ACCEPTED = re.compile(r"\) += \d+<((?:->|[^<>])*)>$")
RESULT = re.compile(r"\) += (-?\d+)")
UNFINISHED = "<unfinished ...>"


@dataclass(frozen=True, slots=True)
class Call:
    """`file` is a path, or `TCP:[here->there]`; `data` what was sent, written or received.

    Of an accept that ended, `file` is the new connection.
    """

    thread: str
    name: str
    file: str
    data: bytes
    result: int | None = None  # None: it has only begun


@contextlib.contextmanager
def traced(pid: int, into: Path) -> Iterator[None]:
    """All threads of that process. Raises PermissionError when the machine does not let us."""
    command = [
        "strace",
        "-f",
        "-yy",
        "-s",
        str(LONGEST),
        "-e",
        f"trace={CALLS}",
        "-o",
        str(into),
        "-p",
        str(pid),
    ]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 20
        while not _all_traced(pid):
            if strace.poll() is not None or time.monotonic() > deadline:
                raise PermissionError("strace cannot attach here")
            time.sleep(0.02)
        yield
    finally:
        strace.terminate()
        said = strace.communicate()[1]
    if "ptrace" in said:
        raise PermissionError(said)


def _all_traced(pid: int) -> bool:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return all(
        not re.search(r"^TracerPid:\t0$", (each / "status").read_text(), re.MULTILINE) for each in threads
    )


def calls(lines: Iterable[str]) -> Iterator[Call]:
    """Each call twice: as it begins, with what it was given; as it ends, with what it gave."""
    begun: dict[str, str] = {}
    for line in lines:
        found = LINE.fullmatch(line.rstrip("\n"))
        if found is None:
            continue  # a signal, or a thread that ended
        thread = found["thread"]
        if found["name"]:
            rest = found["rest"]
            unfinished = rest.endswith(UNFINISHED)
            yield _call(thread, found["name"], rest, ended=False)
            if unfinished:
                begun[thread] = rest.removesuffix(UNFINISHED)
            else:
                yield _call(thread, found["name"], rest, ended=True)
        else:
            rest = begun.pop(thread, "") + found["more"]
            yield _call(thread, found["resumed"], rest, ended=True)


def _call(thread: str, name: str, rest: str, *, ended: bool) -> Call:
    accepted = ACCEPTED.search(rest) if ended and name.startswith("accept") else None
    file = accepted[1] if accepted else found[2] if (found := FD.match(rest)) else ""
    data = b"".join(_plain(each) for each in TEXT.findall(rest))
    result = RESULT.findall(rest)[-1:] if ended else []
    return Call(thread, name, file, data, int(result[0]) if result else (-1 if ended else None))


def _plain(shown: str) -> bytes:
    return shown.encode("latin-1").decode("unicode_escape").encode("latin-1")
