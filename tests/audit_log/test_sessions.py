"""A session lives while it is used, eight hours at most, and its token is known to its holder alone."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, select, update

from audit_log.db import reading, writing
from audit_log.sessions import (
    create_session,
    end_session,
    end_sessions_of,
    find_session,
    forget_sessions,
    session_key,
    sessions_of,
    touch_session,
)
from audit_log.tables import session
from tests.builders import NOON

MINUTE = timedelta(minutes=1)
SESSION_KEY = bytes(32)


def signed_in(engine: Engine, person_id: str = "p_terry") -> str:
    with writing(engine) as conn:
        return create_session(conn, SESSION_KEY, person_id, NOON)[0]


def test_a_session_is_found_by_its_token(engine: Engine) -> None:
    token = signed_in(engine)

    with reading(engine) as conn:
        found = find_session(conn, SESSION_KEY, token, NOON + MINUTE)
        assert found is not None
        assert (found.person_id, found.started_at) == ("p_terry", NOON)
        assert find_session(conn, SESSION_KEY, token + "x", NOON) is None
        assert find_session(conn, SESSION_KEY, "", NOON) is None


def test_the_token_is_not_kept(engine: Engine) -> None:
    token = signed_in(engine)

    with reading(engine) as conn:
        rows = str(conn.execute(select(session)).all())
        found = find_session(conn, SESSION_KEY, token, NOON)
    assert token not in rows
    assert token not in repr(found)
    assert len(token) >= 43  # 256 bits


def test_an_idle_session_ends_after_a_quarter_of_an_hour(engine: Engine) -> None:
    token = signed_in(engine)

    with reading(engine) as conn:
        assert find_session(conn, SESSION_KEY, token, NOON + 15 * MINUTE - timedelta(seconds=1)) is not None
        assert find_session(conn, SESSION_KEY, token, NOON + 15 * MINUTE) is None


def test_a_used_session_ends_after_eight_hours_all_the_same(engine: Engine) -> None:
    token = signed_in(engine)
    for minutes in range(10, 480, 10):
        with writing(engine) as conn:
            found = find_session(conn, SESSION_KEY, token, NOON + minutes * MINUTE)
            assert found is not None
            touch_session(conn, found, NOON + minutes * MINUTE)

    with reading(engine) as conn:
        assert find_session(conn, SESSION_KEY, token, NOON + 479 * MINUTE) is not None
        assert find_session(conn, SESSION_KEY, token, NOON + 480 * MINUTE) is None


def test_a_session_is_not_written_at_every_page(engine: Engine) -> None:
    with writing(engine) as conn:
        _, new = create_session(conn, SESSION_KEY, "p_terry", NOON)

    assert not new.needs_touch(NOON + timedelta(seconds=29))
    assert new.needs_touch(NOON + timedelta(seconds=30))


def test_an_ended_session_stays_ended(engine: Engine) -> None:
    token = signed_in(engine)
    with writing(engine) as conn:
        found = find_session(conn, SESSION_KEY, token, NOON)
        assert found is not None
        assert end_session(conn, SESSION_KEY, token, NOON)
        assert not end_session(conn, SESSION_KEY, token, NOON)
        touch_session(conn, found, NOON + MINUTE)

        assert find_session(conn, SESSION_KEY, token, NOON + MINUTE) is None


def test_all_sessions_of_somebody_end_together(engine: Engine) -> None:
    tokens = [signed_in(engine), signed_in(engine), signed_in(engine, "p_tess")]
    with writing(engine) as conn:
        assert end_sessions_of(conn, "p_terry", NOON) == 2

        assert [find_session(conn, SESSION_KEY, token, NOON) is not None for token in tokens] == [
            False,
            False,
            True,
        ]


def test_old_sessions_are_forgotten(engine: Engine) -> None:
    token = signed_in(engine)
    with writing(engine) as conn:
        assert forget_sessions(conn, NOON) == 0
        assert forget_sessions(conn, NOON + MINUTE) == 1
        assert find_session(conn, SESSION_KEY, token, NOON) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"person_id": "p_cora"},
        {"started_at": NOON + timedelta(hours=1), "seen_at": NOON + timedelta(hours=1)},
        {"csrf": "0" * 64},
        {"csrf": "\u00e9"},
    ],
)
def test_a_session_that_was_rewritten_in_the_database_is_none(
    engine: Engine, changed: dict[str, object]
) -> None:
    token = signed_in(engine)
    with writing(engine) as conn:
        conn.execute(update(session).values(changed))

    with reading(engine) as conn:
        assert find_session(conn, SESSION_KEY, token, NOON + MINUTE) is None


def test_the_key_of_sessions_is_another_one_for_each_school() -> None:
    one, other = (Ed25519PrivateKey.from_private_bytes(bytes([each] * 32)) for each in (1, 2))

    assert session_key(one) == session_key(one) != session_key(other)
    assert session_key(one) != one.private_bytes_raw()


def test_the_sessions_that_somebody_could_go_on_with_are_listed_the_newest_first(engine: Engine) -> None:
    with writing(engine) as conn:
        old, _ = create_session(conn, SESSION_KEY, "p_terry", NOON)
        create_session(conn, SESSION_KEY, "p_terry", NOON + MINUTE)
        create_session(conn, SESSION_KEY, "p_terry", NOON + 2 * MINUTE)
        create_session(conn, SESSION_KEY, "p_hedy", NOON)
        end_session(conn, SESSION_KEY, old, NOON + 3 * MINUTE)
        listed = sessions_of(conn, "p_terry", NOON + 3 * MINUTE)

        assert [each.started_at for each in listed] == [NOON + 2 * MINUTE, NOON + MINUTE]
        assert sessions_of(conn, "p_terry", NOON + 18 * MINUTE) == []
