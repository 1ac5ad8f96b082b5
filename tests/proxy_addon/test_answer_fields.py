"""What origins say that no browser may hear, as values and through a real gate."""

from collections.abc import Iterator

import pytest
from mitmproxy.http import Headers, Request, Response

from proxy_addon.answer_fields import UnaskedUpgrade, clean
from tests.harness import Gate, a_gate, proxy_login

LOGIN = proxy_login("anna")


def answered(*fields: tuple[bytes, bytes], status: int = 200) -> list[tuple[bytes, bytes]]:
    """What is left of these fields."""
    response = Response.make(status)
    response.data.headers = Headers(fields)
    clean(response, Request.make("GET", "http://allowed.test/"))
    return list(response.data.headers.fields)


@pytest.mark.parametrize(
    "name",
    [
        "Alt-Svc",
        "ALT-SVC",
        "Alternate-Protocol",
        "Proxy-Authenticate",
        "Proxy-Authentication-Info",
        "Proxy-Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
    ],
)
def test_no_other_way_and_nothing_about_one_connection_is_passed_on(name: str) -> None:
    assert answered((name.encode(), b"x"), (b"ETag", b"y")) == [(b"ETag", b"y")]


def test_what_an_origin_names_as_its_own_is_taken_away_and_framing_is_not() -> None:
    kept = answered(
        (b"Connection", b"close, X-Mine, Content-Length"), (b"X-Mine", b"1"), (b"Content-Length", b"2")
    )
    assert kept == [(b"Connection", b"close, X-Mine, Content-Length"), (b"Content-Length", b"2")]


def test_what_a_page_needs_is_left_as_it_was() -> None:
    fields = [(b"Set-Cookie", b"a=b"), (b"Set-Cookie", b"c=d"), (b"Clear-Site-Data", b'"cache"')]
    assert answered(*fields) == fields


@pytest.mark.parametrize(("asked", "given"), [("", "websocket"), ("websocket", "tunnel/1"), ("", "h2c")])
def test_a_protocol_that_nobody_asked_for_is_none(asked: str, given: str) -> None:
    request = Request.make("GET", "http://allowed.test/")
    request.headers["Upgrade"] = asked
    with pytest.raises(UnaskedUpgrade):
        clean(Response.make(101, headers={"Upgrade": given}), request)


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"bet.test": "gambling"}) as gate:
        yield gate


def fetched(gate: Gate, answer: bytes) -> bytes:
    """What a client gets of an origin that says this."""
    gate.origin.answers["/said"] = answer
    head = b"GET http://allowed.test/said HTTP/1.1\r\nHost: allowed.test\r\n"
    return gate.raw(head + LOGIN + b"\r\n")


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_what_comes_before_an_answer_is_not_taken_for_it(status: str, gate: Gate) -> None:
    early = f"HTTP/1.1 {status}\r\nLink: </a.css>\r\nAlt-Svc: h3\r\n\r\n".encode()
    got = fetched(gate, early + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert got.startswith(b"HTTP/1.1 200")
    assert b"Alt-Svc" not in got
    assert got.endswith(b"ok")


@pytest.mark.parametrize("protocol", ["tunnel/1", "websocket", "h2c"])
def test_an_origin_cannot_go_over_to_another_protocol(protocol: str, gate: Gate) -> None:
    switch = (
        f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {protocol}\r\nConnection: Upgrade\r\n\r\nraw bytes"
    )
    got = fetched(gate, switch.encode())
    assert b"101" not in got
    assert b"raw bytes" not in got
    row = gate.last_row(kind="event", rule="responseheaders: UnaskedUpgrade")
    assert (row["reason"], row["verdict"]) == ("failed-closed", "block")
    assert gate.curl("http://allowed.test/", user="anna").status == 200


def test_trailers_of_an_answer_are_left_out(gate: Gate) -> None:
    body = b"2\r\nok\r\n0\r\nSet-Cookie: late=1\r\n\r\n"
    got = fetched(
        gate, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\n\r\n" + body
    )
    assert got.startswith(b"HTTP/1.1 200")
    assert b"late=1" not in got
    assert b"\r\nok\r\n0\r\n\r\n" in got
