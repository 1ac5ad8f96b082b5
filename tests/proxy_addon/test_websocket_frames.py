"""Frames are told from other bytes wherever they are cut, and nothing of them is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon.websocket_frames import Frames, NotFrames

SIZES = st.sampled_from([0, 1, 125, 126, 127, 65535, 65536, 70000])


def a_frame(first: int, content: bytes, mask: bool = True) -> bytes:
    size, bit = len(content), 0x80 if mask else 0
    if size < 126:
        head = bytes([first, bit | size])
    elif size < 65536:
        head = bytes([first, bit | 126]) + size.to_bytes(2)
    else:
        head = bytes([first, bit | 127]) + size.to_bytes(8)
    return head + (b"\0\0\0\0" if mask else b"") + content


def whole_message(sizes: list[int], mask: bool) -> bytes:
    last = len(sizes) - 1
    firsts = [(0x80 if at == last else 0) | (2 if at == 0 else 0) for at in range(len(sizes))]
    return b"".join(a_frame(first, b"x" * size, mask) for first, size in zip(firsts, sizes, strict=True))


@given(st.lists(SIZES, min_size=1, max_size=4), st.booleans(), st.lists(st.integers(1, 70000), max_size=20))
def test_all_of_a_message_goes_on_wherever_it_is_cut(sizes: list[int], mask: bool, cuts: list[int]) -> None:
    data, frames = whole_message(sizes, mask), Frames(from_client=mask)
    passed, content = b"", 0
    for cut in [*cuts, len(data)]:
        part, data = data[:cut], data[cut:]
        out, size = frames.feed(part)
        passed, content = passed + out, content + size
    out, size = frames.feed(data)
    assert passed + out == whole_message(sizes, mask)
    assert content + size == sum(sizes)


def test_a_message_without_end_goes_on_and_nothing_of_it_is_kept() -> None:
    frames = Frames(from_client=True)
    frames.feed(a_frame(0x02, b"x"))
    for _ in range(1000):
        assert frames.feed(a_frame(0x00, b"x" * 1000))[1] == 1000
    assert frames._held == b""


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n",
        a_frame(0x82, b"x", mask=False),
        a_frame(0xC2, b"x"),
        a_frame(0x83, b"x"),
        a_frame(0x80, b"x"),
        a_frame(0x02, b"x") + a_frame(0x82, b"x"),
        a_frame(0x89, b"x" * 126),
        a_frame(0x09, b"x"),
        b"\x82\xff" + b"\xff" * 8,
        b"\x82\xff" + b"\xff" * 8 + b"\0\0\0\0",
        a_frame(0x88, b"") + a_frame(0x82, b"x"),
    ],
    ids=range(11),
)
def test_what_is_no_frame_of_a_client_is_not_passed_on(data: bytes) -> None:
    with pytest.raises(NotFrames):
        Frames(from_client=True).feed(data + b"\0" * 20)


def test_compressed_messages_need_the_word_of_both() -> None:
    assert Frames(from_client=True, deflate=True).feed(a_frame(0xC1, b"abc"))[1] == 3
    with pytest.raises(NotFrames):
        Frames(from_client=True, deflate=True).feed(a_frame(0xC9, b"abc"))


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_are_refused(data: bytes) -> None:
    try:
        passed, size = Frames(from_client=False).feed(data)
    except NotFrames:
        return
    assert data.startswith(passed)
    assert size <= len(passed)
