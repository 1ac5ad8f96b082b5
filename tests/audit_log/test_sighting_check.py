"""A sighting follows from a sealed row: what somebody does to one in the database is named by `verify`."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from audit_log.change_log import append
from audit_log.db import reading, writing
from audit_log.recorder import Recorder
from audit_log.row_verification import verify_rows
from audit_log.sealed_lines import PURGE_INCIDENTS
from audit_log.sighting_check import sightings_gone_before
from audit_log.sightings import ONE_CHANGE, sightings
from audit_log.verification import Verification
from proxy_addon.sharing import Sharing
from tests.audit_log.attacks import attack, verified
from tests.audit_log.records import a_segment, a_whole, event_id
from tests.audit_log.test_sightings import AGAIN, CIRCUMVENTION, GUESSED, SHARED, a_hit
from tests.builders import NOON

COPY = (
    "INSERT INTO sighting SELECT :new, kind, {at}, happened, gate, person_id, role, filter_groups, category,"
    " list_id, hash FROM sighting WHERE id = :id"
)
ONE = event_id(1)


def stored(engine: Engine, folder: Path) -> None:
    a_segment(folder, [a_hit(1), a_whole(2), a_hit(3, person=None, role=None, groups=[])])
    Recorder(engine, folder, clock=lambda: NOON).run_once()
    assert verified(engine).whole


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("kind", "'a-test'"),
        ("happened", "'connect'"),
        ("gate", "'gate-9'"),
        ("person_id", "'p_ben'"),
        ("person_id", "NULL"),
        ("role", "'staff'"),
        ("filter_groups", "'[]'"),
        ("filter_groups", "'7'"),
        ("category", "NULL"),
        ("list_id", "'another'"),
        ("hash", "NULL"),
        ("at", "'2026-11-24 12:00:09.000000'"),
        ("at", "'2021-11-24 12:00:09.000000'"),
    ],
)
def test_a_sighting_that_was_edited_is_found(engine: Engine, tmp_path: Path, change: str, value: str) -> None:
    stored(engine, tmp_path)
    if change == "at" and engine.dialect.name == "postgresql":
        value = f"{value[:-1]}+00'"

    found = attack(engine, f"UPDATE sighting SET {change} = {value} WHERE id = '{ONE}'")  # noqa: S608  # our own words

    assert not found.whole
    assert f"The sighting {ONE} of {NOON:%-d %B %Y %H:%M} was edited: its {change} is not" in found.says


def test_a_sighting_that_was_removed_is_found(engine: Engine, tmp_path: Path) -> None:
    stored(engine, tmp_path)

    found = attack(engine, "DELETE FROM sighting WHERE id = :id", id=event_id(3))

    assert found.says == f"The sighting {event_id(3)} of {NOON:%-d %B %Y %H:%M} was removed."


@pytest.mark.parametrize("at", ["at", "'1999-01-01 00:00:00.000000'", "'2099-01-01 00:00:00.000000'"])
def test_a_sighting_that_was_made_up_is_found(engine: Engine, tmp_path: Path, at: str) -> None:
    stored(engine, tmp_path)
    if engine.dialect.name == "postgresql" and at != "at":
        at = f"CAST('{at[1:-1]}+00' AS timestamptz)"

    found = attack(engine, COPY.format(at=at), new=event_id(2), id=ONE)

    assert not found.whole
    assert found.says.startswith(f"The sighting {event_id(2)} of ")
    assert "was added" in found.says


def test_sightings_whose_time_was_over_are_not_missed_and_others_are(engine: Engine, tmp_path: Path) -> None:
    stored(engine, tmp_path)
    says_gone(engine, before="2026-11-24")
    assert not without(engine, event_id(3)).whole, "that was its day"

    says_gone(engine, before="2026-11-25")
    assert verified(engine).whole
    found = attack(engine, "UPDATE sighting SET kind = 'a-test'")
    assert f"{ONE} of {NOON:%-d %B %Y %H:%M} was edited" in found.says, "one that is there is held to its row"


def test_up_to_which_day_they_are_gone_is_read_from_the_last_line(engine: Engine) -> None:
    with reading(engine) as conn:
        assert sightings_gone_before(conn) is None
    for before in ("2026-11-25", "2026-11-24"):
        says_gone(engine, before=before)
    with reading(engine) as conn:
        assert sightings_gone_before(conn) == date(2026, 11, 25)


def test_one_day_alone_is_checked_with_its_sightings(engine: Engine, tmp_path: Path) -> None:
    stored(engine, tmp_path)
    without(engine, ONE)
    with reading(engine) as conn:
        assert not verify_rows(conn, days=[NOON.date()]).whole
        assert verify_rows(conn, days=[date(2026, 11, 25)]).whole


def test_every_kind_that_is_taken_away_is_missed(engine: Engine, tmp_path: Path) -> None:
    a_segment(tmp_path, [a_whole(1) | CIRCUMVENTION, a_whole(2) | SHARED, a_whole(3) | GUESSED])
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()
    assert verified(engine).whole

    found = attack(engine, "DELETE FROM sighting")

    assert [found.named[n].count("was removed") for n in range(3)] == [1, 1, 1]


def test_a_laptop_that_roams_has_a_row_and_no_sighting(engine: Engine, tmp_path: Path) -> None:
    roams = Sharing()
    rules = [roams.seen("p_anna", address, 0.0) for address in ("10.0.0.1", "10.0.0.2", "10.0.0.1")]
    assert rules == ["", ONE_CHANGE, "devices: 2"]
    a_segment(tmp_path, [a_whole(n) | SHARED | {"rule": rule} for n, rule in enumerate(rules[1:], 1)])
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()
    assert verified(engine).whole
    with reading(engine) as conn:
        assert [(each.id, each.kind) for each in sightings(conn, 9)] == [(event_id(2), "account-sharing")]

    found = attack(engine, COPY.format(at="at"), new=event_id(1), id=event_id(2))
    assert "was added" in found.says


def test_rows_that_an_older_version_stored_are_no_sightings_and_not_missed(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sealed without saying which kinds it knew, and made sightings of illegal content alone."""
    a_segment(tmp_path, [a_whole(1) | CIRCUMVENTION, a_hit(2)])
    monkeypatch.setattr("audit_log.row_seal.INCIDENTS", 1)
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()
    without(engine, ONE)
    monkeypatch.undo()
    a_segment(tmp_path, [a_whole(3) | CIRCUMVENTION], ns=2)
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()

    assert verified(engine).whole
    assert not without(engine, event_id(3)).whole, "this one is of a seal that says so"


def test_a_kind_that_an_older_version_did_not_know_is_not_missed(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knew ways round the filter, and no repeated blocks."""
    a_segment(tmp_path, [a_whole(1) | AGAIN, a_whole(2) | CIRCUMVENTION])
    monkeypatch.setattr("audit_log.row_seal.INCIDENTS", 2)
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()
    without(engine, event_id(1))
    monkeypatch.undo()
    a_segment(tmp_path, [a_whole(3) | AGAIN], ns=2)
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()

    assert verified(engine).whole
    assert not without(engine, event_id(3)).whole, "this one is of a seal that knows them"
    assert without(engine, event_id(2)).named[0].count("was removed"), "this one was known"


def without(engine: Engine, event: str) -> Verification:
    return attack(engine, "DELETE FROM sighting WHERE id = :id", id=event)


def says_gone(engine: Engine, before: str) -> None:
    detail: dict[str, Any] = {"before": before, "sightings": 1}
    with writing(engine) as conn:
        _line(conn, detail)


def _line(conn: Connection, detail: dict[str, Any]) -> None:
    append(
        conn,
        at=NOON,
        event=PURGE_INCIDENTS,
        actor="system",
        role="system",
        object_id="filtering-log",
        detail=detail,
        texts={},
    )
