"""What was removed lawfully verifies as such, and nothing else that is missing, put back or changed does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_log import purged_parts
from audit_log.change_log import append
from audit_log.db import reading, writing
from audit_log.purging import Part, remove, weigh
from audit_log.row_seal import EMPTY_ROOT
from audit_log.row_verification import verify_rows
from audit_log.sealed_lines import PURGE
from change_control.desk import Desk
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.builders import NOON
from tests.change_control.aging import ONE_DAY, OVER, TODAY, School, without_guards
from tests.change_control.protected import EITHER, holds_back, school_in, verified
from tests.change_control.school import the

ROW = "Row {} of 24 November 2026 12:00 was {}"


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    for desk in school_in(request.param, request, tmp_path):
        yield School(desk, tmp_path / "journal")


def a_purge(either: School) -> tuple[str, str]:
    """Three rows of which one was held; the ids of the one that is there, and of one that went."""
    anna = the(either.desk, "anna").person_id
    held, gone = either.record(person=anna), either.record(person="p_ben")
    either.record(person="p_ben")
    holds_back(either.desk, "cora", "anna", to_at=NOON + ONE_DAY)
    either.purge()
    assert verified(either.desk).whole
    return held, gone


@EITHER
def test_a_held_row_that_is_removed_or_edited_is_found(either: School) -> None:
    held, _ = a_purge(either)
    edited = either.attack("UPDATE {log} SET url = 'https://other.example/'")
    assert ROW.format(held, "edited") in edited
    removed = either.attack("DELETE FROM {log}")

    assert "The leaves of seal 1 are there for rows that were held, and no such row is." in removed
    assert removed.endswith("In all: 2 other faults.")


@EITHER
def test_a_row_put_back_after_it_was_removed_is_found(either: School) -> None:
    held, gone = a_purge(either)
    names = (
        "reference, at, kind, gate, filter_groups, classes, verdict, reason, policy_revision, page, keep, who"
    )
    found = either.attack(
        f"INSERT INTO {{log}} (event_id, {names}, decrypted, opened_in)"  # noqa: S608  # our own words
        f" SELECT :gone, {names}, false, 2 FROM filtering_log WHERE event_id = :held",
        gone=gone,
        held=held,
    )

    assert (
        ROW.format(gone, "added: its part was removed when its time was over, and it was not held") in found
    )


@EITHER
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            "UPDATE rollup_day SET requests = requests + 1",
            "The totals of 24 November 2026 are not what they were",
        ),
        ("DELETE FROM rollup_hour", "The totals of 24 November 2026 are not what they were"),
        ("UPDATE filtering_leaf SET closed = opened", "The leaves of seal 1, which tell its rows apart"),
        (
            "INSERT INTO filtering_leaf (seq, opened, closed) SELECT 2, opened, closed FROM filtering_leaf",
            "The leaves of seal 2",
        ),
    ],
)
def test_what_is_changed_beside_a_removed_part_is_found(either: School, change: str, says: str) -> None:
    a_purge(either)

    assert says in either.attack(change)


@EITHER
def test_rows_removed_under_a_line_that_nobody_signed_are_found(either: School) -> None:
    """Whoever owns the database can write a line that agrees with the seals; but not sign it."""
    either.record()
    either.record()
    with writing(either.desk.engine) as conn:
        without_guards(conn)
        part = Part("pupils", TODAY)
        weighed = weigh(conn, part, 0)
        assert weighed is not None
        append(
            conn,
            at=OVER,
            event=PURGE,
            actor="system",
            role="system",
            object_id="x",
            detail=weighed.detail(part, 90),
        )
        remove(conn, part, weighed)
    found = verified(either.desk)

    assert not found.whole
    assert "covered by no signed checkpoint" in found.says


@EITHER
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("rows", 5, "rows were sealed, and the change log tells of 5 removed"),
        ("root", "00" * 32, "but its seals are others"),
        ("held_root", "00" * 32, "are not these"),
        ("upto_seal", 1, "but its seals are others"),
        ("totals_sha256", "00" * 32, "are not what they were"),
    ],
)
def test_a_line_that_tells_of_something_else_is_found(
    either: School, name: str, value: object, says: str
) -> None:
    either.record()
    either.record()
    with writing(either.desk.engine) as conn:
        part = Part("pupils", TODAY)
        weighed = weigh(conn, part, 0)
        assert weighed is not None
        detail = weighed.detail(part, 90) | {name: value}
        append(conn, at=OVER, event=PURGE, actor="system", role="system", object_id="x", detail=detail)
        remove(conn, part, weighed)
        found = verify_rows(conn)

    assert not found.whole
    assert any(says in each for each in found.named), found.named


def test_the_root_over_no_seals_is_that_of_an_empty_tree(desk: Desk) -> None:
    with reading(desk.engine) as conn:
        assert purged_parts.root_of_seals(conn, "pupils/2026-11-24", 9) == EMPTY_ROOT
