"""From the plain text of a list that nobody may read to what may lie on the disk. Nothing is written here."""

import io
from typing import cast

from filter_lists.quantities import MB
from filter_lists.readers.lines import lines_of
from filter_lists.readers.plain import read_plain
from filter_lists.report import ReadOptions, ReadReport
from filter_lists.sealed_source import seal
from filter_lists.unpacking import Allowance, unpacked
from filter_lists.vouching import RefusedError

LARGEST = 100 * MB  # unpacked


def sealed(content: bytes, key: bytes) -> tuple[bytes, str]:
    """And what is to be said of lines that were not understood. Raises RefusedError and SourceFault."""
    report = ReadReport()
    packed = cast("io.BufferedReader", io.BufferedReader(io.BytesIO(content)))
    with unpacked(packed, Allowance(LARGEST)) as lines:
        made = seal(read_plain(lines_of(lines), report, ReadOptions()), key)
    if not report.understood:
        raise RefusedError("not one line is understood as an entry")
    skipped = sum(each.count for each in report.skipped.values())
    return made, f"{skipped} of {report.lines} lines were not understood" if skipped else ""
