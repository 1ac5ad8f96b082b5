"""Who saw and who reviewed the change log: a line and a row each, never of what was not signed."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert, select, text

from audit_log.change_log import entries_at
from audit_log.checkpoint import checkpoints, read_note
from audit_log.db import reading, writing
from audit_log.tables import checkpoint, log_review
from audit_log.verification import Verification, verify
from change_control.checkpoint_delivery import FOLDER, Delivery, deliveries, keep_delivery, last_occasion
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.log_reviews import REVIEWED, SEEN, Due, log_reviews, review_due, sign_review, sign_seen
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.builders import NOON
from tests.change_control.protected import EITHER, school_in
from tests.change_control.school import FOUNDED, the


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    yield from school_in(request.param, request, tmp_path)


def size_of(desk: Desk) -> int:
    with reading(desk.engine) as conn:
        return checkpoints(conn, limit=1)[0].size


def drop_guards(desk: Desk) -> None:
    """Play the owner of the database, who can."""
    with writing(desk.engine) as conn:
        for name in conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            conn.execute(text(f"DROP TRIGGER {name}"))


def root_of(desk: Desk, size: int) -> str:
    with reading(desk.engine) as conn:
        note = conn.scalars(select(checkpoint.c.note).where(checkpoint.c.size == size)).one()
    return base64.b64encode(read_note(note).root).decode()


def due(desk: Desk) -> Due:
    with reading(desk.engine) as conn:
        return review_due(conn, parsed_policy(conn))


def is_whole(desk: Desk) -> Verification:
    with reading(desk.engine) as conn:
        return verify(conn, desk.key.public_key())


def refused(desk: Desk, size: int, root: str = "") -> ChangeError:
    with pytest.raises(ChangeError) as raised:
        sign_seen(desk, the(desk, "gail"), size, root, NOON)
    return raised.value


def test_what_is_seen_is_sealed_with_size_root_and_the_hash_of_the_note(desk: Desk) -> None:
    gail = the(desk, "gail")
    size = size_of(desk)
    made = sign_seen(desk, gail, size, root_of(desk, size), NOON)

    with reading(desk.engine) as conn:
        (line,) = entries_at(conn, [made.seq])
        note = conn.scalars(select(checkpoint.c.note).where(checkpoint.c.size == size)).one()
        row = conn.execute(select(log_review)).one()
    digest = hashlib.sha256(note.encode()).hexdigest()
    assert (line.event, line.actor, line.role) == ("change-log:seen", gail.person_id, "governor")
    assert line.detail == {"size": size, "root": root_of(desk, size), "note_sha256": digest}
    assert tuple(row) == (made.seq, "seen", gail.person_id, NOON, size, digest)
    assert is_whole(desk).whole


def test_a_review_keeps_its_note_beside_the_seal(desk: Desk) -> None:
    made = sign_review(desk, the(desk, "gail"), size_of(desk), " read all ", NOON)

    with reading(desk.engine) as conn:
        (line,) = entries_at(conn, [made.seq])
    assert line.texts == {"note": "read all"}
    assert "read all" not in line.sealed


def test_an_older_checkpoint_may_be_signed_with_the_root_that_somebody_kept(desk: Desk) -> None:
    with reading(desk.engine) as conn:
        oldest = checkpoints(conn)[-1].size
    assert sign_seen(desk, the(desk, "gail"), oldest, root_of(desk, oldest), NOON).size == oldest


def test_a_size_that_was_never_signed_names_the_nearest(desk: Desk) -> None:
    drop_guards(desk)
    with writing(desk.engine) as conn:
        conn.execute(text("DELETE FROM checkpoint WHERE size IN (2, 3)"))

    says = "no checkpoint was signed at 3 entries; the nearest are 1 and 4"
    assert refused(desk, 3).fields == {"size": says}


def test_a_size_beyond_the_end_is_refused(desk: Desk) -> None:
    size = size_of(desk)
    assert refused(desk, size + 1).fields == {"size": f"the change log has {size} entries"}


def test_a_root_that_differs_is_refused_and_says_what_it_means(desk: Desk) -> None:
    size = size_of(desk)
    other = base64.b64encode(bytes(32)).decode()

    assert "written anew" in refused(desk, size, other).fields["root"]
    with reading(desk.engine) as conn:
        assert log_reviews(conn, SEEN) == []


def test_a_checkpoint_that_was_not_signed_here_is_not_co_signed(desk: Desk) -> None:
    drop_guards(desk)
    size = size_of(desk)
    with reading(desk.engine) as conn:
        older = checkpoints(conn)[1].size
    with writing(desk.engine) as conn:
        changed = "UPDATE checkpoint SET note = replace(note, 'schoolgate', 'elsewhere') WHERE size = :size"
        conn.execute(text(changed), {"size": older})

    assert older < size
    assert refused(desk, older).code == "refused"


@pytest.mark.parametrize("who", ["tess", "gus"])
def test_neither_staff_nor_guests_sign_for_it(desk: Desk, who: str) -> None:
    size, actor = size_of(desk), the(desk, who)
    with pytest.raises(ChangeError, match="wrong-role"):
        sign_seen(desk, actor, size, "", NOON)
    with pytest.raises(ChangeError, match="wrong-role"):
        sign_review(desk, actor, size, "fine", NOON)


def test_a_review_needs_a_note(desk: Desk) -> None:
    with pytest.raises(ChangeError) as raised:
        sign_review(desk, the(desk, "gail"), size_of(desk), "  ", NOON)
    assert raised.value.fields == {"note": "is needed"}


def test_the_first_review_is_due_by_the_founding(desk: Desk) -> None:
    assert due(desk).at == FOUNDED + timedelta(days=92)
    assert due(desk).last is None
    assert not due(desk).is_overdue(NOON)
    assert due(desk).is_overdue(FOUNDED + timedelta(days=92))


def test_only_a_governor_s_review_puts_the_next_one_off(desk: Desk) -> None:
    size = size_of(desk)
    later = NOON + timedelta(hours=1)
    sign_review(desk, the(desk, "hedy"), size, "read", NOON)
    sign_seen(desk, the(desk, "gail"), size, "", NOON)
    assert due(desk).last is None

    made = sign_review(desk, the(desk, "gail"), size, "read", later)
    found = due(desk)
    assert (found.last, found.at, found.since) == (made, NOON + timedelta(days=92), 3)


def test_who_reviews_the_first_entry_alone_puts_nothing_off(desk: Desk) -> None:
    sign_review(desk, the(desk, "gail"), 1, "read", NOON)

    assert due(desk).at == FOUNDED + timedelta(days=92)
    assert due(desk).since == size_of(desk) - 1


def test_who_reviews_all_that_there_is_puts_the_next_one_off(desk: Desk) -> None:
    sign_review(desk, the(desk, "gail"), size_of(desk), "read", NOON + timedelta(days=200))

    assert due(desk).at == NOON + timedelta(days=292)


def test_no_governor_goes_back_to_what_was_reviewed(desk: Desk) -> None:
    size, gail = size_of(desk), the(desk, "gail")
    sign_review(desk, gail, size, "read", NOON)

    for back in (size, size - 1, 1):
        with pytest.raises(ChangeError) as raised:
            sign_review(desk, gail, back, "read", NOON)
        says = f"a governor has reviewed up to entry {size}; only above that is new"
        assert raised.value.fields == {"size": says}
    assert sign_review(desk, gail, size + 1, "read", NOON).size == size + 1


def test_nobody_unsees_what_they_saw(desk: Desk) -> None:
    size, gail = size_of(desk), the(desk, "gail")
    sign_seen(desk, gail, size, "", NOON)

    assert refused(desk, 2).fields == {
        "size": f"you have seen it up to entry {size}; {size} or above is allowed"
    }
    assert sign_seen(desk, the(desk, "hedy"), 2, "", NOON).size == 2
    assert sign_seen(desk, gail, size, "", NOON).size == size


def test_who_is_no_governor_any_more_has_reviewed_it_all_the_same(desk: Desk) -> None:
    made = sign_review(desk, the(desk, "gail"), size_of(desk), "read", NOON)
    with writing(desk.engine) as conn:
        conn.execute(text("UPDATE person SET role = 'staff' WHERE username = 'gail'"))

    assert due(desk).last == made


def _add(conn: Connection, seq: int) -> None:
    row = {"seq": seq, "kind": "reviewed", "person_id": "p", "at": NOON, "size": 1, "sha256": "x"}
    conn.execute(insert(log_review).values(row))


@pytest.mark.parametrize(
    ("tampering", "named"),
    [
        ("UPDATE log_review SET kind = 'reviewed'", "kind"),
        ("UPDATE log_review SET person_id = 'p_other'", "person"),
        ("UPDATE log_review SET at = '2027-01-01 00:00:00.000000'", "time"),
        ("UPDATE log_review SET at = 'soon'", "time"),
        ("UPDATE log_review SET size = size + 1", "size"),
        ("UPDATE log_review SET sha256 = 'x'", "sha256"),
    ],
)
def test_a_row_that_was_changed_is_named_by_verify(desk: Desk, tampering: str, named: str) -> None:
    made = sign_seen(desk, the(desk, "gail"), size_of(desk), "", NOON)
    drop_guards(desk)
    with writing(desk.engine) as conn:
        conn.execute(text(tampering))

    found = is_whole(desk)
    assert (found.whole, found.first_bad) == (False, made.seq)
    assert f"its {named} was changed" in found.says


def test_a_row_that_was_added_or_taken_away_is_named_by_verify(desk: Desk) -> None:
    made = sign_seen(desk, the(desk, "gail"), size_of(desk), "", NOON)
    drop_guards(desk)
    with writing(desk.engine) as conn:
        _add(conn, 2)
    assert "2, that no entry tells of" in is_whole(desk).says
    with writing(desk.engine) as conn:
        conn.execute(text("DELETE FROM log_review"))
    assert is_whole(desk).says == f"The review of the change log of entry {made.seq} has no row any more."


def test_reviews_are_listed_newest_first_by_kind(desk: Desk) -> None:
    size = size_of(desk)
    made = [sign_review(desk, the(desk, who), size, "read", NOON) for who in ("gail", "hedy", "cora")]
    sign_seen(desk, the(desk, "gail"), size, "", NOON)

    with reading(desk.engine) as conn:
        assert log_reviews(conn, REVIEWED) == made[::-1]
        assert log_reviews(conn, REVIEWED, before=made[2].seq, limit=1) == [made[1]]


@EITHER
def test_either_database_knows_who_reviewed_and_how_far_checkpoints_are(either: Desk) -> None:
    made = sign_review(either, the(either, "gail"), size_of(either), "read", NOON)
    for done in (Delivery(FOLDER, 5, None, NOON, "x" * 300), Delivery(FOLDER, 6, NOON, NOON)):
        keep_delivery(either.engine, done)

    assert due(either).last == made
    with reading(either.engine) as conn:
        assert log_reviews(conn, REVIEWED) == [made]
        assert deliveries(conn) == {FOLDER: Delivery(FOLDER, 6, NOON, NOON)}
        assert last_occasion(conn, ZoneInfo("Europe/London"), NOON) == NOON - timedelta(hours=6)
    assert is_whole(either).whole, is_whole(either).says
