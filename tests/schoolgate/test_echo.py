"""The websocket that echoes, byte by byte (RFC 6455)."""

import io

import pytest

from schoolgate.demo.echo import accept_websocket, echo

MASK = b"\x01\x02\x03\x04"


def masked(payload: bytes) -> bytes:
    return bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload))


def said(frames: bytes) -> bytes:
    out = io.BytesIO()
    echo(io.BytesIO(frames), out)
    return out.getvalue()


def test_the_answer_to_the_key_is_that_of_the_standard() -> None:
    assert accept_websocket("websocket", "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert accept_websocket("WebSocket", "x") is not None


@pytest.mark.parametrize(("upgrade", "key"), [(None, "x"), ("h2c", "x"), ("websocket", None)])
def test_what_is_no_handshake_has_no_answer(upgrade: str | None, key: str | None) -> None:
    assert accept_websocket(upgrade, key) is None


def test_a_message_comes_back_unmasked() -> None:
    assert said(b"\x81\x85" + MASK + masked(b"Hello")) == b"\x81\x05Hello"


def test_a_ping_is_answered_and_a_close_ends_it() -> None:
    ping, close = b"\x89\x82" + MASK + masked(b"hi"), b"\x88\x80" + MASK

    assert said(ping + close + b"\x81\x85" + MASK + masked(b"never")) == b"\x8a\x02hi\x88\x00"


def test_a_frame_that_is_not_masked_ends_it() -> None:
    assert said(b"\x81\x05Hello") == b""
