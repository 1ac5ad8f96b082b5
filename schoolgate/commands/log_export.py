"""`schoolgate log export`: everything that a filter finds, into one file.

The file has its name only when all of it is there: until then it is FILE.part.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from schoolgate.commands.log_filters import Asked, filtered
from schoolgate.progress import shown_progress
from schoolgate.telling import AsJson, Failed, put_json, tell

STDOUT = Path("-")
FORMATS = ("csv", "jsonl")


@dataclass(frozen=True, slots=True)
class Announced:
    """What the API says of an export before its first row."""

    event: int  # the line of the change log that tells of it
    rows: int
    by_name: bool  # then none of them is left out because it would tell who it was

    def missing(self, came: int) -> str:
        """In words; nothing where all came."""
        if came == self.rows or not self.by_name:
            return ""
        return (
            f" There were {self.rows:,} when it began: the time of some was over meanwhile,"
            " or connections turned out to be requests."
        )


@filtered
def export(
    *,
    asked: Asked,
    form: Annotated[str, typer.Option("--format", help="csv or jsonl")] = "csv",
    to: Annotated[
        Path | None, typer.Option("--to", help="The file; - is stdout. Its name has the export's number.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """All rows that the filters find, newest first, into a file. Leaves a line in the change log.

    Exit codes: 0 all of it is there, 1 refused or broken off (then there is no file), 2 wrong usage.
    """
    from schoolgate.client import signed_in_api

    if form not in FORMATS:
        raise typer.BadParameter("csv or jsonl", param_hint="--format")
    _refuse_existing(to)
    with signed_in_api().stream("/filtering-log/export", {**asked, "format": form}) as answer:
        announced = _announced(answer.headers)
        file = to or Path(f"filtering-log-{announced.event}.{form}")
        _refuse_existing(file)
        with _whole_or_nothing(file) as out:
            rows = _save(answer.iter_bytes(), out, announced, header=form == "csv")
    if as_json and file != STDOUT:
        put_json({"event": announced.event, "rows": rows, "announced": announced.rows, "file": str(file)})
    where = "" if file == STDOUT else f" in {file}"
    says = f"Entry {announced.event} of the change log tells of this export."
    tell(f"{rows:,} rows{where}. {says}{announced.missing(rows)}")


def _announced(headers: Mapping[str, str]) -> Announced:
    by_name = headers.get("Export-Names") == "yes"
    return Announced(int(headers["Export-Event"]), int(headers["Export-Rows"]), by_name)


def _refuse_existing(file: Path | None) -> None:
    if file is not None and file != STDOUT and file.exists():
        raise Failed(f"{file} is there already.")


def _save(parts: Iterator[bytes], out: BinaryIO, announced: Announced, *, header: bool) -> int:
    """How many rows came."""
    lines = 0
    with shown_progress() as show:
        for part in parts:
            out.write(part)
            lines += part.count(b"\n")
            show("exporting", min(lines, announced.rows), announced.rows)
    return lines - header


@contextmanager
def _whole_or_nothing(file: Path) -> Iterator[Any]:
    if file == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("xb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
    except FileExistsError:
        raise Failed(
            f"{part} is there already: an export that is under way, or one that broke off."
        ) from None
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Failed(f"{part} cannot be written: {error.strerror}") from error
    except BaseException:  # broken off, or stopped at the keyboard: what looks whole must be whole
        part.unlink(missing_ok=True)
        raise
