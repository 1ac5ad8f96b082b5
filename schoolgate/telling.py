"""How the command line speaks: data on stdout, messages on stderr, `--json` for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Data as JSON, for programs.")]
Why = Annotated[str, typer.Option("--reason", help="Why. It is kept in the change log.")]
WhyOfCase = Annotated[
    str, typer.Option("--reason", help="Why. It is kept with the incident, and not in the change log.")
]


class Failed(Exception):
    """The command could not do what was asked: each line goes to stderr, and the exit code is 1."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def tell(message: str) -> None:
    """A message for the person at the keyboard."""
    sys.stderr.write(f"{message}\n")


def put(text: str) -> None:
    """Data."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    sys.stdout.flush()


def put_json(data: object) -> None:
    put(json.dumps(data, ensure_ascii=False))


def put_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Columns as wide as they need, without lines and colours, so that it can be cut and sorted."""
    cells = [[column.upper() for column in columns]]
    cells += [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        put("  ".join(padded).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict):
        return str(value.get("name") or value.get("id") or "-")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return " ".join(str(value).split())


def put_fields(fields: Iterable[tuple[str, object]]) -> None:
    for name, value in fields:
        if value is not None and value != "":
            put(f"{name + ':':<16}{_cell(value)}")
