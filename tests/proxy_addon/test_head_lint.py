"""The head of a request: what a browser sends passes, what two parsers could read in two ways does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon.head_lint import LONGEST_HEAD, NOT_YET, head_fault

GOOD = b"GET http://a.test/x?y=1 HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\n\r\n"
INSIDE = b"GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n"


def status(data: bytes, in_tunnel: bool = False) -> int | None:
    fault = head_fault(data, in_tunnel)
    return fault.status if fault else None


@pytest.mark.parametrize(
    "line",
    [b"GET http://a.test/ HTTP/1.1", b"CONNECT a.test:443 HTTP/1.1", b"POST HTTPS://a.test HTTP/1.0"],
)
def test_what_a_client_of_a_proxy_sends_passes(line: bytes) -> None:
    assert status(line + b"\r\nHost: a.test\r\n\r\n") is None


def test_what_a_browser_sends_inside_a_tunnel_passes() -> None:
    assert status(INSIDE, in_tunnel=True) is None
    assert status(b"OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n", in_tunnel=True) is None


def test_a_query_may_hold_what_browsers_leave_in_it() -> None:
    assert status(GOOD.replace(b"?y=1", b'?y=a\\b|c^d{}"<>')) is None


def test_a_head_that_has_not_ended_is_waited_for() -> None:
    for end in range(len(GOOD)):
        assert status(GOOD[:end]) is None


@pytest.mark.parametrize(
    "head",
    [
        GOOD.replace(b"\r\nAccept", b"\r\n Accept"),
        GOOD.replace(b"\r\nAccept", b"\r\n\tAccept"),
        GOOD.replace(b"\r\nAccept", b"\nAccept"),
        GOOD.replace(b"\r\nAccept", b"\rAccept"),
        GOOD.replace(b"*/*", b"a\0b"),
        GOOD.replace(b"\r\n", b"\n"),
        GOOD.replace(b" HTTP/1.1", b""),
        GOOD.replace(b"HTTP/1.1", b"HTTP/2.0"),
        GOOD.replace(b"HTTP/1.1", b"HTTP/1.1 x"),
        GOOD.replace(b"GET ", b"GET  "),
        GOOD.replace(b"GET ", b"get "),
        GOOD.replace(b"GET ", b"TRACE "),
        GOOD.replace(b"/x?", b"/x#"),
        GOOD.replace(b"/x?", b"/\\x?"),
        GOOD.replace(b"http:", b"ftp:"),
        INSIDE,
    ],
)
def test_what_no_browser_sends_is_refused(head: bytes) -> None:
    assert status(head) == 400


def test_a_tunnel_is_not_a_proxy() -> None:
    assert status(GOOD, in_tunnel=True) == 400


def test_a_head_has_an_end() -> None:
    assert status(b"GET http://a.test/" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a.test\r\n\r\n") is None
    assert status(b"GET http://a.test/" + b"a" * 70_000) == 414
    assert status(b"GET http://a.test/" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: a.test\r\n\r\n") == 414
    assert status(GOOD[:-2] + b"X: y\r\n" * 200 + b"\r\n") == 431
    assert status(GOOD[:-2] + b"X: " + b"y" * LONGEST_HEAD) == 431


def test_a_chunked_body_begins_with_a_size() -> None:
    head = GOOD[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
    assert head_fault(head, False) is NOT_YET
    assert status(head + b"5\r\nhello\r\n0\r\n\r\n") is None
    assert status(head + b"5;a=b\r\nhello") is None
    assert status(head + b"FFFFFFFFFFFFFFFFF\r\nabc") == 400
    assert status(head + b"-1\r\n") == 400
    assert status(head + b"x" * 40_000) == 400
    assert status(head + b"3\nabc\n0\n\n") == 400
    assert status(head + b"3;a=b\nabc\r\n") == 400
    assert status(head + b"3; a") == 0  # more may come


@pytest.mark.parametrize("after", [b"", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"])
@pytest.mark.parametrize("more", [b"", b"Expect: 100-continue\r\n"])
@pytest.mark.parametrize(
    "coding",
    [
        b"gzip, chunked",
        b"deflate,chunked",
        b"compress,chunked",
        b"x-gzip, chunked",
        b"chunked, chunked",
        b"chunked,",
        b"chunked\x0b",
        b"gzip",
        b"identity",
        b"",
        b"chunked\r\nTransfer-Encoding: chunked",
        b"gzip\r\nTransfer-Encoding: chunked",
    ],
)
def test_a_body_is_chunked_once_or_not_coded_at_all(coding: bytes, more: bytes, after: bytes) -> None:
    """What knows only chunked would take such a body for the next request."""
    assert status(GOOD[:-2] + more + b"transfer-Encoding: " + coding + b"\r\n\r\n" + after) == 400


def test_chunked_may_be_written_as_one_likes() -> None:
    for coding in (b"chunked", b" Chunked ", b"\tCHUNKED\t"):
        assert status(GOOD[:-2] + b"Transfer-Encoding:" + coding + b"\r\n\r\n0\r\n\r\n") is None
    assert status(GOOD[:-2] + b"X-Transfer-Encoding: gzip, chunked\r\n\r\n") is None


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_make_it_crash(data: bytes, in_tunnel: bool) -> None:
    for each in (data, GOOD + data, data + b"\r\n\r\n", b"GET http://a.test/" + data + b" HTTP/1.1\r\n\r\n"):
        fault = head_fault(each, in_tunnel)
        assert fault is None or fault.status in (0, 400, 414, 431)


@given(st.binary(min_size=1, max_size=20))
def test_only_visible_characters_pass_in_an_address(data: bytes) -> None:
    head = b"GET http://a.test/" + data + b" HTTP/1.1\r\nHost: a.test\r\n\r\n"
    if status(head) is None:
        assert all(byte > 0x20 and byte != 0x7F for byte in data)
