"""The change and its sealed line, or neither (invariant 5)."""

import subprocess
import sys
from textwrap import dedent

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from audit_log.change_log import EntryError
from audit_log.checkpoint import CheckpointError, checkpoints
from audit_log.db import reading, writing
from audit_log.people import change_person
from audit_log.tables import checkpoint
from change_control.desk import SYSTEM, Desk
from change_control.proposals import approve
from change_control.sealing import UnsealedChangeError, change
from tests.builders import NOON
from tests.change_control.school import asked_by, is_whole, log_of, row_of, somebody, the


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

    with pytest.raises(CheckpointError):
        approve(desk, the(desk, "terry"), asked, "fine", NOON)

    assert row_of(desk, asked)["state"] == "requested"
    assert len(log_of(desk)) == before


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
