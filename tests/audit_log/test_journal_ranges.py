"""What is in the journal is sealed or somebody said why not: records that were skipped are found."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from audit_log.db import reading, writing
from audit_log.heartbeat import Stopped
from audit_log.journal_ranges import Ranges, ranges_in
from audit_log.recorder import Recorder
from audit_log.release_lines import Releases
from audit_log.row_verification import verify_rows
from audit_log.verification import verify
from tests.audit_log.attacks import attack, store, verified
from tests.audit_log.recording import in_hours, outcomes, positions
from tests.audit_log.records import a_segment, a_whole, add_to
from tests.audit_log.test_quarantine import broken, let_go_on
from tests.builders import NOON

MOVE = 'UPDATE journal_position SET "offset" = :to'
PLACE = (
    'INSERT INTO journal_position (segment, "offset", torn_bytes, damaged_bytes) VALUES (:name, :to, 0, 0)'
)


def recorded(engine: Engine, folder: Path) -> None:
    Recorder(engine, folder, clock=lambda: NOON).run_once()


def told(engine: Engine) -> list[dict[str, list[int]]]:
    """What each seal says that was read."""
    with reading(engine) as conn:
        entries = conn.execute(text("SELECT entry FROM filtering_seal ORDER BY seq")).scalars().all()
    return [json.loads(entry).get("from", {}) for entry in entries]


def test_seals_say_from_where_to_where_the_journal_was_read(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [a_whole(1), a_whole(2, keep="pupils")])
    first = path.stat().st_size
    recorded(engine, tmp_path)
    add_to(path, a_whole(3))
    recorded(engine, tmp_path)

    assert told(engine) == [{path.name: [0, first]}, {}, {path.name: [first, path.stat().st_size]}]
    assert verified(engine).whole


def test_what_makes_no_row_is_told_as_well(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [])
    recorded(engine, tmp_path)
    begun = path.stat().st_size
    add_to(path, a_whole(1))
    recorded(engine, tmp_path)

    assert told(engine) == [{path.name: [0, begun]}, {path.name: [begun, path.stat().st_size]}]
    assert verified(engine).whole


def test_records_that_were_skipped_before_they_were_sealed_are_found(engine: Engine, tmp_path: Path) -> None:
    store(engine, tmp_path)
    (path,) = tmp_path.glob("*.journal")
    start = path.stat().st_size
    add_to(path, a_whole(50))
    end = path.stat().st_size

    found = attack(engine, MOVE, to=end)
    assert found.says == (
        f"Where the recorder is in {path.name} was changed: it says {end}, and the seals tell of {start}"
        " bytes."
    )
    add_to(path, a_whole(51))
    recorded(engine, tmp_path)
    found = verified(engine)
    assert found.named == (
        f"Before seal 4, the bytes {start} to {end} of {path.name} of the journal were skipped, and nobody"
        " said so.",
    )


def test_a_segment_that_was_skipped_whole_is_found_and_stays(engine: Engine, tmp_path: Path) -> None:
    recorded_one = a_segment(tmp_path, [a_whole(1)])
    recorded(engine, tmp_path)
    skipped = a_segment(tmp_path, [a_whole(2)], ns=2)
    a_segment(tmp_path, [a_whole(3)], ns=3)
    found = attack(engine, PLACE, name=skipped.name, to=skipped.stat().st_size)
    assert f"Where the recorder is in {skipped.name} was changed" in found.says

    Recorder(engine, tmp_path, clock=in_hours(25)).run_once()

    assert sorted(outcomes(engine)) == [1, 3]
    assert not recorded_one.exists()
    assert skipped.exists(), "no seal tells of it"
    assert f"Where the recorder is in {skipped.name} was changed" in verified(engine).says


def test_a_position_that_was_put_back_is_found_and_costs_nothing(engine: Engine, tmp_path: Path) -> None:
    store(engine, tmp_path)

    assert "it says 0, and the seals" in attack(engine, MOVE, to=0).says
    recorded(engine, tmp_path)
    assert verified(engine).whole, "it was read again"


def test_damage_that_was_let_go_is_no_gap(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [a_whole(number) for number in range(4)])
    place = broken(path, 1)
    recorded(engine, tmp_path)
    assert verified(engine).whole, "it waits"
    let_go_on(engine, place)
    recorder = Recorder(engine, tmp_path, clock=lambda: NOON)
    recorder.run_once()
    recorder.run_once()

    assert positions(engine)[path.name][0] == path.stat().st_size
    assert verified(engine).whole


def test_a_release_that_no_line_tells_of_lets_nothing_be_skipped(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [a_whole(number) for number in range(4)])
    place = broken(path, 1)
    recorder = Recorder(engine, tmp_path, clock=lambda: NOON)
    recorder.run_once()
    with writing(engine) as conn:
        statement = "INSERT INTO journal_release VALUES (:segment, :start, :end, 'p_nobody', :at)"
        values = {"segment": place.segment, "start": place.offset, "end": place.resume}
        at = "2026-11-24 12:00:00.000000" + ("" if engine.dialect.name == "sqlite" else "+00")
        conn.execute(text(statement), values | {"at": at})

    assert recorder.run_once() == 0
    assert sorted(outcomes(engine)) == [0]
    with reading(engine) as conn:
        assert verify(conn).says == (
            f"The database lets the recorder leave out the bytes {place.offset} to {place.resume} of"
            f" {path.name}, and no entry says so."
        )


def test_a_line_that_is_not_linked_to_the_log_lets_nothing_be_skipped(
    engine: Engine, tmp_path: Path, without_guards: Callable[[Engine], None]
) -> None:
    path = a_segment(tmp_path, [a_whole(number) for number in range(4)])
    place = broken(path, 1)
    recorder = Recorder(engine, tmp_path, clock=lambda: NOON)
    recorder.run_once()
    let_go_on(engine, Stopped(path.name, place.offset, place.resume + 1))
    without_guards(engine)
    with writing(engine) as conn:
        conn.execute(text("UPDATE journal_release SET resume = :to"), {"to": place.resume})
        change = "UPDATE change_log SET entry = replace(entry, :wrong, :right)"
        conn.execute(text(change), {"wrong": f":{place.resume + 1}", "right": f":{place.resume}"})

    assert recorder.run_once() == 0


def test_a_log_of_before_seals_told_of_the_journal_may_begin_anywhere() -> None:
    ranges = Ranges()
    ranges.add(1, "2026-11-24T12:00:00.000000Z", {})
    ranges.add(2, "2026-11-24T12:00:00.000000Z", {"g-00000000000000000007.journal": (500, 600)})
    ranges.add(3, "2026-11-24T12:00:00.000000Z", {"g-00000000000000000007.journal": (601, 700)})
    ranges.add(4, "2026-11-24T12:00:00.000000Z", {"g-02000000000000000000.journal": (5, 700)})
    assert [skip[0] for skip in ranges.skips] == [3, 4], "what was begun afterwards is told of whole"


@pytest.mark.parametrize(
    "said", [[], 7, {"s": [1]}, {"s": [2, 1]}, {"s": [-1, 1]}, {"s": ["0", 1]}, {"s": 7}]
)
def test_what_are_no_ranges_is_none_of_a_seal(said: object) -> None:
    with pytest.raises(ValueError, match="not"):
        ranges_in(said)


@given(cuts=st.sets(st.integers(1, 99), min_size=1), missing=st.data())
def test_whichever_part_of_a_segment_no_seal_tells_of_is_a_skip(
    cuts: set[int], missing: st.DataObject
) -> None:
    ends = [0, *sorted(cuts), 100]
    pieces = list(pairwise(ends))
    left_out = missing.draw(st.integers(0, len(pieces) - 2))
    ranges = Ranges()
    for number, piece in enumerate(pieces):
        if number != left_out:
            ranges.add(number + 1 if left_out else number, "", {"s": piece})

    assert [skip[1:] for skip in ranges.skips] == [("s", *pieces[left_out])]
    released = Releases([Stopped("s", *pieces[left_out])])
    assert released.lead("s", *pieces[left_out])
    assert not released.lead("t", *pieces[left_out])


def test_one_day_alone_is_checked_with_the_places_of_the_journal(engine: Engine, tmp_path: Path) -> None:
    store(engine, tmp_path)
    attack(engine, MOVE, to=7)
    with reading(engine) as conn:
        assert not verify_rows(conn, days=[NOON.date()]).whole
