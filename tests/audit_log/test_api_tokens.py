"""Tokens, as queries: what one may is in its hash, and only its end is added. On both databases."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from audit_log.api_tokens import (
    KeptToken,
    end_token,
    forget_token_names,
    keep_token,
    kept_token,
    kept_tokens,
    proof_of,
    row_sha256,
    token_key,
    touch_token,
)
from audit_log.db import writing
from tests.builders import NOON

KEY = token_key(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ONE = KeptToken(
    "0a1b",
    "p_1",
    "a screen",
    "technician",
    ("metrics",),
    ("10.0.0.0/8",),
    NOON,
    NOON + timedelta(days=1),
    "x",
)
LATER = frozenset({"name", "last_used_at", "ended_at", "proof"})
OTHERWISE: dict[str, Any] = {
    "id": "0a1c", "person_id": "p_2", "role": "headteacher", "scopes": ("explain",), "addresses": (),
    "made_at": NOON - timedelta(days=1), "ends_at": NOON + timedelta(days=2),
}  # fmt: skip


@pytest.mark.parametrize("field", OTHERWISE)
def test_all_that_a_token_may_is_in_its_hash(field: str) -> None:
    other = replace(ONE, **{field: OTHERWISE[field]})

    assert {each.name for each in fields(KeptToken)} == set(OTHERWISE) | LATER
    assert proof_of(KEY, other, "t") != proof_of(KEY, ONE, "t")
    assert row_sha256(other) != row_sha256(ONE)


def test_another_token_another_key_and_another_proof_have_another_hash() -> None:
    assert proof_of(KEY, ONE, "t") != proof_of(KEY, ONE, "u") != proof_of(b"other", ONE, "u")
    assert row_sha256(replace(ONE, proof="y")) != row_sha256(ONE)
    assert "'x'" not in repr(ONE)


def test_a_token_is_kept_used_and_ended_once(engine: Engine) -> None:
    with writing(engine) as conn:
        keep_token(conn, ONE)
        touch_token(conn, "0a1b", NOON)
        ended = [end_token(conn, "0a1b", NOON), end_token(conn, "0a1b", NOON + timedelta(hours=1))]
        forget_token_names(conn, "p_1")
        kept = kept_token(conn, "0a1b")

        assert ended == [True, False]
        assert kept == replace(ONE, name="", last_used_at=NOON, ended_at=NOON)
        assert row_sha256(kept) == row_sha256(ONE)
        assert kept_tokens(conn, "p_1") == kept_tokens(conn) == [kept]
        assert kept_tokens(conn, "p_2") == []


def test_a_token_that_is_asked_with_often_is_seldom_written() -> None:
    assert ONE.needs_touch(NOON)
    assert not replace(ONE, last_used_at=NOON).needs_touch(NOON + timedelta(seconds=59))
    assert replace(ONE, last_used_at=NOON).needs_touch(NOON + timedelta(seconds=60))


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE api_token SET scopes = '[\"explain\"]'",
        "UPDATE api_token SET addresses = '[]'",
        "UPDATE api_token SET role = 'headteacher'",
        "UPDATE api_token SET proof = 'y'",
        "UPDATE api_token SET name = 'another'",
        "UPDATE api_token SET ended_at = NULL",
        "DELETE FROM api_token",
    ],
)
def test_the_database_refuses_what_would_make_more_of_one(engine: Engine, attack: str) -> None:
    with writing(engine) as conn:
        keep_token(conn, ONE)
        end_token(conn, "0a1b", NOON)

    with pytest.raises(DBAPIError, match=r"not said yet|append-only"), writing(engine) as conn:
        conn.execute(text(attack))
