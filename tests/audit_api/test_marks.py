"""Whatever leaves as a file leads back to who took it, and to the line that tells of it."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.marks import HEADER, in_each_row
from audit_api.rows import as_csv
from audit_log.export_mark import Mark, marks_in
from audit_log.offline import verify_changes
from tests.audit_api.logged import a_row, seal_up_to, store
from tests.audit_api.school import KEY, School
from tests.builders import NOON

LOG = "/api/v1/filtering-log/export"


@pytest.fixture
def school_with_rows(school: School) -> School:
    anna = school.person("anna")
    rows = [a_row(anna, NOON - timedelta(seconds=i), opened_in=1, host=f"h{i}.bet.test") for i in range(3)]
    store(school.desk.engine, rows)
    seal_up_to(school.desk.engine, 1)
    return school


def the_mark(answer: Any) -> Mark:
    """The one in the header."""
    (mark,) = marks_in(answer.headers[HEADER])
    assert mark.is_ours(KEY)
    return mark


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_every_row_of_an_export_carries_the_mark_of_its_line(school_with_rows: School, form: str) -> None:
    school = school_with_rows
    asked = {"format": form, "names": "yes", "purpose": "a worry"}
    answer = school.as_("cora").get(LOG, params=asked)
    mark = the_mark(answer)

    lines = answer.text.splitlines()[form == "csv" :]
    assert len(lines) == 3
    assert all(list(marks_in(line)) == [mark] for line in lines)
    assert (mark.by, mark.entry) == ("cora", int(answer.headers["Export-Event"]))
    rows = school.as_("hedy").get("/api/v1/changes").json()["rows"]
    (told,) = (row for row in rows if row["seq"] == mark.entry)
    assert told["event"] == "filtering-log:export"


def test_what_one_person_is_given_carries_it_in_every_file_of_it(school_with_rows: School) -> None:
    school = school_with_rows
    url = f"/api/v1/people/{school.person('anna').id}/access"
    answer = school.as_("hedy").get(url, params={"purpose": "she asked"})
    mark = the_mark(answer)

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        for name in archive.namelist():
            assert list(marks_in(archive.read(name).decode())) == [mark], name
    assert mark.entry == int(answer.headers["Export-Event"])


def test_the_change_log_as_a_file_carries_it_and_is_verified_all_the_same(
    school: School, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = school.as_("gail").get("/api/v1/changes/export")
    mark = the_mark(answer)
    first = json.loads(answer.text.splitlines()[0])
    file = tmp_path / "changes.jsonl"
    file.write_bytes(answer.content)

    assert first["export_mark"] == str(mark)
    assert (mark.by, mark.entry) == ("gail", first["entries"])
    assert verify_changes.main([str(file)]) == 0, capsys.readouterr()


@pytest.mark.parametrize(
    "path", ["/api/v1/unblocks", "/api/v1/reports/month?month=2026-11", "/api/v1/rights", "/api/v1/lists"]
)
def test_a_table_for_a_spreadsheet_says_in_a_header_and_in_each_row_whose_it_is(
    school: School, path: str
) -> None:
    answer = school.as_("hedy").get(path, headers={"Accept": "text/csv"})

    assert answer.headers["content-type"].startswith("text/csv")
    assert the_mark(answer).by == "hedy"
    assert {row["export_mark"] for row in csv.DictReader(io.StringIO(answer.text))} <= {str(the_mark(answer))}
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert HEADER not in school.as_("hedy").get(path).headers


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_whatever_stands_in_a_sheet_each_row_gets_one_cell_and_keeps_the_others(
    rows: list[tuple[str, str]],
) -> None:
    sheet = as_csv([{"a": one, "b": other} for one, other in rows], ["a", "b"])
    before = list(csv.reader(io.StringIO(sheet, newline="")))
    after = list(csv.reader(io.StringIO(in_each_row(sheet.encode(), "m").decode(), newline="")))

    assert after == [[*row, "m" if number else "export_mark"] for number, row in enumerate(before)]
