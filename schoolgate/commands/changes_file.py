"""The change log as a file: taken from the API whole or not at all, and checked without it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from schoolgate.telling import Failed

LONGEST_END = 100  # bytes: the last line is short


def save_export(parts: Iterator[bytes], file: Path, *, force: bool) -> int:
    """Into FILE.part, which gets the file's name once all of it is there. Returns how many lines came."""
    if file.exists() and not force:
        raise Failed(f"{file} is there already; --force replaces it.")
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as out:
            lines = _written(parts, out)
            os.fsync(out.fileno())
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Failed(f"{part} cannot be written: {error.strerror}") from error
    except BaseException:  # broken off, or stopped at the keyboard: what looks whole must be whole
        part.unlink(missing_ok=True)
        raise
    return lines


def _written(parts: Iterator[bytes], out: BinaryIO) -> int:
    lines, end = 0, b""
    for each in parts:
        out.write(each)
        lines += each.count(b"\n")
        end = (end + each)[-LONGEST_END:]
    out.flush()
    if not _counts(end.rpartition(b"\n")[0].rpartition(b"\n")[2], lines - 1):
        raise Failed("The export broke off: its last line does not count those before it. Take it again.")
    return lines


def _counts(last: bytes, lines: int) -> bool:
    try:
        return bool(json.loads(last) == {"end": True, "lines": lines})
    except ValueError:
        return False


def check_file(export: Path, checkpoints: Sequence[Path], key: Path | None, *, as_json: bool) -> int:
    """By the verifier that shares no line with us, in a process of its own. Returns its exit code."""
    import audit_log.offline

    verifier = Path(audit_log.offline.__file__).with_name("verify_changes.py")
    given = [f"--checkpoint={each}" for each in checkpoints]
    given += [f"--key={key}"] if key is not None else []
    given += ["--json"] if as_json else []
    # -I: nothing of the folder or the environment that we are started in has a part in it
    asked = [sys.executable, "-I", str(verifier), *given, "--", str(export)]
    return subprocess.run(asked, check=False).returncode  # noqa: S603  # our own file, and no shell
