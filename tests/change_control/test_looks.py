"""Who looks is seen (A63-66, S17, S101)."""

from functools import partial

from change_control.desk import Desk
from change_control.looks import record_look
from tests.builders import NOON
from tests.change_control.school import log_of, refused, somebody, the


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
    record_look(desk, the(desk, "terry"), None, "with names", "a fault", NOON)

    assert log_of(desk)[-1].object_id == "everybody"


def test_a_look_needs_a_purpose_and_a_role(desk: Desk) -> None:
    assert refused("bad-input", lambda: record_look(desk, the(desk, "cora"), None, "all", " ", NOON)).fields
    for username in ("gail", "tess", "anna"):
        refused("wrong-role", partial(record_look, desk, the(desk, username), None, "all", "why", NOON))
