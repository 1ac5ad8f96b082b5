"""Second factors, as queries: one for each person, and each half minute is used once. On both databases."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from audit_log.db import reading, writing
from audit_log.second_factors import forget_factor, keep_factor, kept_factor, use_step
from tests.builders import NOON

ATTACKS = (
    "UPDATE second_factor SET sealed = 'x'",
    "UPDATE second_factor SET person_id = 'p_2'",
    "UPDATE second_factor SET last_step = 99",
    "UPDATE second_factor SET last_step = 100",
)


def test_a_half_minute_is_used_once_and_none_before_it_any_more(engine: Engine) -> None:
    with writing(engine) as conn:
        keep_factor(conn, "p_1", "sealed", NOON, 100)
        used = [use_step(conn, "p_1", step) for step in (100, 99, 102, 102, 101, 103)]
        kept = kept_factor(conn, "p_1")

    assert used == [False, False, True, False, False, True]
    assert kept is not None
    assert (kept.sealed, kept.made_at, kept.last_step) == ("sealed", NOON, 103)
    assert "sealed='sealed'" not in repr(kept)


def test_one_that_is_forgotten_is_gone(engine: Engine) -> None:
    with writing(engine) as conn:
        keep_factor(conn, "p_1", "sealed", NOON, 100)
        assert [forget_factor(conn, "p_1"), forget_factor(conn, "p_1")] == [True, False]
        assert kept_factor(conn, "p_1") is None


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_refuses_to_rewrite_one_or_to_turn_it_back(engine: Engine, attack: str) -> None:
    with writing(engine) as conn:
        keep_factor(conn, "p_1", "sealed", NOON, 100)

    with pytest.raises(DBAPIError, match="not said yet"), writing(engine) as conn:
        conn.execute(text(attack))
    with reading(engine) as conn:
        assert kept_factor(conn, "p_1") is not None
