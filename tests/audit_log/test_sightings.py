"""A hit on a list of illegal content is an event of its own, once, and says no address."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select
from structlog.testing import capture_logs

from audit_log.db import reading, writing
from audit_log.recorder import Recorder
from audit_log.rows import OPENING
from audit_log.sightings import KINDS, ONE_CHANGE, Sighting, is_sighting, kind_of, sightings
from audit_log.tables import filtering_log, journal_position, sighting
from tests.audit_log.records import Record, a_close, a_segment, a_whole, an_open, event_id
from tests.builders import NOON

CIRCUMVENTION: Record = {"category": "circumvention", "list": "schoolgate", "entry": "web-proxy"}
SHARED: Record = {
    "kind": "event",
    "reason": "account-shared",
    "verdict": "allow",
    "rule": "devices: 2",
    "url": None,
    "host": None,
    "category": None,
    "list": None,
    "entry": None,
}
GUESSED: Record = SHARED | {"reason": "guessing", "verdict": "block", "rule": "tries: 20"}
AGAIN: Record = GUESSED | {"reason": "repeated-blocks", "rule": "blocks: 20 in 10 minutes"}
HASH = "sealed:" + "ab" * 16


def a_hit(number: int = 1, **changes: Any) -> Record:
    told = {"reason": "illegal", "category": "child-sexual-abuse", "list": "iwf", "entry": None}
    return a_whole(number) | told | {"url": HASH, "host": None} | changes


def moved(engine: Engine, folder: Path, *records: Record) -> Recorder:
    a_segment(folder, records)
    recorder = Recorder(engine, folder)
    recorder.run_once()
    return recorder


def found(engine: Engine, limit: int = 100) -> list[Sighting]:
    with reading(engine) as conn:
        return sightings(conn, limit)


def test_a_hit_is_a_sighting_and_nothing_else_is(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, a_hit(1), a_whole(2), an_open(3))

    assert found(engine) == [
        Sighting(
            id=event_id(1),
            kind="illegal-content",
            at=NOON + timedelta(seconds=1),
            happened="request",
            gate="gate-1",
            person_id="p_anna",
            role="pupil",
            filter_groups=("upper-ks2",),
            category="child-sexual-abuse",
            list_id="iwf",
            hash=HASH,
        )
    ]


def test_what_is_read_twice_is_one_sighting(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, a_hit(1), a_hit(1))
    with writing(engine) as conn:
        conn.execute(delete(journal_position))

    Recorder(engine, tmp_path).run_once()

    assert len(found(engine)) == 1


def test_a_row_and_its_sighting_are_stored_together_or_not_at_all(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    with writing(sqlite_engine) as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER no BEFORE INSERT ON sighting BEGIN SELECT RAISE(ROLLBACK, 'no'); END"
        )
    a_segment(tmp_path, [a_hit(1)])

    recorder = Recorder(sqlite_engine, tmp_path)
    recorder._turn()

    with reading(sqlite_engine) as conn:
        assert conn.execute(select(filtering_log)).all() == []
        assert conn.execute(select(sighting)).all() == []


def test_a_connect_that_was_decrypted_is_no_sighting_of_its_own(engine: Engine, tmp_path: Path) -> None:
    """One that went no further is: it is all there is of it."""
    opened = {"t": "open", "kind": "connect"}
    moved(
        engine,
        tmp_path,
        a_hit(1) | opened,
        a_hit(2),
        a_close(1, decrypted=True),
        a_hit(3) | opened,
        a_close(3, decrypted=False),
    )

    assert [(each.id, each.happened) for each in found(engine)] == [
        (event_id(3), "connect"),
        (event_id(2), "request"),
    ]


def test_sightings_come_newest_first_and_page_by_page(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, *(a_hit(number, at=a_hit(min(number, 3))["at"]) for number in range(1, 6)))

    first = found(engine, limit=2)
    with reading(engine) as conn:
        rest = sightings(conn, 10, (first[-1].at, first[-1].id))
    assert [each.id for each in (*first, *rest)] == [event_id(n) for n in (5, 4, 3, 2, 1)]


def test_an_address_of_an_older_version_stays_out_of_it(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, a_hit(1, url="https://secret.test/", host="secret.test"))

    assert found(engine)[0].hash is None


def test_the_recorder_says_so_and_names_nobody_and_no_address(sqlite_engine: Engine, tmp_path: Path) -> None:
    with capture_logs() as said:
        moved(sqlite_engine, tmp_path, a_hit(1), a_whole(2))

    assert said == [
        {
            "event": "sighting.recorded",
            "log_level": "warning",
            "id": event_id(1),
            "kind": "illegal-content",
            "category": "child-sexual-abuse",
            "list_id": "iwf",
            "gate": "gate-1",
        }
    ]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (CIRCUMVENTION, "circumvention"),
        (CIRCUMVENTION | {"list": "starter-circumvention"}, "circumvention"),
        (CIRCUMVENTION | {"reason": "illegal"}, "illegal-content"),
        (CIRCUMVENTION | {"verdict": "allow", "reason": "category-allowed"}, None),
        (CIRCUMVENTION | {"kind": "canary", "person": None}, None),
        (SHARED, "account-sharing"),
        (GUESSED, "guessing"),
        (AGAIN, "repeated-blocks"),
        (GUESSED | {"kind": "request"}, None),
        (SHARED | {"reason": "category-allowed"}, None),
        ({"kind": "canary", "reason": "illegal", "category": "child-sexual-abuse"}, None),
    ],
)
def test_what_a_row_says_makes_it_a_sighting_or_not(
    engine: Engine, tmp_path: Path, told: Record, kind: str | None
) -> None:
    moved(engine, tmp_path, a_whole(1) | told)

    assert [each.kind for each in found(engine)] == ([] if kind is None else [kind])


def test_a_sighting_tells_no_address_whatever_its_row_keeps(engine: Engine, tmp_path: Path) -> None:
    moved(engine, tmp_path, a_whole(1) | CIRCUMVENTION)

    (one,) = found(engine)
    assert (one.id, one.hash, one.category, one.list_id) == (
        event_id(1),
        None,
        "circumvention",
        "schoolgate",
    )
    with reading(engine) as conn:
        assert "bbc" not in str(conn.execute(select(sighting)).all())


def test_sightings_of_one_kind_are_found_alone(engine: Engine, tmp_path: Path) -> None:
    others = (CIRCUMVENTION, SHARED, GUESSED, AGAIN)
    moved(engine, tmp_path, a_hit(1), *(a_whole(n) | each for n, each in enumerate(others, 2)))

    with reading(engine) as conn:
        alone = {kind: [each.id for each in sightings(conn, 9, kind=kind)] for kind in KINDS}
    assert list(alone.values()) == [[event_id(n)] for n in (1, 2, 3, 4, 5)]


@given(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["request", "connect", "event", "canary"]),
            "reason": st.sampled_from(["illegal", "account-shared", "guessing", "repeated-blocks", "locked"]),
            "category": st.sampled_from([None, "circumvention", "gambling"]),
            "verdict": st.sampled_from(["allow", "block"]),
            "rule": st.sampled_from([None, "devices: 2", ONE_CHANGE]),
        }
    )
)
def test_a_row_is_a_sighting_of_a_known_kind_or_none_and_a_canary_never(told: dict[str, Any]) -> None:
    row = tuple(told.get(name) for name in OPENING)
    assert kind_of(row) in {*KINDS, None}
    assert is_sighting(row) == (kind_of(row) is not None)
    assert told["kind"] != "canary" or not is_sighting(row)
    assert (told["kind"], told["reason"], told["rule"]) != ("event", "account-shared", ONE_CHANGE) or not (
        is_sighting(row)
    )
