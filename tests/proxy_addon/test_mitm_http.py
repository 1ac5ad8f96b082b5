"""What a request may do before a hook hears of it, through a real gate."""

import socket
from collections.abc import Iterator

import h2.config
import h2.connection
import h2.events
import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from tests.doors import read_some
from tests.harness import Gate, a_gate, a_websocket, proxy_login

MB = 1024 * 1024


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"bet.test": "gambling"}) as gate:
        yield gate


@pytest.fixture(autouse=True)
def _forget(gate: Gate) -> None:
    gate.origin.forget()


def an_upload(host: str, size: int, *fields: str) -> bytes:
    head = f"POST http://{host}/up HTTP/1.1\r\nHost: {host}\r\nContent-Length: {size}\r\n"
    return (head + "".join(f"{field}\r\n" for field in fields)).encode() + proxy_login("anna") + b"\r\n"


def test_a_refused_upload_is_answered_before_its_body(gate: Gate) -> None:
    with gate.connect() as client:
        client.sendall(an_upload("bet.test", 2_000_000_000))
        assert client.recv(65536).startswith(b"HTTP/1.1 403")
    assert gate.last_row(host="bet.test")["status"] == 403
    assert gate.origin.connections == 0


def test_a_refused_upload_is_not_kept_in_memory(gate: Gate) -> None:
    process = psutil.Process(gate.process.pid)
    before = process.memory_info().rss
    with gate.connect() as client:
        client.settimeout(20)
        client.sendall(an_upload("bet.test", 2_000_000_000))
        sent = 0
        try:
            while sent < 100 * MB:
                sent += client.send(b"x" * MB)
        except OSError:
            pass
    assert sent < 40 * MB  # it was cut off
    assert process.memory_info().rss - before < 20 * MB


def test_a_refused_upload_that_waits_to_be_told_is_not_told_to_go_on(gate: Gate) -> None:
    with gate.connect() as client:
        client.sendall(an_upload("bet.test", 5, "Expect: 100-continue"))
        assert client.recv(65536).startswith(b"HTTP/1.1 403")


def test_a_short_refused_body_leaves_the_connection_open(gate: Gate) -> None:
    with gate.connect() as client:
        client.settimeout(5)
        for _ in range(2):
            client.sendall(an_upload("bet.test", 10) + b"0123456789")
            assert read_some(client).startswith(b"HTTP/1.1 403")


def test_an_allowed_upload_is_passed_on_as_it_comes(gate: Gate) -> None:
    process = psutil.Process(gate.process.pid)
    before = process.memory_info().rss
    body = gate.folder / "upload"
    body.write_bytes(b"x" * (60 * MB))
    reply = gate.curl("http://allowed.test/up", "-T", str(body), user="anna")
    assert reply.status == 200
    assert len(gate.origin.seen[0].body) == 60 * MB
    assert process.memory_info().rss - before < 20 * MB
    assert gate.last_row(url="http://allowed.test/up")["up"] == 60 * MB


def test_a_body_in_chunks_is_passed_on(gate: Gate) -> None:
    how = ("-H", "Transfer-Encoding: chunked", "-H", "Content-Type: application/x-tar", "-d", "hello")
    reply = gate.curl("http://allowed.test/up", *how, user="anna")
    assert (reply.status, gate.origin.seen[0].body) == (200, b"hello")


