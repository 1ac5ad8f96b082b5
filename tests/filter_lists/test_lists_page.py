"""docs/lists.md tells technicians what is so: its files can be read, and its examples are understood."""

import re
from pathlib import Path

import pytest

from filter_lists.lists_config import FIELDS, FORMATS, parse_lists
from filter_lists.readers import READERS
from filter_lists.report import ReadOptions, ReadReport

PAGE = (Path(__file__).parents[2] / "docs" / "lists.md").read_text("utf-8")
ROWS = [re.split(r"(?<!\\)\|", line)[1:-1] for line in PAGE.splitlines() if line.startswith("|")]


def in_code(cell: str) -> list[str]:
    return [each.replace("\\|", "|") for each in re.findall(r"`([^`]+)`", cell)]


EXAMPLES = {
    in_code(row[0])[0]: in_code(row[2])
    for row in ROWS
    if len(row) == 3 and in_code(row[0]) and in_code(row[0])[0] in FORMATS
}


def test_every_format_has_a_row() -> None:
    assert set(EXAMPLES) == set(FORMATS)


@pytest.mark.parametrize("format_", sorted(READERS))
def test_the_example_of_each_format_is_understood_to_the_last_line(format_: str) -> None:
    report = ReadReport()
    lines = [line.encode() + b"\n" for line in EXAMPLES[format_]]
    assert list(READERS[format_](lines, report, ReadOptions()))
    assert (report.understood, report.skipped) == (len(lines), {})


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_every_file_on_the_page_can_be_read(text: str) -> None:
    assert parse_lists(text, Path()).lists


def test_every_key_is_explained() -> None:
    told = {in_code(row[0])[0] for row in ROWS if in_code(row[0])}
    assert set(FIELDS) <= told
