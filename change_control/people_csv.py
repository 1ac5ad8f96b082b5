"""The sheet of people that a school already has, as CSV.

Columns: username, name, role, filter_groups; and, where wanted, classes, password, console_password,
agreement_signed (yes or no), starts_at, ends_at, new_code and clear_second_factor (yes or no: a password or
a telephone is lost; then username is the one column that is needed). Several groups or classes in one cell
are parted by ";".
Somebody who is in the register already is changed to what the sheet says; who is not in the sheet stays.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from change_control.errors import bad_input

YES_OR_NO: Mapping[str, bool] = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows as `import_people` takes them, each with the line it came from."""

    rows: tuple[Mapping[str, object], ...] = field(repr=False)  # may hold passwords
    labels: tuple[str, ...] = ()


def read_people(text: str) -> Sheet:
    """Raises ChangeError bad-input with every line that cannot be read."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    faults: dict[str, str] = {}
    rows, labels = [], []
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, faults)
        for cells in reader:
            label = f"line {reader.line_num}"
            if len(cells) == len(header):
                rows.append(_row(dict(zip(header, cells, strict=True)), label, faults))
                labels.append(label)
            elif any(cell.strip() for cell in cells):
                faults[label] = f"has {len(cells)} cells, and the first line has {len(header)}"
    except csv.Error as error:
        faults[f"line {reader.line_num}"] = str(error)
    if faults:
        raise bad_input(faults)
    return Sheet(tuple(rows), tuple(labels))


def _check_header(header: Sequence[str], faults: dict[str, str]) -> None:
    if unknown := [name for name in header if name not in COLUMNS]:
        faults["line 1"] = f"no such column: {', '.join(unknown)}; allowed: {', '.join(COLUMNS)}"
    elif missing := [name for name in NEEDED[: 1 if LOST & set(header) else None] if name not in header]:
        faults["line 1"] = f"a column is missing: {', '.join(missing)}"
    elif len(set(header)) != len(header):
        faults["line 1"] = "a column stands twice"


def _row(cells: Mapping[str, str], label: str, faults: dict[str, str]) -> dict[str, object]:
    row: dict[str, object] = {}
    for column, cell in cells.items():
        try:
            for value in COLUMNS[column](cell) if column in COLUMNS else ():
                row[column] = value
        except ValueError as fault:
            faults[f"{label}.{column}"] = str(fault)
    return row


def _text(cell: str) -> Iterable[Any]:
    return [cell.strip()]


def _list(cell: str) -> Iterable[Any]:
    return [[name.strip() for name in cell.split(";") if name.strip()]]


def _if_any(cell: str) -> Iterable[Any]:
    """As it stands: blanks may be part of a password."""
    return [cell] if cell else []


def _time(cell: str) -> Iterable[Any]:
    return [cell.strip() or None]


def _yes_or_no(cell: str) -> Iterable[Any]:
    word = cell.strip().lower()
    if word and word not in YES_OR_NO:
        raise ValueError("yes or no")
    return [YES_OR_NO[word]] if word else []


# Each gives the value for the row, or nothing where an empty cell says nothing.
COLUMNS: Mapping[str, Callable[[str], Iterable[Any]]] = {
    "username": _text,
    "name": _text,
    "role": _text,
    "filter_groups": _list,
    "classes": _list,
    "password": _if_any,
    "console_password": _if_any,
    "agreement_signed": _yes_or_no,
    "starts_at": _time,
    "ends_at": _time,
    "new_code": _yes_or_no,
    "clear_second_factor": _yes_or_no,
}
NEEDED = ("username", "name", "role", "filter_groups")
LOST = frozenset({"new_code", "clear_second_factor"})  # who helps with these has nothing else to say
