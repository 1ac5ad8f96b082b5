"""Neighbours of known ways around the gate: one step beside each, over real sockets.

Tunnels in tunnels, bodies where none belongs, HTTP/2 where it was not agreed on, names that differ in one of
four places, streams that ride on the tunnel of another.
"""

from collections.abc import Iterator, Sequence

import h2.events
import pytest

from tests.doors import exchange, read_head, read_some
from tests.harness import Gate, a_gate, proxy_login
from tests.proxy_addon.floods import careless_h2

LOGIN = proxy_login("anna")


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"bet.test": "gambling"}) as gate:
        yield gate


@pytest.fixture(autouse=True)
def _forget(gate: Gate) -> None:
    gate.origin.forget()


def head(line: str, *fields: str) -> bytes:
    return f"{line}\r\n".encode() + LOGIN + "".join(f"{field}\r\n" for field in fields).encode() + b"\r\n"


PLAIN = {
    "a tunnel that begins with a body": head(
        "CONNECT allowed.test:443 HTTP/1.1", "Host: allowed.test:443", "Content-Length: 5"
    )
    + b"hello",
    "a tunnel that begins with chunks": head(
        "CONNECT allowed.test:443 HTTP/1.1", "Host: allowed.test:443", "Transfer-Encoding: chunked"
    )
    + b"0\r\n\r\n",
    "HTTP/2 that nobody agreed on": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0",
    "a tunnel in old HTTP for another Host": head("CONNECT allowed.test:443 HTTP/1.0", "Host: bet.test:443"),
    "a tunnel by a URL": head("CONNECT https://allowed.test/ HTTP/1.1", "Host: allowed.test"),
    "a tunnel to two ports": head("CONNECT allowed.test:443:80 HTTP/1.1", "Host: allowed.test:443"),
    "an origin form at the proxy": head("GET / HTTP/1.1", "Host: allowed.test"),
    "a Host with a user": head("GET http://allowed.test/ HTTP/1.1", "Host: anna@allowed.test"),
    "a Host of another port": head("GET http://allowed.test:80/ HTTP/1.1", "Host: allowed.test:443"),
    "two targets in one line": head(
        "GET http://allowed.test/ http://bet.test/ HTTP/1.1", "Host: allowed.test"
    ),
    "a length beside chunks, later": head(
        "POST http://allowed.test/ HTTP/1.1",
        "Host: allowed.test",
        "Transfer-Encoding: chunked",
        "X: y",
        "Content-Length: 4",
    )
    + b"0\r\n\r\n",
    "chunks in old HTTP": head(
        "POST http://allowed.test/ HTTP/1.0", "Host: allowed.test", "Transfer-Encoding: chunked"
    )
    + b"0\r\n\r\n",
}


@pytest.mark.parametrize("way", PLAIN)
def test_a_way_beside_a_known_one_is_refused_with_a_row(way: str, gate: Gate) -> None:
    before = len(gate.rows())
    got = gate.raw(PLAIN[way])
    assert got.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), got[:80]
    assert gate.origin.connections == 0
    rows = gate.wait_rows(lambda rows: len(rows) > before)[before:]
    assert {row["verdict"] for row in rows} == {"block"}


def test_a_connect_inside_a_tunnel_is_no_request(gate: Gate) -> None:
    with gate.tls("allowed.test") as secure:
        got = exchange(secure, b"CONNECT bet.test:443 HTTP/1.1\r\nHost: bet.test:443\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 400")
    assert gate.origin.connections == 0


def test_old_http_that_stays_open_is_judged_each_time(gate: Gate) -> None:
    with gate.connect() as client:
        client.settimeout(5)
        stay = "Connection: keep-alive"
        first = exchange(client, head("GET http://allowed.test/ HTTP/1.0", "Host: allowed.test", stay))
        second = exchange(client, head("GET http://bet.test/ HTTP/1.0", "Host: bet.test", stay))
    assert first.split(b" ")[1] == b"200"
    assert second == b"" or second.split(b" ")[1] == b"403"
    assert gate.origin.hosts() == ["allowed.test"]


def test_requests_that_come_together_are_judged_one_by_one(gate: Gate) -> None:
    asked = [
        head(f"GET http://{host}/ HTTP/1.1", f"Host: {host}") for host in ("allowed.test", "bet.test") * 3
    ]
    got = gate.raw(b"".join(asked))
    assert [got.count(b"HTTP/1.1 %d" % status) for status in (200, 403)] == [3, 3]
    assert gate.origin.hosts() == ["allowed.test"] * 3


