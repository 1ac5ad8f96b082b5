"""One gate's segments are read in their order, a look at a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from audit_log.heartbeat import Stopped
from audit_log.intake_batch import Place
from audit_log.lanes import Lane
from audit_log.positions import Positions, behind, released
from audit_log.quarantine import QUARANTINE, quarantine
from audit_log.segments import begins_anew, opened_in, segments
from tests.audit_log.records import a_close, a_segment, a_whole, add_to, an_open, event_id


@pytest.fixture
def positions(sqlite_engine: Engine) -> Positions:
    return Positions(sqlite_engine)


def pieces(lane: Lane, positions: Positions, lines: int = 100) -> Iterator[list[str]]:
    """The ids that were opened, piece by piece, as if each had been stored."""
    while piece := lane.next(lines):
        position = positions.of(piece.segment)
        positions.moved(Place(piece.segment.name, piece.end, 0, 0))
        if piece.damage:
            position.stopped = Stopped(piece.segment.name, piece.damage.offset, piece.damage.resume)
        yield list(piece.opens)


def test_segments_come_in_their_order_and_in_pieces(tmp_path: Path, positions: Positions) -> None:
    a_segment(tmp_path, [an_open(3)], ns=2, how="continued")
    a_segment(tmp_path, [an_open(1), an_open(2)], ns=1)
    lane = Lane(segments(tmp_path), positions, dead=False)

    assert list(pieces(lane, positions, lines=2)) == [[event_id(1)], [event_id(2)], [event_id(3)]]
    assert [segment.ns for segment in lane.ended] == [1], "a live gate may still write the newest"


def test_the_newest_segment_of_a_dead_gate_has_ended(tmp_path: Path, positions: Positions) -> None:
    a_segment(tmp_path, [an_open(1)])
    lane = Lane(segments(tmp_path), positions, dead=True)

    assert len(list(pieces(lane, positions))) == 1
    assert lane.ended == segments(tmp_path)


def test_what_is_written_meanwhile_waits_for_the_next_look(tmp_path: Path, positions: Positions) -> None:
    path = a_segment(tmp_path, [an_open(1)])
    lane = Lane(segments(tmp_path), positions, dead=False)
    assert len(list(pieces(lane, positions))) == 1
    add_to(path, an_open(2))

    assert list(pieces(lane, positions)) == []
    assert list(pieces(Lane(segments(tmp_path), positions, dead=False), positions)) == [[event_id(2)]]


def test_a_segment_that_waits_at_damage_is_not_read(tmp_path: Path, positions: Positions) -> None:
    path = a_segment(tmp_path, [an_open(n) for n in range(3)])
    path.write_bytes(path.read_bytes().replace(event_id(1).encode(), event_id(9).encode()))
    a_segment(tmp_path, [an_open(5)], ns=2, how="continued")
    lane = Lane(segments(tmp_path), positions, dead=True)

    assert list(pieces(lane, positions)) == [[event_id(0)], [event_id(5)]]
    assert [segment.ns for segment in lane.ended] == [2]
    assert len(positions.stopped) == 1


def test_a_first_line_tells_whether_a_process_begins(tmp_path: Path) -> None:
    assert begins_anew(a_segment(tmp_path, [], ns=1)) is True
    assert begins_anew(a_segment(tmp_path, [], ns=2, how="continued")) is False
    (tmp_path / "damaged").write_bytes(b"0badc0de {}\n")
    assert begins_anew(tmp_path / "damaged") is True
    (tmp_path / "half").write_bytes(b"0badc0de {")
    assert begins_anew(tmp_path / "half") is None


def test_what_was_opened_in_a_segment_is_found_around_damage(tmp_path: Path) -> None:
    path = a_segment(tmp_path, [an_open(1), an_open(2), a_close(2), a_whole(3), an_open(4)])
    path.write_bytes(path.read_bytes().replace(event_id(2).encode(), event_id(9).encode()))

    assert opened_in(path) == {event_id(1), event_id(4)}


def test_how_far_behind_is_the_bytes_that_are_not_stored(tmp_path: Path, positions: Positions) -> None:
    path = a_segment(tmp_path, [an_open(1)])
    size = path.stat().st_size
    assert behind(segments(tmp_path), None) == size

    positions.of(segments(tmp_path)[0])
    positions.moved(Place(path.name, size - 10, 4, 0))
    assert behind(segments(tmp_path), positions) == 6


def test_nothing_is_released_that_nobody_let_go(sqlite_engine: Engine) -> None:
    assert released(sqlite_engine, [Stopped("gate-1-1.journal", 5, 9)]) == []


def test_damaged_bytes_are_copied_once_for_their_owner_alone(tmp_path: Path) -> None:
    path = a_segment(tmp_path, [an_open(1)])
    place = Stopped(path.name, 3, 20)
    copy = quarantine(tmp_path, place)
    path.write_bytes(b"changed since")

    assert quarantine(tmp_path, place) == copy
    assert copy.parent.name == QUARANTINE
    assert (len(copy.read_bytes()), oct(copy.stat().st_mode & 0o777)) == (17, "0o600")
    assert list(copy.parent.iterdir()) == [copy]


def test_an_end_is_not_judged_before_the_next_segment_says_who_wrote_it(
    tmp_path: Path, positions: Positions
) -> None:
    path = a_segment(tmp_path, [an_open(1)])
    with path.open("ab") as file:
        file.write(b"0badc0de {half a li")
    following = a_segment(tmp_path, [], ns=2, how="continued")
    line = following.read_bytes()
    following.write_bytes(line[:5])
    lane = Lane(segments(tmp_path), positions, dead=False)
    assert (len(list(pieces(lane, positions))), lane.ended) == (1, [])

    following.write_bytes(line)
    list(pieces(Lane(segments(tmp_path), positions, dead=False), positions))
    assert [place.segment for place in positions.stopped] == [path.name]


def test_an_end_before_a_segment_that_never_began_is_torn(tmp_path: Path, positions: Positions) -> None:
    path = a_segment(tmp_path, [an_open(1)])
    with path.open("ab") as file:
        file.write(b"0badc0de {half a li")
    a_segment(tmp_path, [], ns=2).write_bytes(b"")
    lane = Lane(segments(tmp_path), positions, dead=True)

    assert len(list(pieces(lane, positions))) == 1
    assert [segment.ns for segment in lane.ended] == [1, 2]
    assert positions.stopped == []
