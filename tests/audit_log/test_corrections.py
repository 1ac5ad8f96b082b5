"""Corrections: whose a row is, told the same way of one row and of a million; rows stay as they are."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select

from audit_log.corrections import Correction, corrected, corrections, rows_of, taken_from, wide_rows_of
from audit_log.db import open_engine, reading, writing
from audit_log.tables import correction, filtering_log
from tests.audit_log.stored import a_row, store
from tests.builders import NOON

PEOPLE = ("p_anna", "p_ben", "p_cora")
HERE, THERE = "127.0.0.9", "127.0.0.8"


def after(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def a_correction(number: int = 1, **changes: Any) -> Correction:
    """Anna's first ten seconds were Ben's."""
    made: dict[str, Any] = {
        "id": f"c{number}",
        "person_id": "p_anna",
        "right_person_id": "p_ben",
        "from_at": NOON,
        "to_at": after(10),
        "client_address": None,
        "agreed_at": after(3600 + number),
    }
    return Correction(**made | changes)


def keep(engine: Engine, *known: Correction) -> None:
    with writing(engine) as conn:
        for each in known:
            conn.execute(insert(correction).values({name: getattr(each, name) for name in FIELDS}))


FIELDS = ("id", "person_id", "right_person_id", "from_at", "to_at", "client_address", "agreed_at")


def test_what_was_agreed_is_read_back_in_its_order(engine: Engine) -> None:
    later, sooner = a_correction(2), a_correction(1, right_person_id=None, client_address=HERE)
    keep(engine, later, sooner)

    with reading(engine) as conn:
        assert corrections(conn) == (sooner, later)


def test_a_correction_holds_from_its_first_instant_to_before_its_last() -> None:
    known = [a_correction()]

    assert corrected("p_anna", NOON, HERE, known) == "p_ben"
    assert corrected("p_anna", after(10), HERE, known) == "p_anna"
    assert corrected("p_anna", NOON - timedelta(microseconds=1), HERE, known) == "p_anna"


def test_nobody_known_is_nobody_and_nobody_signed_in_stays_so() -> None:
    known = [a_correction(right_person_id=None)]

    assert corrected("p_anna", NOON, HERE, known) is None
    assert corrected(None, NOON, HERE, known) is None


def test_only_rows_from_that_address_are_corrected() -> None:
    known = [a_correction(client_address=THERE)]

    assert corrected("p_anna", NOON, HERE, known) == "p_anna"
    assert corrected("p_anna", NOON, None, known) == "p_anna"
    assert corrected("p_anna", NOON, THERE, known) == "p_ben"


def test_a_later_correction_wins_over_an_earlier_one() -> None:
    known = [a_correction(1), a_correction(2, right_person_id="p_anna", to_at=after(5))]

    assert corrected("p_anna", after(4), HERE, known) == "p_anna"
    assert corrected("p_anna", after(5), HERE, known) == "p_ben"


def test_a_corrected_row_is_not_corrected_once_more_as_the_other_persons() -> None:
    """A correction is about the person as recorded."""
    known = [a_correction(1), a_correction(2, person_id="p_ben", right_person_id="p_cora")]

    assert corrected("p_anna", NOON, HERE, known) == "p_ben"


some = st.lists(
    st.builds(
        a_correction,
        person_id=st.sampled_from(PEOPLE),
        right_person_id=st.sampled_from((*PEOPLE, None)),
        from_at=st.integers(0, 5).map(after),
        to_at=st.integers(1, 12).map(after),
        client_address=st.sampled_from((None, HERE, THERE)),
    ),
    max_size=4,
)
ROWS = [
    a_row(number, person_id=person, client_address=address)
    for number, (person, address) in enumerate(
        ((person, address) for person in (*PEOPLE, None) for address in (HERE, THERE, None)), start=1
    )
]


@given(known=some)
@settings(max_examples=60, deadline=None)
def test_the_database_finds_the_rows_that_are_somebodys(
    empty_log: Callable[[], Path], known: list[Correction]
) -> None:
    engine = open_engine(f"sqlite:///{_filled(empty_log)}")
    recorded = [(row["person_id"], row["at"], row["client_address"]) for row in ROWS]
    ids = [row["event_id"] for row in ROWS]
    with reading(engine) as conn:
        for person in PEOPLE:
            whose = [corrected(*row, known) for row in recorded]
            theirs = {id_ for id_, each in zip(ids, whose, strict=True) if each == person}
            was_theirs = {id_ for id_, row in zip(ids, recorded, strict=True) if row[0] == person}
            found = select(filtering_log.c.event_id)
            assert set(conn.scalars(found.where(rows_of(person, known)))) == theirs
            assert set(conn.scalars(found.where(taken_from(person, known)))) == was_theirs - theirs
            assert set(conn.scalars(found.where(wide_rows_of(person, known)))) >= theirs | was_theirs
    engine.dispose()


_made: list[Path] = []


def _filled(empty_log: Callable[[], Path]) -> Path:
    """Made once: nothing writes to it afterwards."""
    if not _made or not _made[0].exists():
        _made[:] = [empty_log() / "log.sqlite"]
        engine = open_engine(f"sqlite:///{_made[0]}")
        store(engine, *ROWS)
        engine.dispose()
    return _made[0]


def test_postgresql_finds_the_same_rows(postgresql_engine: Engine) -> None:
    store(postgresql_engine, *ROWS)
    known = [
        a_correction(1, client_address=HERE),
        a_correction(2, person_id="p_ben", right_person_id=None),
        a_correction(3, person_id="p_cora", right_person_id="p_ben", from_at=after(8)),
    ]
    with reading(postgresql_engine) as conn:
        for person in PEOPLE:
            theirs = {
                row["event_id"]
                for row in ROWS
                if corrected(row["person_id"], row["at"], row["client_address"], known) == person
            }
            assert set(conn.scalars(select(filtering_log.c.event_id).where(rows_of(person, known)))) == theirs
