"""One's own sessions: where one is signed in, out everywhere, and a new one after a new password."""

from audit_api.answers import OwnSessionOut
from audit_api.times import iso
from audit_api.window import Visit, Window
from audit_log.db import reading, writing
from audit_log.sessions import (
    ABSOLUTE,
    create_session,
    end_session,
    end_sessions_of,
    sessions_of,
    token_hash,
)


def sessions_of_reader(visit: Visit) -> list[OwnSessionOut]:
    this = token_hash(visit.desk.session_key, visit.reader.token)
    with reading(visit.desk.engine) as conn:
        found = sessions_of(conn, visit.reader.person_id, visit.now)
    return [
        OwnSessionOut(
            started_at=iso(each.started_at),
            seen_at=iso(each.seen_at),
            ends_at=iso(each.started_at + ABSOLUTE),
            here=each.token_hash == this,
        )
        for each in found
    ]


def end_everywhere(visit: Visit) -> None:
    with writing(visit.desk.engine) as conn:
        end_sessions_of(conn, visit.reader.person_id, visit.now)


def end_before(window: Window, token: str | None) -> None:
    """Whoever signs in anew goes on with the new session alone."""
    if token:
        with writing(window.desk.engine) as conn:
            end_session(conn, window.desk.session_key, token, window.clock())


def renewed(visit: Visit) -> str:
    """Another token for the same person, in place of this one: it was given before the password changed."""
    with writing(visit.desk.engine) as conn:
        token, _ = create_session(
            conn,
            visit.desk.session_key,
            visit.reader.person_id,
            visit.now,
            may_open=visit.reader.may_open,
        )
        end_session(conn, visit.desk.session_key, visit.reader.token, visit.now)
    return token