def test_trailers_and_where_else_it_was_told_are_not_passed_on(gate: Gate) -> None:
    body = b"5\r\nhello\r\n0\r\nHost: bet.test\r\nX-Late: y\r\n\r\n"
    got = gate.raw(
        head(
            "POST http://allowed.test/echo HTTP/1.1",
            "Host: allowed.test",
            "Transfer-Encoding: chunked",
            "TE: trailers",
            "Trailer: X-Late",
            "Alt-Used: bet.test",
            "Connection: TE, Host",
        )
        + body
    )
    assert got.startswith(b"HTTP/1.1 200")
    (seen,) = gate.origin.seen
    assert not {"te", "trailer", "alt-used", "x-late"} & seen.fields.keys()
    assert (seen.host, seen.body) == ("allowed.test", b"hello")


# HTTP/2: each stream by itself

Fields = Sequence[tuple[str, str]]


def a_stream(authority: str = "allowed.test", **changes: str) -> Fields:
    fields = {":method": "GET", ":scheme": "https", ":path": "/", ":authority": authority}
    return list((fields | {f":{name}": value for name, value in changes.items()}).items())


def streamed(gate: Gate, *streams: Fields, body: bytes = b"", trailers: Fields = ()) -> dict[int, str]:
    """The status of each stream; "gone" where it was reset or the connection closed."""
    with gate.tls("allowed.test", alpn=["h2"]) as secure:
        secure.settimeout(5)
        connection = careless_h2()
        for number, fields in enumerate(streams):
            connection.send_headers(number * 2 + 1, fields, end_stream=not (body or trailers))
            if body:
                connection.send_data(number * 2 + 1, body, end_stream=not trailers)
            if trailers:
                connection.send_headers(number * 2 + 1, trailers, end_stream=True)
        secure.sendall(connection.data_to_send())
        found = {number * 2 + 1: "gone" for number in range(len(streams))}
        for event in connection.receive_data(read_some(secure)):
            if isinstance(event, h2.events.ResponseReceived) and event.headers and event.stream_id:
                found[event.stream_id] = dict(event.headers)[b":status"].decode()
        return found


def test_streams_for_another_name_do_not_ride_on_a_tunnel(gate: Gate) -> None:
    found = streamed(gate, a_stream(), a_stream("www.allowed.test"), a_stream("bet.test"), a_stream())
    assert [found[number] for number in (1, 3, 5, 7)] == ["200", "421", "403", "200"]
    assert set(gate.origin.hosts()) == {"allowed.test"}


@pytest.mark.parametrize(
    "stream",
    [
        [(":method", "CONNECT"), (":authority", "allowed.test:443")],
        [(":method", "CONNECT"), (":authority", "bet.test:443")],
        a_stream(method="CONNECT", protocol="websocket"),
        a_stream(path="http://bet.test/"),
        a_stream(path=""),
        a_stream(scheme="ftp"),
        a_stream(method="TRACE"),
        [*a_stream(), ("host", "bet.test")],
        [*a_stream(), ("connection", "close")],
        [*a_stream(), ("x-a", "b\r\nhost: bet.test")],
        [("cookie", "a=b"), *a_stream()],
    ],
    ids=lambda fields: " ".join(f"{name}={value}" for name, value in fields).replace("\r\n", "|"),
)
def test_a_stream_that_no_browser_sends_reaches_nothing(stream: Fields, gate: Gate) -> None:
    (status,) = streamed(gate, stream).values()
    assert status == "gone" or status >= "400"
    assert not [seen for seen in gate.origin.seen if seen.host != "allowed.test"]
    assert gate.is_alive


def test_trailers_of_a_stream_are_left_out(gate: Gate) -> None:
    found = streamed(gate, a_stream(method="POST", path="/echo"), body=b"hello", trailers=[("x-late", "y")])
    assert found == {1: "200"}
    (seen,) = gate.origin.seen
    assert "x-late" not in seen.fields
    assert seen.body == b"hello"


def test_a_tunnel_that_was_refused_leaves_nothing_behind(gate: Gate) -> None:
    """The next request on that connection stands for itself."""
    with gate.connect() as client:
        client.settimeout(5)
        client.sendall(head("CONNECT allowed.test:22 HTTP/1.1", "Host: allowed.test:22"))
        assert b" 403 " in read_head(client)
        read_some(client)
        got = exchange(client, head("GET http://bet.test/ HTTP/1.1", "Host: bet.test"))
    assert got == b"" or got.startswith(b"HTTP/1.1 403")
    assert gate.origin.connections == 0
