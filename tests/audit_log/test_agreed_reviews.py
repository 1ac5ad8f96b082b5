"""A review that was deleted or marked as done in the database is named; so is an envelope swapped there."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from audit_log.change_log import append, verify
from audit_log.checkpoint import sign_checkpoint
from audit_log.db import migrate, open_engine, reading, writing
from audit_log.verification import Verification
from change_control.desk import Desk
from change_control.envelope import approve_with, new_code
from change_control.reviews import list_reviews, sign
from change_control.tightening import suspend
from tests.builders import NOON
from tests.change_control.enveloped import an_envelope, the_review
from tests.change_control.school import (
    KEY,
    an_empty_desk,
    asked_by,
    build_school,
    fill_school,
    lists,
    log_of,
    somebody,
    the,
)

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suspension that Gail signed, one that Hedy does not agree with, and an envelope that was used."""
    state = tmp_path_factory.mktemp("reviewed") / "state"
    build_school(state)
    desk = an_empty_desk(state)
    for username, signer, agrees in (("anna", "gail", True), ("ben", "hedy", False)):
        suspend(desk, the(desk, "terry"), somebody(desk, username).id, None, "why", NOON)
        sign(desk, the(desk, signer), _newest(desk), agrees, "I looked", NOON + DAY)
    an_envelope(desk, NOON - DAY)
    code = an_envelope(desk)
    approve_with(desk, the(desk, "terry"), asked_by(desk, "terry"), code, "alone", NOON)
    sign(desk, the(desk, "gail"), _newest(desk), True, "I looked", NOON + DAY)
    desk.engine.dispose()
    return state


def _newest(desk: Desk) -> str:
    """Of those that nobody signed."""
    with reading(desk.engine) as conn:
        return next(each.id for each in list_reviews(conn)[0] if not each.signatures)


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(template, tmp_path / "state")
    made = an_empty_desk(tmp_path / "state")
    yield made
    made.engine.dispose()


def found(desk: Desk) -> Verification:
    with reading(desk.engine) as conn:
        return verify(conn, KEY.public_key())


def run(desk: Desk, statement: str) -> None:
    """Past the guards of the database as well."""
    with writing(desk.engine) as conn:
        for name in (
            conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        ):
            conn.execute(text(f"DROP TRIGGER {name}"))
        assert conn.execute(text(statement)).rowcount


def test_reviews_signatures_and_envelopes_as_they_were_made_are_whole(desk: Desk) -> None:
    assert found(desk).whole, found(desk).says


REVIEWS = (
    "DELETE FROM review",
    "DELETE FROM review WHERE kind = 'break-glass'",
    "UPDATE review SET done_at = opened_at WHERE done_at IS NULL",
    "UPDATE review SET done_at = NULL WHERE done_at IS NOT NULL",
    "UPDATE review SET done_at = opened_at WHERE kind = 'break-glass'",
    "UPDATE review SET due_at = '2099-01-01 00:00:00.000000'",
    "UPDATE review SET needed = 1 WHERE kind = 'break-glass'",
    "UPDATE review SET kind = 'tightening' WHERE kind = 'break-glass'",
    "UPDATE review SET opened_by = 'p_nobody'",
    "UPDATE review SET opened_at = '2020-01-01 00:00:00.000000'",
    "UPDATE review SET object_id = 'another' WHERE kind = 'break-glass'",
    "UPDATE review SET about_seq = 2 WHERE kind = 'break-glass'",
    "UPDATE review SET id = 'another' WHERE done_at IS NOT NULL",
    "INSERT INTO review SELECT 'more', kind, object_id, about_seq, opened_by, opened_at, due_at, needed, NULL"
    " FROM review WHERE kind = 'break-glass'",
    "DELETE FROM review_signature",
    "UPDATE review_signature SET agrees = 1 WHERE agrees = 0",
    "UPDATE review_signature SET at = '2020-01-01 00:00:00.000000'",
    "UPDATE review_signature SET person_id = 'p_nobody' WHERE agrees = 0",
    "INSERT INTO review_signature SELECT review_id, 'p_more', at, 1 FROM review_signature WHERE agrees = 0",
    "INSERT INTO review_signature SELECT 'more', 'p_more', at, 1 FROM review_signature WHERE agrees = 0",
    "UPDATE review SET due_at = 'soon'",
)
ENVELOPES = (
    "DELETE FROM break_glass",
    "UPDATE break_glass SET used_at = NULL, used_by = NULL WHERE used_at IS NOT NULL",
    "UPDATE break_glass SET used_by = 'p_nobody' WHERE used_at IS NOT NULL",
    "UPDATE break_glass SET replaced_at = NULL",
    "UPDATE break_glass SET code_hash = lower(code_hash) || 'x'",
    "UPDATE break_glass SET made_by = 'p_nobody'",
    "UPDATE break_glass SET agreed_by = 'p_nobody'",
    "UPDATE break_glass SET made_at = '2020-01-01 00:00:00.000000'",
    "INSERT INTO break_glass SELECT 'more', code_hash, made_by, agreed_by, made_at, NULL, NULL, NULL"
    " FROM break_glass LIMIT 1",
)


