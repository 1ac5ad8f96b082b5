"""What the filtering log has of an unblock, found along its indexes, in both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from audit_log.db import reading
from audit_log.people import Registered
from audit_log.unblock_use import Opened, Part, Used, opened_besides, parts_of, used, was_used
from filter_policy.model import Role
from tests.audit_api.logged import a_row, store
from tests.builders import NOON

WINDOW = NOON, NOON + timedelta(hours=1)
OPEN: dict[str, Any] = {"verdict": "allow", "reason": "unlisted-allowed", "category": None, "host": "a.test"}
BY_IT = OPEN | {"reason": "unblock", "unblock_id": "u_1"}


def pupil(name: str) -> Registered:
    return Registered(f"p_{name}", name, name, Role.PUPIL, ("upper-ks2",), NOON, ("6B",))


ANNA, BEN = pupil("anna"), pupil("ben")


def after(seconds: float) -> Any:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def log(engine: Engine) -> Engine:
    rows = [
        a_row(ANNA, after(0), **BY_IT),
        a_row(ANNA, after(1), **BY_IT, page=False),
        a_row(BEN, after(3600), **BY_IT),  # the lesson is over
        a_row(ANNA, after(5), **OPEN | {"host": "b.test", "category": "games"}),
        a_row(ANNA, after(6), **OPEN | {"host": "c.test"}, page=False),
        a_row(ANNA, after(10), **OPEN | {"host": "late.test"}, page=False),
        a_row(BEN, after(7), **OPEN | {"host": "c.test"}, page=False),
        a_row(None, after(8), **BY_IT),
        a_row(ANNA, after(9), **BY_IT | {"kind": "connect", "decrypted": True}, page=False),
    ]
    store(engine, rows)
    return engine


def test_what_it_let_by_is_counted_by_person_and_host(log: Engine) -> None:
    with reading(log) as conn:
        found = used(conn, "u_1", WINDOW)

    assert sorted(found, key=str) == [Used("p_anna", "a.test", 2, 1), Used(None, "a.test", 1, 1)]


def test_whether_it_was_used_is_asked_of_its_own_time(log: Engine) -> None:
    with reading(log) as conn:
        assert was_used(conn, "u_1", WINDOW)
        assert not was_used(conn, "u_2", WINDOW)
        assert not was_used(conn, "u_1", (after(10), after(3600)))


def test_what_they_opened_besides_are_pages_that_another_rule_let_by(log: Engine) -> None:
    with reading(log) as conn:
        assert opened_besides(conn, "u_1", ["p_anna", "p_ben"], WINDOW) == [
            Opened("p_anna", "b.test", "games", 1)
        ]


def test_parts_are_what_the_same_person_asked_for_within_seconds(log: Engine) -> None:
    with reading(log) as conn:
        found = parts_of(conn, "a.test", NOON - timedelta(days=1))

    assert Part("c.test", "p_anna", NOON) in found
    assert not [part for part in found if part.host == "late.test" or part.person_id == "p_ben"]


def test_each_question_goes_along_an_index(sqlite_engine: Engine) -> None:
    """Of millions of rows, those of one unblock or one person are few."""
    store(sqlite_engine, [a_row(ANNA, after(0), **BY_IT), a_row(ANNA, after(1), **OPEN)])
    asked: list[tuple[str, Any]] = []

    @event.listens_for(sqlite_engine, "before_cursor_execute")
    def _note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    with reading(sqlite_engine) as conn:
        was_used(conn, "u_1", WINDOW)
        used(conn, "u_1", WINDOW)
        opened_besides(conn, "u_1", ["p_anna"], WINDOW)
        parts_of(conn, "a.test", NOON - timedelta(days=1))
        on_the_log = [each for each in asked if "FROM filtering_log" in each[0]]
        assert len(on_the_log) >= 3
        for statement, parameters in on_the_log:
            plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            steps = [row[3] for row in plan if "filtering_log" in row[3]]
            assert steps
            assert not [step for step in steps if step.startswith("SCAN filtering_log_")], steps
