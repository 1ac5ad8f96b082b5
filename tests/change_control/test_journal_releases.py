"""Somebody looked at the damage: the recorder goes on exactly there, and the line says what was left out."""

import hashlib
import json
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from audit_log.db import reading
from audit_log.heartbeat import HEARTBEAT, JOURNAL, Stopped
from audit_log.quarantine import quarantine
from audit_log.segments import encode_line
from audit_log.tables import journal_release
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.journal_releases import Release, release, releases
from tests.builders import NOON
from tests.change_control.school import is_whole, log_of, refused, somebody, the

SEGMENT = "gate-1-00000000000000000001.journal"
SOUND = encode_line({"t": "start"})
BAD = b"0badc0de {half a rec\n"
PLACE = Stopped(SEGMENT, len(SOUND), len(SOUND) + len(BAD))


def stop_at(state: Path, *places: Stopped, put_aside: bool = True) -> None:
    """As the recorder does."""
    (state / JOURNAL).mkdir(exist_ok=True)
    (state / JOURNAL / SEGMENT).write_bytes(SOUND + BAD + SOUND)
    stopped = [{"segment": each.segment, "offset": each.offset, "resume": each.resume} for each in places]
    said = {"at": NOON.isoformat(), "sql": "ok", "behind_bytes": 9, "damaged_bytes": 0, "stopped": stopped}
    (state / JOURNAL / HEARTBEAT).write_text(json.dumps(said))
    if put_aside:
        quarantine(state / JOURNAL, PLACE)


def let_go(
    desk: Desk, who: str = "terry", place: Stopped = PLACE, reason: str = "a torn disk block"
) -> Release:
    return release(desk, the(desk, who), place, reason, NOON)


@pytest.mark.parametrize("who", ["terry", "cora", "hedy"])
def test_a_release_is_kept_with_its_sealed_line(desk: Desk, who: str) -> None:
    stop_at(desk.state, PLACE)

    made = let_go(desk, who)

    line = log_of(desk)[-1]
    assert (line.event, line.object_id, line.actor) == ("journal:release", SEGMENT, somebody(desk, who).id)
    assert line.detail == {
        "segment": SEGMENT,
        "offset": PLACE.offset,
        "resume": PLACE.resume,
        "bytes": len(BAD),
        "sha256": hashlib.sha256(BAD).hexdigest(),
    }
    assert line.texts == {"reason": "a torn disk block"}
    assert is_whole(desk)
    with reading(desk.engine) as conn:
        (row,) = conn.execute(select(journal_release)).all()
        assert releases(conn) == [made]
    assert tuple(row) == (SEGMENT, PLACE.offset, PLACE.resume, somebody(desk, who).id, NOON)


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (Stopped(SEGMENT, PLACE.offset, PLACE.resume + 500), "offset"),
        (Stopped(SEGMENT, 0, PLACE.resume), "offset"),
        (Stopped("gate-2-00000000000000000001.journal", PLACE.offset, PLACE.resume), "segment"),
        (Stopped("../keys", PLACE.offset, PLACE.resume), "segment"),
    ],
)
def test_what_the_recorder_does_not_report_is_not_released(desk: Desk, place: Stopped, field: str) -> None:
    stop_at(desk.state, PLACE)

    error = refused("bad-input", partial(let_go, desk, place=place))

    assert set(error.fields) == {field}
    assert (SEGMENT if field == "segment" else str(PLACE.resume)) in error.fields[field]
    assert nothing_is_kept(desk)


def test_without_damage_nothing_is_released(desk: Desk) -> None:
    assert "waits at no damaged place" in refused("bad-input", partial(let_go, desk)).fields["segment"]
    stop_at(desk.state)
    assert "waits at no damaged place" in refused("bad-input", partial(let_go, desk)).fields["segment"]


def test_damage_is_released_once(desk: Desk) -> None:
    stop_at(desk.state, PLACE)
    let_go(desk)

    refused("wrong-state", partial(let_go, desk, "hedy"))


def test_damage_that_has_grown_is_released_anew(desk: Desk) -> None:
    stop_at(desk.state, PLACE)
    let_go(desk)
    grown = Stopped(SEGMENT, PLACE.offset, PLACE.resume + len(SOUND))
    stop_at(desk.state, grown)
    quarantine(desk.state / JOURNAL, grown)

    made = let_go(desk, "hedy", grown)

    with reading(desk.engine) as conn:
        assert releases(conn) == [made]
    assert [line.detail["resume"] for line in log_of(desk)[-2:]] == [PLACE.resume, grown.resume]


def test_bytes_of_which_there_is_no_whole_copy_are_not_left_out(desk: Desk) -> None:
    stop_at(desk.state, PLACE, put_aside=False)
    refused("not-found", partial(let_go, desk))

    quarantine(desk.state / JOURNAL, PLACE).write_bytes(BAD[:-1])

    refused("not-found", partial(let_go, desk))
    assert nothing_is_kept(desk)


def test_a_release_needs_a_reason_and_a_role(desk: Desk) -> None:
    stop_at(desk.state, PLACE)

    assert set(refused("bad-input", partial(let_go, desk, reason=" ")).fields) == {"reason"}
    for who in ("tess", "gail", "anna"):
        refused("wrong-role", partial(let_go, desk, who))
    assert nothing_is_kept(desk)


def test_a_release_that_fails_to_be_sealed_is_none(desk: Desk) -> None:
    stop_at(desk.state, PLACE)
    with pytest.raises(ChangeError):
        let_go(desk, reason="x" * 9000)

    assert nothing_is_kept(desk)


def nothing_is_kept(desk: Desk) -> bool:
    with reading(desk.engine) as conn:
        rows = conn.execute(select(journal_release)).all()
    return not rows and "journal:release" not in {entry.event for entry in log_of(desk)}