@pytest.mark.parametrize("coding", ["gzip, chunked", "deflate,chunked", "compress,chunked"])
def test_a_body_that_a_site_could_take_for_a_next_request_goes_nowhere(gate: Gate, coding: str) -> None:
    head = f"POST http://allowed.test/up HTTP/1.1\r\nHost: allowed.test\r\nTransfer-Encoding: {coding}\r\n"
    answer = gate.raw(head.encode() + proxy_login("anna") + b"\r\n5\r\nhello\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    row = gate.last_row(kind="unparsed", status=400)
    assert (row["reason"], row["rule"]) == ("bad-request", "a body in another coding than chunked")
    assert gate.origin.connections == 0


def test_an_error_page_names_no_software(gate: Gate) -> None:
    for raw in (
        b"nonsense\r\n\r\n",
        b"GET http://x/ HTTP/9.9\r\n\r\n",
        an_upload("allowed.test", 1, "A b: c"),
    ):
        answer = gate.raw(raw)
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"mitmproxy" not in answer
        assert b"nonsense" not in answer


def test_a_head_without_end_is_answered_and_recorded(gate: Gate) -> None:
    assert gate.raw(b"GET http://allowed.test/" + b"a" * 100_000).startswith(b"HTTP/1.1 414")
    assert gate.last_row(kind="unparsed", status=414)["reason"] == "bad-request"


def a_client(gate: Gate, host: str = "allowed.test") -> tuple[h2.connection.H2Connection, socket.socket]:
    secure = gate.tls(host, alpn=["h2"])
    assert secure.selected_alpn_protocol() == "h2"
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    connection.initiate_connection()
    secure.sendall(connection.data_to_send())
    secure.settimeout(5)
    return connection, secure


def answers(connection: h2.connection.H2Connection, secure: socket.socket) -> dict[int, tuple[int, bytes]]:
    """(status, body) by stream."""
    found: dict[int, tuple[int, bytes]] = {}
    for event in connection.receive_data(read_some(secure)):
        if isinstance(event, h2.events.ResponseReceived):
            found[event.stream_id] = (int(dict(event.headers)[b":status"]), b"")
        elif isinstance(event, h2.events.DataReceived):
            status, body = found[event.stream_id]
            found[event.stream_id] = (status, body + event.data)
    return found


def fields(path: str = "/", authority: str = "allowed.test", method: str = "GET") -> list[tuple[str, str]]:
    return [(":method", method), (":scheme", "https"), (":authority", authority), (":path", path)]


def test_an_error_page_over_http2_names_no_software_of_others(gate: Gate) -> None:
    gate.origin.answers["/broken"] = b"no answer at all\r\n\r\n"
    connection, secure = a_client(gate)
    with secure:
        connection.send_headers(1, fields("/broken"), end_stream=True)
        secure.sendall(connection.data_to_send())
        events = connection.receive_data(read_some(secure))
    (said,) = [event for event in events if isinstance(event, h2.events.ResponseReceived)]
    assert dict(said.headers)[b":status"] == b"502"
    assert b"mitmproxy" not in b" ".join(value for _, value in said.headers).lower()


@pytest.mark.parametrize("rest", [b"abcd\r\n", b"abc\r\nxyz\r\n"], ids=["no end", "no size"])
def test_a_body_that_becomes_unreadable_is_answered_and_goes_nowhere(rest: bytes, gate: Gate) -> None:
    head = b"POST http://odd.test/up HTTP/1.1\r\nHost: odd.test\r\nTransfer-Encoding: chunked\r\n"
    answer = gate.raw(head + proxy_login("anna") + b"\r\n3\r\n" + rest)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1
    assert gate.last_row(kind="request", host="odd.test")["status"] == 400
    assert gate.origin.connections == 0


@pytest.mark.parametrize(
    "begun", [b"\x05\x01\x00", b"HELO me\r\n", b"GET http://allowed.test/ HTTP/1.1\r\nHo"]
)
def test_whoever_leaves_before_a_request_is_whole_has_one_row(begun: bytes, gate: Gate) -> None:
    before = len(gate.rows())
    with gate.connect() as client:
        client.sendall(begun)
    rows = gate.wait_rows(lambda rows: len(rows) > before)[before:]
    assert [(row["kind"], row["reason"], row["status"]) for row in rows] == [
        ("unparsed", "bad-request", None)
    ]


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/", [("cookie", f"c{each}=1") for each in range(200)], 200),
        ("/", [(f"x-{each}", "1") for each in range(200)], 400),
        ("/" + "a" * 40_000, [], 400),
    ],
    ids=["cookies", "fields", "address"],
)
def test_a_head_over_http2_may_be_as_long_as_one_over_http1(
    path: str, more: list[tuple[str, str]], status: int, gate: Gate
) -> None:
    connection, secure = a_client(gate)
    with secure:
        connection.send_headers(1, fields(path) + more, end_stream=True)
        secure.sendall(connection.data_to_send())
        assert answers(connection, secure)[1][0] == status


