"""The two tables of the schools' policies, held against a second reading of them, row by row."""

import pytest

from audit_log.incident_model import Lane
from change_control.incident_kinds import actions, kinds

# Column heads as they are abbreviated in the second reading of lines A421 to A459, made apart from the file.
PUPIL_COLUMNS = {
    "CT": "class-teacher",
    "HY": "head-of-year",
    "HT": "headteacher",
    "PO": "police",
    "TS": "technical-support",
    "PA": "parents",
    "RM": "removal-of-access",
    "WA": "warning",
    "FS": "further-sanction",
}
STAFF_COLUMNS = {
    "LM": "line-manager",
    "HT": "headteacher",
    "LA": "local-authority",
    "PO": "police",
    "TS": "technical-support",
    "WA": "warning",
    "SU": "suspension",
    "DA": "disciplinary",
}
PUPIL_ROWS = """
421 illegal: HY HT PO
422 non-educational: WA
423 mobile: HY FS
424 social media: HY TS FS
425 downloading: HY TS FS
426 passwords: HY TS FS
427 another pupil: HY TS FS
428 member of staff: HY TS PA FS
429 Corrupting: HY TS PA RM FS
430 bullying: HY PO FS
431 Continued: HY PA RM FS
432 ethos: HY PA RM FS
433 proxy sites: HY TS PA RM FS
434 Accidentally: HY TS FS
435 Deliberately: HY TS PA RM FS
436 copyright: CT WA FS
"""
STAFF_ROWS = """
444 illegal: HT LA PO DA
445 personal use: LM TS WA
446 downloading: LM TS WA
447 passwords: LM TS WA
448 Careless: LM TS WA
449 breach data protection: LM HT LA TS DA
450 Corrupting: LM HT LA TS DA
451 bullying: LM HT LA DA
452 communicate with pupils: LM TS WA
453 professional standing: LM WA
454 ethos: LM HT LA DA
455 proxy sites: LM HT TS DA
456 Accidentally: LM HT TS DA
457 Deliberately: LM HT LA PO DA
458 licensing: LM WA
459 Continued: LM HT LA TS DA
"""


def _rows(about: str, text: str, columns: dict[str, str]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    found = []
    for line in text.strip().splitlines():
        head, _, marks = line.partition(": ")
        number, _, word = head.partition(" ")
        found.append((about, f"A{number}", word, tuple(columns[mark] for mark in marks.split())))
    return found


ROWS = [*_rows("pupil", PUPIL_ROWS, PUPIL_COLUMNS), *_rows("staff", STAFF_ROWS, STAFF_COLUMNS)]


@pytest.mark.parametrize(("about", "source", "word", "marks"), ROWS, ids=[row[1] for row in ROWS])
def test_each_row_suggests_what_its_line_marks(
    about: str, source: str, word: str, marks: tuple[str, ...]
) -> None:
    (kind,) = [each for each in kinds().values() if each.source == source]
    assert (kind.about, kind.actions) == (about, marks)
    assert word in kind.says
    assert (kind.lane is Lane.ILLEGAL) is (word == "illegal")


@pytest.mark.parametrize(("about", "columns"), [("pupil", PUPIL_COLUMNS), ("staff", STAFF_COLUMNS)])
def test_each_table_has_its_columns_in_their_order(about: str, columns: dict[str, str]) -> None:
    assert list(actions(about)) == list(columns.values())
    of_it = [each.source for each in kinds().values() if each.about == about]
    assert of_it == [row[1] for row in ROWS if row[0] == about]


def test_what_is_in_no_table_suggests_no_sanction() -> None:
    """A child who may need help is not punished for it, and a technical breach is nobody's misuse."""
    others = [each for each in kinds().values() if each.about not in ("pupil", "staff")]
    assert [each.id for each in others if each.actions] == []
    assert [each.source for each in others[:5]] == [f"A{line}" for line in range(111, 116)]


def test_no_two_kinds_read_the_same_in_a_list() -> None:
    listed = [each.listed for each in kinds().values()]
    assert len(set(listed)) == len(listed)
    assert kinds()["staff-circumvention"].listed.startswith("Staff: ")
