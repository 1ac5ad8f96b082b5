"""A gate that starts anew takes what lies there: what was cut short or replaced is written again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update
from structlog.testing import capture_logs

from audit_log.db import reading, writing
from audit_log.tables import change_log, person
from change_control.desk import Desk, Unproven
from change_control.proposals import approve, revoke
from change_control.publish import deciding_since, is_published, publish, publish_if_needed
from filter_policy.bundle import current_bundle, read_bundle
from filter_policy.bundle_proof import proof_path, prove, public_key
from tests.builders import NOON
from tests.change_control.school import KEY, asked_by, events_of, the

Break = Callable[[Path], object]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def take_away(path: Path) -> None:
    path.unlink()


def foreign_key(path: Path) -> None:
    public = Ed25519PrivateKey.generate().public_key()
    path.write_bytes(
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def files(desk: Desk) -> dict[str, Path]:
    name = current_bundle(desk.state) or ""
    return {
        "bundle": desk.state / "bundle" / name,
        "proof": proof_path(desk.state, name),
        "key beside": desk.state / "bundle" / "change-log.pub",
        "key": desk.state / "keys" / "change-log.pub",
    }


@pytest.mark.parametrize(
    ("what", "broken"),
    [
        *((what, how) for what in ("bundle", "proof", "key beside", "key") for how in (cut, take_away)),
        *(("key beside", foreign_key), ("key", foreign_key)),
    ],
)
def test_what_a_gate_reads_is_written_again(desk: Desk, what: str, broken: Break) -> None:
    (desk.state / "keys").mkdir(exist_ok=True)
    name = publish(desk)
    assert is_published(desk)

    broken(files(desk)[what])
    assert not is_published(desk)
    with capture_logs():
        assert publish_if_needed(desk) == name

    assert is_published(desk)
    assert all(path.exists() for path in files(desk).values())
    key = public_key(desk.state)
    assert key == KEY.public_key()
    assert prove(desk.state, name, read_bundle(desk.state, name), key).narrows is None


def test_a_file_that_was_only_touched_is_good(desk: Desk) -> None:
    publish(desk)
    for path in (files(desk)["bundle"], files(desk)["proof"]):
        path.write_bytes(path.read_bytes())

    assert is_published(desk)


def test_an_older_bundle_that_was_cut_is_whole_when_it_comes_back(desk: Desk) -> None:
    older, asked = publish(desk), asked_by(desk, "tess")
    approve(desk, the(desk, "terry"), asked, "fine", NOON)
    cut(desk.state / "bundle" / older)

    with capture_logs() as alarms:
        revoke(desk, the(desk, "cora"), asked, "moved", NOON)

    assert [each["event"] for each in alarms] == ["bundle.damaged"]
    assert current_bundle(desk.state) == older
    assert read_bundle(desk.state, older).policy.unblocks == ()


def damage(desk: Desk) -> None:
    """One sealed line is no longer what was signed."""
    with writing(desk.engine) as conn:
        conn.exec_driver_sql("DROP TRIGGER change_log_no_update")
        conn.execute(update(change_log).where(change_log.c.seq == 1).values(entry=change_log.c.entry + " "))


def test_that_nothing_is_proven_any_more_is_kept_with_its_reason(desk: Desk) -> None:
    name, asked = publish(desk), asked_by(desk, "tess")
    size = len(events_of(desk))
    publish(desk)
    damage(desk)

    with capture_logs():
        approve(desk, the(desk, "terry"), asked, "fine", NOON)

    unproven = desk.published.unproven
    assert current_bundle(desk.state) == name
    assert unproven is not None
    assert (unproven.size, unproven.at) == (size, NOON)
    assert unproven.says.startswith(f"what was changed since entry {size} reaches no gate: ")
    with reading(desk.engine) as conn:
        assert deciding_since(conn, size) == size + 1
        assert deciding_since(conn, size + 1) is None


def test_where_all_is_proven_again_there_is_no_reason_left(desk: Desk) -> None:
    publish(desk)
    with writing(desk.engine) as conn:
        conn.execute(update(person).where(person.c.username == "ben").values(role="technician"))
    desk.published.of = None
    with capture_logs():
        publish(desk)
    assert desk.published.unproven is not None
    with writing(desk.engine) as conn:
        conn.execute(update(person).where(person.c.username == "ben").values(role="pupil"))

    publish(desk)

    assert desk.published.unproven is None


def test_that_nothing_at_all_was_proven_is_said_too() -> None:
    assert Unproven("no note").says == "what was changed reaches no gate: no note"