def test_each_stream_is_judged_alone(gate: Gate) -> None:
    connection, secure = a_client(gate)
    with secure:
        connection.send_headers(1, fields(), end_stream=True)
        connection.send_headers(3, fields(authority="bet.test"), end_stream=True)
        connection.send_headers(5, fields(authority="other.test"), end_stream=True)
        secure.sendall(connection.data_to_send())
        found = answers(connection, secure)
    assert {stream: status for stream, (status, _) in found.items()} == {1: 200, 3: 403, 5: 421}
    assert gate.origin.hosts() == ["allowed.test"]


def test_a_blocked_page_comes_over_http_2_as_well(gate: Gate) -> None:
    connection, secure = a_client(gate, "bet.test")
    with secure:
        connection.send_headers(1, fields(authority="bet.test"), end_stream=True)
        secure.sendall(connection.data_to_send())
        status, body = answers(connection, secure)[1]
    assert status == 403
    assert b"You are not in trouble" in body


def test_a_body_without_length_ends_where_it_ends(gate: Gate) -> None:
    """Over HTTP/2 nobody needs to say how long a body is; the HTTP/1 server must not read on."""
    connection, secure = a_client(gate)
    with secure:
        connection.send_headers(1, fields("/up", method="POST"))
        connection.send_data(1, b"GET / HTTP/1.1\r\nHost: bet.test\r\n\r\n", end_stream=True)
        secure.sendall(connection.data_to_send())
        assert answers(connection, secure)[1][0] == 200
    (seen,) = gate.origin.seen
    assert seen.body == b"GET / HTTP/1.1\r\nHost: bet.test\r\n\r\n"
    assert seen.fields["transfer-encoding"] == "chunked"


def test_a_promised_body_that_never_comes_is_not_passed_on(gate: Gate) -> None:
    connection, secure = a_client(gate)
    with secure:
        connection.send_headers(1, [*fields(method="POST"), ("content-length", "10")], end_stream=True)
        secure.sendall(connection.data_to_send())
        assert answers(connection, secure)[1][0] == 400
    assert gate.origin.connections == 0


def test_a_refused_upload_over_http_2_is_answered_at_once(gate: Gate) -> None:
    connection, secure = a_client(gate, "bet.test")
    with secure:
        connection.send_headers(1, fields("/up", "bet.test", "POST"))
        secure.sendall(connection.data_to_send())
        assert answers(connection, secure)[1][0] == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (":path", "/a b"),
        (":path", "/a#b"),
        (":path", "/a\\b"),
        (":path", "*"),
        (":method", "TRACE"),
        (":method", "get"),
    ],
)
def test_what_no_browser_sends_is_refused_over_http_2(name: str, value: str, gate: Gate) -> None:
    connection, secure = a_client(gate)
    with secure:
        changed = [(key, value if key == name else old) for key, old in fields()]
        connection.send_headers(1, changed, end_stream=True)
        secure.sendall(connection.data_to_send())
        assert answers(connection, secure)[1][0] == 400
    assert gate.origin.connections == 0


def test_what_was_said_on_a_websocket_is_forgotten(gate: Gate) -> None:
    process = psutil.Process(gate.process.pid)
    with a_websocket(gate, "allowed.test") as client:
        before = process.memory_info().rss
        frame = b"\x82\xfe" + (50_000).to_bytes(2) + b"\0\0\0\0" + b"x" * 50_000
        for _ in range(1000):
            client.sendall(frame)
            left = 50_004
            while left:
                left -= len(client.recv(left))
        assert process.memory_info().rss - before < 20 * MB
    assert gate.last_row(kind="websocket")["up"] == 50_000_000


def test_a_site_that_never_ends_its_head_is_given_up(gate: Gate) -> None:
    process = psutil.Process(gate.process.pid)
    before = process.memory_info().rss
    reply = gate.curl("http://allowed.test/endless", user="anna")
    assert reply.status == 502
    assert process.memory_info().rss - before < 20 * MB
    assert gate.last_row(url="http://allowed.test/endless")["outcome"] == "failed"


def test_nonsense_over_http_2_leaves_a_row(gate: Gate) -> None:
    with gate.tls("allowed.test", alpn=["h2"]) as secure:
        nothing_asked = b"\0\0\1\0\0\0\0\0\1x"  # data of a request that was never made
        secure.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + nothing_asked)
        read_some(secure)
    assert gate.last_row(kind="unparsed", rule="not proper HTTP/2")["host"] == "allowed.test"
