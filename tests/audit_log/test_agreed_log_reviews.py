"""Who saw and who reviewed the change log is as was sealed, on either database: verify names what is not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, insert, text, update

from audit_log.change_log import append, verify
from audit_log.db import reading, writing
from audit_log.tables import log_review
from tests.builders import NOON

Unguarded = Callable[[Engine], None]
DIGEST = "ab" * 32


def reviewed(engine: Engine, event: str = "change-log:review", kind: str = "reviewed") -> int:
    """A line and its row, as change control writes them; their number."""
    with writing(engine) as conn:
        detail = {"size": 1, "root": "x", "note_sha256": DIGEST}
        seq = append(
            conn, at=NOON, event=event, actor="p_gail", role="governor", object_id="1", detail=detail
        )
        conn.execute(
            insert(log_review).values(seq=seq, kind=kind, person_id="p_gail", at=NOON, size=1, sha256=DIGEST)
        )
    return seq


def unguarded(engine: Engine, without_guards: Unguarded) -> None:
    """Play the owner of the database, who can take the guards of this table away too."""
    without_guards(engine)
    if engine.dialect.name == "postgresql":
        with writing(engine) as conn:
            conn.execute(text("ALTER TABLE log_review DISABLE TRIGGER USER"))


def told(engine: Engine) -> tuple[int | None, str]:
    with reading(engine) as conn:
        found = verify(conn)
    return found.first_bad, found.says


def test_rows_that_agree_with_their_lines_are_whole(engine: Engine) -> None:
    reviewed(engine)
    reviewed(engine, "change-log:seen", "seen")

    assert told(engine)[0] is None


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"size": 9}, "size"),
        ({"person_id": "p_terry"}, "person"),
        ({"at": NOON + timedelta(days=90)}, "time"),
        ({"kind": "seen"}, "kind"),
        ({"sha256": "cd" * 32}, "sha256"),
    ],
)
def test_a_changed_row_is_named_with_its_entry(
    engine: Engine, without_guards: Unguarded, changed: dict[str, object], named: str
) -> None:
    seq = reviewed(engine)
    unguarded(engine, without_guards)
    with writing(engine) as conn:
        conn.execute(update(log_review).values(changed))

    says = f"The review of the change log of entry {seq} is not what was sealed: its {named} was changed."
    assert told(engine) == (seq, says)


def test_a_row_more_or_less_is_named(engine: Engine, without_guards: Unguarded) -> None:
    seq = reviewed(engine)
    unguarded(engine, without_guards)
    with writing(engine) as conn:
        more = {"seq": 77, "kind": "seen", "person_id": "p", "at": NOON, "size": 1, "sha256": DIGEST}
        conn.execute(insert(log_review).values(more))
    assert told(engine) == (2, "The database has a review of the change log, 77, that no entry tells of.")
    with writing(engine) as conn:
        conn.execute(delete(log_review))
    assert told(engine) == (seq, f"The review of the change log of entry {seq} has no row any more.")
