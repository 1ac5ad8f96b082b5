"""The change and its sealed line, or neither (invariant 5)."""

import subprocess
import sys
from textwrap import dedent

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from audit_log.change_log import EntryError
from audit_log.checkpoint import checkpoints
from audit_log.db import reading, writing
from audit_log.people import change_person
from audit_log.tables import checkpoint
from change_control.desk import SYSTEM, Desk
from change_control.openings import close_opening, open_for_class
from change_control.proposals import approve, revoke
from change_control.sealing import UnsealedChangeError, change
from change_control.tightening import end_person, suspend
from filter_policy.bundle import current_bundle, read_bundle
from tests.builders import NOON
from tests.change_control.school import asked_by, events_of, is_whole, log_of, refused, row_of, somebody, the


def test_a_line_and_a_checkpoint_come_with_the_change(desk: Desk) -> None:
    anna = somebody(desk, "anna").id

    with change(desk, NOON) as made:
        change_person(made.conn, anna, classes=["5A"])
        seq = made.seal("person:move", SYSTEM, anna)

    with reading(desk.engine) as conn:
        assert checkpoints(conn, limit=1)[0].size == seq == len(log_of(desk))
    assert somebody(desk, "anna").classes == ("5A",)


def test_a_failure_between_the_change_and_its_line_undoes_both(desk: Desk) -> None:
    anna = somebody(desk, "anna")
    before = len(log_of(desk))

    def power_goes() -> None:
        with change(desk, NOON) as made:
            change_person(made.conn, anna.id, classes=["5A"])
            raise RuntimeError("power")

    with pytest.raises(RuntimeError, match="power"):
        power_goes()

    assert (somebody(desk, "anna"), len(log_of(desk))) == (anna, before)


def test_a_line_that_cannot_be_sealed_undoes_the_change(desk: Desk) -> None:
    anna = somebody(desk, "anna")

    def move() -> None:
        with change(desk, NOON) as made:
            change_person(made.conn, anna.id, classes=["5A"])
            made.seal("person:move", SYSTEM, anna.id, {"classes": 5.5})

    with pytest.raises(EntryError):
        move()

    assert somebody(desk, "anna") == anna


def test_a_change_without_a_line_is_undone(desk: Desk) -> None:
    anna = somebody(desk, "anna")

    with pytest.raises(UnsealedChangeError), change(desk, NOON) as made:
        change_person(made.conn, anna.id, classes=["5A"])

    assert somebody(desk, "anna") == anna


def test_a_checkpoint_that_is_not_signed_undoes_approval_and_line(desk: Desk) -> None:
    asked = asked_by(desk, "tess")
    before = len(log_of(desk))
    with writing(desk.engine) as conn:  # somebody has signed what is not there
        ahead = {"size": before + 50, "made_at": NOON, "note": "?", "frontier": b""}
        conn.execute(insert(checkpoint).values(ahead))

    with capture_logs() as alarms:
        refused("refused", lambda: approve(desk, the(desk, "terry"), asked, "fine", NOON))

    assert [each["event"] for each in alarms] == ["change_log.contradicts_checkpoint"]
    assert row_of(desk, asked)["state"] == "requested"
    assert len(log_of(desk)) == before


def test_a_log_that_was_tampered_with_stops_nobody_from_shutting_things(desk: Desk) -> None:
    terry, anna = the(desk, "terry"), somebody(desk, "anna").id
    asked = asked_by(desk, "tess")
    approve(desk, terry, asked, "fine", NOON)
    opened = open_for_class(desk, the(desk, "tess"), "6B", 45, "research", NOON)
    before = events_of(desk)
    with writing(desk.engine) as conn:
        ahead = {"size": len(before) + 50, "made_at": NOON, "note": "?", "frontier": b""}
        conn.execute(insert(checkpoint).values(ahead))

    with capture_logs() as alarms:
        revoke(desk, terry, asked, "an incident", NOON)
        suspend(desk, terry, anna, None, "an incident", NOON)
        end_person(desk, terry, somebody(desk, "ben").id, "an incident", NOON)
        close_opening(desk, terry, opened.id, NOON)

    alarmed = {"change_log.contradicts_checkpoint", "bundle.not_proven"}
    assert {each["event"] for each in alarms} == alarmed
    shut = ["unblock:revoke", "person:suspend", "person:end", "opening:close"]
    assert events_of(desk) == [*before, *shut]
    bundle = read_bundle(desk.state, current_bundle(desk.state) or "")
    assert bundle.policy.unblocks == ()
    assert all(each.ends_at == NOON for each in bundle.policy.openings)
    assert bundle.accounts["anna"].person.suspended_from == bundle.accounts["ben"].person.ends_at == NOON


def test_a_table_that_refuses_undoes_the_line_before_it(desk: Desk) -> None:
    anna, before = somebody(desk, "anna"), len(log_of(desk))

    def rename() -> None:
        with change(desk, NOON) as made:
            made.seal("person:rename", SYSTEM, "x")
            change_person(made.conn, anna.id, username="ben")

    with pytest.raises(IntegrityError):
        rename()

    assert len(log_of(desk)) == before
    assert is_whole(desk)


def test_a_process_killed_between_the_change_and_its_line_leaves_neither(desk: Desk) -> None:
    anna = somebody(desk, "anna")
    before = len(log_of(desk))
    program = dedent(f"""
        import os, signal
        from pathlib import Path
        from audit_log.people import change_person
        from change_control.sealing import change
        from tests.builders import NOON
        from tests.change_control.school import an_empty_desk
        with change(an_empty_desk(Path({str(desk.state)!r})), NOON) as made:
            change_person(made.conn, {anna.id!r}, classes=["5A"])
            os.kill(os.getpid(), signal.SIGKILL)
    """)

    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)

    assert done.returncode == -9
    assert (somebody(desk, "anna"), len(log_of(desk))) == (anna, before)
