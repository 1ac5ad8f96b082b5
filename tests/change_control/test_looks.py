"""Who looks is seen (A63-66, S17, S101)."""

from functools import partial

import pytest

from change_control.desk import Desk
from change_control.looks import Reading, record_export, record_look, record_tail, record_tail_end
from tests.builders import NOON
from tests.change_control.school import log_of, refused, somebody, the

EVERYTHING = Reading("everything")
BY_NAME = Reading("verdict block", "a worry", by_name=True)


def test_a_look_leaves_a_line_that_names_nobody(desk: Desk) -> None:
    anna = somebody(desk, "anna")

    seq = record_look(
        desk, the(desk, "cora"), anna.id, "the log of anna, today", "a worry of her teacher", NOON
    )

    line = log_of(desk)[-1]
    assert (line.seq, line.event, line.object_id) == (seq, "filtering-log:read", anna.id)
    assert line.actor == somebody(desk, "cora").id
    assert line.texts == {"what": "the log of anna, today", "purpose": "a worry of her teacher"}
    assert "anna," not in line.sealed


def test_a_look_at_everybody_is_a_look(desk: Desk) -> None:
    record_look(desk, the(desk, "terry"), None, "with names", "a fault", NOON, rows=50)

    line = log_of(desk)[-1]
    assert (line.object_id, line.role) == ("everybody", "technician")
    assert line.detail == {"about": None, "rows": 50}


def test_a_look_needs_a_purpose_and_a_role(desk: Desk) -> None:
    assert refused("bad-input", lambda: record_look(desk, the(desk, "cora"), None, "all", " ", NOON)).fields
    for username in ("gail", "tess", "anna"):
        refused("wrong-role", partial(record_look, desk, the(desk, username), None, "all", "why", NOON))


def test_what_was_looked_for_in_search_terms_lies_beside_the_seal(desk: Desk) -> None:
    record_look(desk, the(desk, "cora"), None, "search terms", "a worry", NOON, search_terms="anna nude")

    line = log_of(desk)[-1]
    assert line.texts["search_terms"] == "anna nude"
    assert "anna" not in line.sealed


def test_an_export_leaves_a_line_with_the_rows_and_whose_they_are(desk: Desk) -> None:
    anna = somebody(desk, "anna").id
    of_few = Reading("class 6B", "a worry", "class 6B", (anna,), by_name=True)

    seq = record_export(desk, the(desk, "cora"), of_few, 12_000, NOON, form="csv")

    line = log_of(desk)[-1]
    assert (line.seq, line.event, line.object_id) == (seq, "filtering-log:export", "class 6B")
    assert line.detail == {
        "about": "class 6B", "people": [anna], "by_name": True, "format": "csv", "rows": 12_000,
    }  # fmt: skip
    assert line.texts == {"what": "class 6B", "purpose": "a worry"}


def test_a_governor_takes_rows_away_without_names_alone(desk: Desk) -> None:
    record_export(desk, the(desk, "gail"), EVERYTHING, 1, NOON, form="csv")
    record_tail(desk, the(desk, "gail"), EVERYTHING, NOON)

    assert [line.texts for line in log_of(desk)[-2:]] == [{"what": "everything"}] * 2
    refused("wrong-role", lambda: record_export(desk, the(desk, "gail"), BY_NAME, 1, NOON, form="csv"))
    refused("wrong-role", lambda: record_tail(desk, the(desk, "gail"), BY_NAME, NOON))


@pytest.mark.parametrize("username", ["tess", "anna", "gus"])
def test_who_may_not_read_takes_nothing_away(desk: Desk, username: str) -> None:
    refused("wrong-role", lambda: record_export(desk, the(desk, username), EVERYTHING, 1, NOON, form="csv"))
    refused("wrong-role", lambda: record_tail(desk, the(desk, username), EVERYTHING, NOON))


def test_taking_away_by_name_needs_a_purpose(desk: Desk) -> None:
    bare = Reading("everything", " ", by_name=True)

    assert refused(
        "bad-input", lambda: record_export(desk, the(desk, "cora"), bare, 1, NOON, form="csv")
    ).fields
    assert refused("bad-input", lambda: record_tail(desk, the(desk, "cora"), bare, NOON)).fields


def test_watching_leaves_a_line_at_its_start_and_one_at_its_end(desk: Desk) -> None:
    began = record_tail(desk, the(desk, "cora"), BY_NAME, NOON)
    record_tail_end(desk, began, 7, "left", NOON)

    start, end = log_of(desk)[-2:]
    assert (start.event, start.detail) == ("filtering-log:tail", {"about": None, "by_name": True})
    assert (end.event, end.object_id, end.actor) == ("filtering-log:tail-end", str(began), "system")
    assert end.detail == {"rows": 7, "ended": "left"}
