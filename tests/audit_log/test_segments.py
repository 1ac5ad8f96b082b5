"""Lines with checksums: what was written comes back, what was cut off ends the reading, damage is said."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_log.segments import (
    CHUNK,
    JournalDamage,
    encode_line,
    last_time,
    read_segment,
    segment_path,
    segments,
)

VALUES = (
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text() | st.lists(st.text(), max_size=3)
)
RECORDS = st.lists(st.dictionaries(st.text(), VALUES, max_size=6), max_size=12)
SOME = [{"id": str(number), "url": "https://example.test/" + "x" * number} for number in range(8)]


def a_segment(folder: Path, records: list[dict[str, Any]], gate: str = "gate-1", ns: int = 1) -> Path:
    path = segment_path(folder, gate, ns)
    path.write_bytes(b"".join(encode_line(record) for record in records))
    return path


def read(path: Path, offset: int = 0) -> list[dict[str, Any]]:
    return [record for _, record in read_segment(path, offset)]


@pytest.fixture(scope="module")
def folder() -> Any:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@given(records=RECORDS)
def test_what_was_written_comes_back(folder: Path, records: list[dict[str, Any]]) -> None:
    assert read(a_segment(folder, records)) == records


@given(records=RECORDS, start=st.integers(0, 12))
def test_reading_goes_on_where_it_stopped(folder: Path, records: list[dict[str, Any]], start: int) -> None:
    path = a_segment(folder, records)
    offsets = [0, *[offset for offset, _ in read_segment(path, 0)]]
    start = min(start, len(records))

    assert read(path, offsets[start]) == records[start:]
    assert offsets[-1] == path.stat().st_size


@given(cut=st.integers(0, 2000))
def test_a_tail_that_was_cut_off_ends_the_reading(folder: Path, cut: int) -> None:
    path = a_segment(folder, SOME)
    whole = path.read_bytes()
    kept = whole[: cut % len(whole)]
    path.write_bytes(kept)

    assert read(path) == SOME[: kept.count(b"\n")]


@given(place=st.integers(0, 2000), bit=st.integers(0, 7))
def test_a_changed_bit_is_damage_and_the_rest_can_still_be_read(folder: Path, place: int, bit: int) -> None:
    path = a_segment(folder, SOME)
    data = bytearray(path.read_bytes())
    place %= len(data)
    data[place] ^= 1 << bit
    path.write_bytes(bytes(data))

    before: list[dict[str, Any]] = []
    try:
        before.extend(record for _, record in read_segment(path, 0))
        after = []  # no good line follows: as if it had been cut off
    except JournalDamage as damage:
        assert damage.offset <= place < damage.resume
        after = read(path, damage.resume)
        before = SOME[: data[: damage.offset].count(b"\n")]

    found = before + after
    assert [record for record in SOME if record in found] == found, "nothing is changed, or comes twice"
    assert len(found) >= len(SOME) - 2


def test_a_line_longer_than_a_reading_comes_whole(folder: Path) -> None:
    records = [{"url": "a" * (2 * CHUNK + 7)}, {"url": "b"}]

    assert read(a_segment(folder, records)) == records


@pytest.mark.parametrize("record", [{"share": float("nan")}, {"when": object()}, {"set": {1}}])
def test_what_json_cannot_hold_is_refused(record: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        encode_line(record)


def test_segments_are_found_by_name_and_sorted(tmp_path: Path) -> None:
    for gate, ns in (("gate-2", 5), ("gate-1", 40), ("gate-1", 9)):
        a_segment(tmp_path, [], gate, ns)
    (tmp_path / "gate-1.lock").touch()
    (tmp_path / "recorder.json").touch()

    assert [(s.gate, s.ns) for s in segments(tmp_path)] == [("gate-1", 9), ("gate-1", 40), ("gate-2", 5)]


def test_the_last_time_is_the_latest_of_all_gates(tmp_path: Path) -> None:
    a_segment(tmp_path, [{"at": "2026-11-24T12:00:02.000000Z"}, {"at": "2026-11-24T12:00:01.000000Z"}], ns=1)
    a_segment(tmp_path, [{"t": "start"}], ns=2)
    a_segment(tmp_path, [{"at": "2026-11-24T11:00:00.000000Z"}], "gate-2")

    assert last_time(tmp_path) == "2026-11-24T12:00:02.000000Z"


def test_the_last_time_of_a_long_segment_is_read_from_its_end(tmp_path: Path) -> None:
    many = [{"at": f"2026-11-24T12:00:00.{number:06}Z", "url": "x" * 500} for number in range(2000)]
    path = a_segment(tmp_path, many)
    with path.open("ab") as file:
        file.write(b"a torn ta")

    assert last_time(tmp_path) == "2026-11-24T12:00:00.001999Z"


def test_an_empty_folder_has_no_last_time(tmp_path: Path) -> None:
    assert last_time(tmp_path) is None
