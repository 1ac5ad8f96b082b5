"""Each second factor and each token has a line, and each line its row. On both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from audit_log.agreed_accounts import AgreedAccounts, cleared_by
from audit_log.api_tokens import KeptToken, end_token, keep_token, row_sha256
from audit_log.db import writing
from audit_log.second_factors import keep_factor, sealed_sha256
from tests.audit_log.told import Line, fault_of, line
from tests.builders import NOON

ONE = KeptToken(
    "0a1b", "p_1", "", "governor", ("metrics",), ("10.0.0.0/8",), NOON, NOON + timedelta(days=1), "x"
)
FACTOR = {"sha256": sealed_sha256("sealed")}
TOKEN = {"sha256": row_sha256(ONE)}
Tamper = Callable[[Engine], None]


LINES = (
    line(1, "second-factor:set", "p_1", FACTOR),
    line(2, "token:create", "0a1b", TOKEN),
    line(3, "token:create", "0a1c", {"sha256": row_sha256(replace(ONE, id="0a1c"))}),
    line(4, "token:revoke", "0a1c", {"person": "p_1"}),
)


@pytest.fixture
def kept(engine: Engine, without_guards: Tamper) -> Engine:
    with writing(engine) as conn:
        fill(conn)
    without_guards(engine)
    return engine


def fill(conn: Connection) -> None:
    keep_factor(conn, "p_1", "sealed", NOON, 1)
    keep_token(conn, ONE)
    keep_token(conn, replace(ONE, id="0a1c"))
    end_token(conn, "0a1c", NOON)


def fault_in(engine: Engine, *more: Line) -> tuple[int, str] | None:
    return fault_of(AgreedAccounts(), engine, (*LINES, *more))


def test_what_the_lines_tell_of_is_whole(kept: Engine) -> None:
    assert fault_in(kept) is None


@pytest.mark.parametrize(
    ("attack", "seq"),
    [
        ("DELETE FROM second_factor", 1),
        ("UPDATE second_factor SET sealed = 'other'", 1),
        ("UPDATE second_factor SET made_at = '2026-01-01 00:00:00.000000'", 1),
        ("INSERT INTO second_factor SELECT 'p_2', sealed, made_at, 1 FROM second_factor", 5),
        ("DELETE FROM api_token WHERE id = '0a1b'", 2),
        ("UPDATE api_token SET scopes = '[\"explain\"]' WHERE id = '0a1b'", 2),
        ("UPDATE api_token SET scopes = '{}' WHERE id = '0a1b'", 2),
        ("UPDATE api_token SET addresses = '[]' WHERE id = '0a1b'", 2),
        ("UPDATE api_token SET person_id = 'p_2' WHERE id = '0a1b'", 2),
        ("UPDATE api_token SET ends_at = '2030-01-01 00:00:00.000000' WHERE id = '0a1b'", 2),
        ("UPDATE api_token SET ended_at = made_at WHERE id = '0a1b'", 2),
        ("UPDATE api_token SET ended_at = NULL", 4),
        ("UPDATE api_token SET id = '0a1d' WHERE id = '0a1b'", 5),
    ],
)
def test_what_the_database_alone_says_is_found(kept: Engine, attack: str, seq: int) -> None:
    with writing(kept) as conn:
        conn.execute(text(attack))

    found = fault_in(kept)
    assert found is not None
    assert found[0] == seq


def test_what_is_last_used_and_what_its_owner_calls_it_is_not_sealed(kept: Engine) -> None:
    with writing(kept) as conn:
        conn.execute(text("UPDATE api_token SET name = 'x', last_used_at = made_at"))
        conn.execute(text("UPDATE second_factor SET last_step = 7"))

    assert fault_in(kept) is None


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        ("second-factor:clear", {}),
        ("person:enrol", {}),
        ("erasure:approve", {"person": "p_1"}),
        ("people:approve", {"people": [{"person": "p_1", "second_factor": "clear"}]}),
    ],
)
def test_after_each_line_that_clears_it_no_row_is_left(
    kept: Engine, event: str, detail: dict[str, Any]
) -> None:
    cleared = line(5, event, "p_1", detail)
    assert fault_in(kept, cleared) is not None

    with writing(kept) as conn:
        conn.execute(text("DELETE FROM second_factor"))

    assert fault_in(kept, cleared) is None


@pytest.mark.parametrize("event", ["people:tighten", "people:propose", "people:decline", "person:suspend"])
def test_no_line_of_one_person_clears_it(event: str) -> None:
    assert cleared_by(event, "p_1", {"people": [{"person": "p_1", "second_factor": "clear"}]}) == set()


@pytest.mark.parametrize("detail", [{}, {"people": [{}]}, {"people": 3}, {"people": [{"person": "p_1"}]}])
def test_an_agreement_that_says_nothing_of_it_clears_none(detail: dict[str, Any]) -> None:
    assert cleared_by("people:approve", "c_1", detail) == set()
