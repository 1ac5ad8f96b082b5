"""Who asked again and again for what is not open."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from audit_log.db import reading
from audit_log.repeated_blocks import Repeated, repeated
from tests.audit_api.logged import a_row, store
from tests.builders import NOON


def tries(engine: Engine, person: str, number: int, every: float, **changes: Any) -> None:
    """The last of them at NOON."""
    store(engine, list(_rows(person, number, every, changes)))


def _rows(person: str, number: int, every: float, changes: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number_ in range(number):
        at = NOON - timedelta(seconds=every * (number - 1 - number_))
        yield a_row(None, at, person_id=person, role="pupil") | changes


def found(engine: Engine, times: int = 5, minutes: int = 10, since: float = 60) -> list[Repeated]:
    with reading(engine) as conn:
        return repeated(conn, NOON - timedelta(seconds=since), times, minutes)


def test_so_many_pages_within_so_many_minutes_are_found(engine: Engine) -> None:
    tries(engine, "anna", 5, 60)
    tries(engine, "ben", 4, 60)
    (one,) = found(engine)

    assert (one.person_id, one.at, one.first_at) == ("anna", NOON, NOON - timedelta(minutes=4))
    assert (one.role, one.device) == ("pupil", "127.20.0.7")


def test_tries_that_lie_far_apart_are_none(sqlite_engine: Engine) -> None:
    tries(sqlite_engine, "anna", 5, 160)

    assert found(sqlite_engine) == []


def test_parts_of_pages_and_what_shuts_a_person_out_do_not_count(sqlite_engine: Engine) -> None:
    tries(sqlite_engine, "anna", 9, 1, page=False)
    tries(sqlite_engine, "ben", 9, 1, reason="suspended")
    tries(sqlite_engine, "kim", 9, 1, category="circumvention", reason="locked")
    tries(sqlite_engine, "qui", 9, 1, verdict="allow", reason="unlisted-allowed")

    assert found(sqlite_engine) == []


def test_what_was_looked_at_before_is_not_found_again(sqlite_engine: Engine) -> None:
    tries(sqlite_engine, "anna", 5, 60)

    assert found(sqlite_engine, since=-1) == []
