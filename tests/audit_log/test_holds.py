"""Legal holds: which rows may not be removed, of one person or of everybody, until they are released."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, insert, select

from audit_log.corrections import Correction
from audit_log.db import reading, writing
from audit_log.holds import Hold, all_holds, holds, rows_held
from audit_log.tables import filtering_log, legal_hold
from tests.audit_log.stored import a_row, store
from tests.audit_log.test_corrections import a_correction, after
from tests.builders import NOON


def a_hold(number: int = 1, **changes: Any) -> Hold:
    """On Anna's first ten seconds."""
    made: dict[str, Any] = {
        "id": f"h{number}",
        "person_id": "p_anna",
        "from_at": NOON,
        "to_at": after(10),
        "placed_by": "p_terry",
        "placed_at": after(number),
    }
    return Hold(**made | changes)


def keep(engine: Engine, *made: Hold) -> None:
    names = [column.name for column in legal_hold.columns]
    with writing(engine) as conn:
        for each in made:
            conn.execute(insert(legal_hold).values({name: getattr(each, name) for name in names}))


def test_holds_are_in_force_until_they_are_released(engine: Engine) -> None:
    first, second = a_hold(1), a_hold(2, person_id=None)
    released = a_hold(3, released_at=NOON + timedelta(days=1))
    keep(engine, second, first, released)

    with reading(engine) as conn:
        assert holds(conn) == (first, second)
        assert all_holds(conn) == (first, second, released)


def held(engine: Engine, made: list[Hold], known: list[Correction]) -> list[str]:
    asked = select(filtering_log.c.reference).where(rows_held(made, known)).order_by(filtering_log.c.at)
    with reading(engine) as conn:
        return list(conn.scalars(asked))


def test_a_hold_keeps_the_rows_of_its_person_and_time(engine: Engine) -> None:
    store(engine, a_row(1), a_row(2, person_id="p_ben"), a_row(3, person_id=None), a_row(10))

    assert held(engine, [], []) == []
    assert held(engine, [a_hold()], []) == ["REF0001"]
    assert held(engine, [a_hold(person_id=None)], []) == ["REF0001", "REF0002", "REF0003"]


def test_a_hold_keeps_what_was_recorded_as_somebody_and_what_was_corrected_to_them(engine: Engine) -> None:
    """Whichever of the two is right: what is gone cannot be looked at again."""
    store(engine, a_row(1), a_row(2, person_id="p_ben"), a_row(12))
    to_ben = a_correction(to_at=after(20))

    assert held(engine, [a_hold()], [to_ben]) == ["REF0001"]
    assert held(engine, [a_hold(person_id="p_ben")], [to_ben]) == ["REF0001", "REF0002"]
