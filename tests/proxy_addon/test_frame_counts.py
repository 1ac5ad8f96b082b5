"""Floods of frames are seen before anything works on them; what browsers send is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon import limits
from proxy_addon.frame_counts import Flood, FrameCounts
from tests.proxy_addon.floods import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    HEADERS,
    PING,
    PREFACE,
    PRIORITY,
    RESET,
    SETTINGS,
    WINDOW,
    frame,
)

FLOODS = {
    "reset": frame(RESET, 1, b"\0\0\0\x08"),
    "ping": frame(PING, 0, b"12345678"),
    "settings": frame(SETTINGS),
    "priority": frame(PRIORITY, 1, b"\0\0\0\0\1"),
    "window": frame(WINDOW, 0, b"\0\0\0\1"),
    "small data": frame(DATA, 1),
    "headers": frame(HEADERS, 1, b"\x82", END_HEADERS),
    "other": frame(0x42, 1, b"x"),
}


@pytest.mark.parametrize(("name", "one"), FLOODS.items(), ids=FLOODS)
def test_a_flood_is_stopped_at_its_number(name: str, one: bytes) -> None:
    counts = FrameCounts(preface=True)
    counts.read(PREFACE + one * limits.FRAMES[name])
    with pytest.raises(Flood, match=name):
        counts.read(one)


def read_all(counts: FrameCounts, parts: list[bytes]) -> None:
    for part in parts:
        counts.read(part)


@given(st.lists(st.integers(1, 400), max_size=60))
def test_frames_are_counted_the_same_wherever_they_are_cut(cuts: list[int]) -> None:
    data = PREFACE + b"".join(frame(PING, 0, b"12345678") + frame(DATA, 1, b"x" * 100) for _ in range(101))
    counts = FrameCounts(preface=True)
    parts = []
    for cut in [*cuts, len(data)]:
        parts.append(data[:cut])
        data = data[cut:]
    with pytest.raises(Flood):
        read_all(counts, [*parts, data])


@given(st.binary(max_size=5000))
def test_any_bytes_are_counted_or_refused(data: bytes) -> None:
    counts = FrameCounts(preface=False)
    try:
        for at in range(0, len(data), 7):
            counts.read(data[at : at + 7])
    except Flood:
        pass


def test_a_block_of_header_fields_has_an_end() -> None:
    counts = FrameCounts(preface=False)
    counts.read(frame(HEADERS, 1, b"x"))
    assert counts.in_block
    with pytest.raises(Flood, match="without end"):
        counts.read(frame(CONTINUATION, 1, b"x") * (limits.CONTINUATIONS + 1))
    with pytest.raises(Flood, match="without end"):
        FrameCounts(preface=False).read(frame(HEADERS, 1, b"x" * (limits.HEADER_BLOCK + 1)))


def test_window_updates_are_earned_by_what_was_sent() -> None:
    counts = FrameCounts(preface=False)
    counts.sent = limits.WINDOW_BYTES * 5000
    counts.read(FLOODS["window"] * (limits.FRAMES["window"] + 5000))


def test_after_a_while_counting_begins_anew() -> None:
    now = [0.0]
    counts = FrameCounts(preface=False, clock=lambda: now[0])
    for _ in range(10):
        counts.read(FLOODS["ping"] * limits.FRAMES["ping"])
        now[0] += limits.FRAMES_SECONDS


def test_a_page_of_three_hundred_parts_that_is_left_is_no_flood() -> None:
    counts = FrameCounts(preface=False)
    counts.read(frame(HEADERS, 1, b"x" * 300, END_HEADERS) * 300 + FLOODS["reset"] * 100)