@pytest.mark.parametrize("statement", [*REVIEWS, *ENVELOPES])
def test_whatever_is_changed_in_the_database_alone_is_named(desk: Desk, statement: str) -> None:
    run(desk, statement)

    told = found(desk)
    assert not told.whole
    assert any(word in told.says for word in ("review", "envelope", "signature")), told.says


def test_a_signature_in_the_log_of_somebody_who_may_not_is_named(desk: Desk) -> None:
    """Written past change control, and signed."""
    with writing(desk.engine) as conn:
        line = next(each for each in reversed(log_of(desk)) if each.event == "break-glass:use")
        detail = {
            "agrees": True,
            "about": line.seq,
            "kind": "break-glass",
            "signatures": 2,
            "needed": 2,
            "gone": [],
        }
        terry = somebody(desk, "terry").id
        append(
            conn,
            at=NOON + DAY,
            event="review:sign",
            actor=terry,
            role="technician",
            object_id="r",
            detail=detail,
        )
        sign_checkpoint(conn, KEY, NOON + DAY)

    assert "review" in found(desk).says


def test_an_agreement_by_an_envelope_that_nobody_opened_is_named(desk: Desk) -> None:
    line = next(each for each in reversed(log_of(desk)) if each.event == "unblock:approve")
    with writing(desk.engine) as conn:
        append(
            conn, at=NOON + 2 * DAY, event="unblock:approve", actor="break-glass", role="break-glass",
            object_id=line.object_id, detail=line.detail,
        )  # fmt: skip
        sign_checkpoint(conn, KEY, NOON + 2 * DAY)

    assert not found(desk).whole


def test_an_envelope_is_told_as_used_once(desk: Desk) -> None:
    line = next(each for each in reversed(log_of(desk)) if each.event == "break-glass:use")
    with writing(desk.engine) as conn:
        append(
            conn, at=NOON + 2 * DAY, event=line.event, actor=line.actor, role=line.role,
            object_id=line.object_id, detail=line.detail,
        )  # fmt: skip
        sign_checkpoint(conn, KEY, NOON + 2 * DAY)

    assert "was used already" in found(desk).says


def test_a_new_code_from_an_envelope_is_whole(desk: Desk) -> None:
    code = an_envelope(desk, NOON + DAY)
    new_code(desk, "cora", code, "lost", NOON + DAY)

    assert found(desk).whole, found(desk).says


def test_suspensions_of_the_time_before_reviews_have_none(desk: Desk) -> None:
    with writing(desk.engine) as conn:
        append(
            conn, at=NOON + DAY, event="person:suspend", actor=somebody(desk, "terry").id, role="technician",
            object_id=somebody(desk, "ben").id,
            detail={"from": "2026-11-24T12:00:00.000000Z", "until": None, "openings": []},
        )  # fmt: skip
        sign_checkpoint(conn, KEY, NOON + DAY)

    assert found(desk).whole, found(desk).says


def test_reviews_and_an_envelope_on_postgresql_are_whole(fresh_postgresql_url: str, tmp_path: Path) -> None:
    engine = open_engine(fresh_postgresql_url)
    migrate(engine)
    desk = Desk(engine=engine, state=tmp_path, key=KEY, lists=lists)
    fill_school(desk)
    suspend(desk, the(desk, "terry"), somebody(desk, "anna").id, None, "why", NOON)
    sign(desk, the(desk, "gail"), the_review(desk).id, False, "no", NOON)
    sign(desk, the(desk, "gail"), the_review(desk).id, True, "yes", NOON)
    approve_with(desk, the(desk, "terry"), asked_by(desk, "terry"), an_envelope(desk), "alone", NOON)
    for who in ("gail", "hedy"):
        sign(desk, the(desk, who), the_review(desk).id, True, "yes", NOON)
    new_code(desk, "cora", an_envelope(desk, NOON + timedelta(hours=1)), "alone", NOON + timedelta(hours=1))
    told = found(desk)
    engine.dispose()
    assert told.whole, told.says
