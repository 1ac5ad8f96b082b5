"""Heads, bodies and answers that never end, come in crumbs, or are larger than they look."""

import socket
import threading
import zlib
from collections.abc import Callable, Iterator

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest
from h11 import EndOfMessage, LocalProtocolError
from h11._receivebuffer import ReceiveBuffer
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon.mitm_bodies import Chunks
from tests.doors import exchange, read_some
from tests.harness import Gate, a_gate
from tests.proxy_addon.doings import get
from tests.proxy_addon.floods import MB, is_closed, post, send_all

CHUNKED = b"Transfer-Encoding: chunked"


def early_for_ever(client: socket.socket) -> None:
    while True:
        client.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")


def early_and_then(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n")
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nthen")


def many_fields(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 100_000 + b"\r\n")


def rather_many_fields(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 5000 + b"Content-Length: 0\r\n\r\n")


def endless_chunk_line(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
    while True:
        client.sendall(b"x" * 65536)


def reads_nothing(client: socket.socket) -> None:
    client.recv(1)
    threading.Event().wait(20)


SITES: dict[str, Callable[[socket.socket], None]] = {
    "early.test": early_for_ever,
    "then.test": early_and_then,
    "fields.test": many_fields,
    "some-fields.test": rather_many_fields,
    "line.test": endless_chunk_line,
    "deaf.test": reads_nothing,
}


def serve(listening: socket.socket, answer: Callable[[socket.socket], None]) -> None:
    def one(client: socket.socket) -> None:
        with client:
            try:
                asked = b""
                while b"\r\n\r\n" not in asked and (more := client.recv(65536)):
                    asked += more
                answer(client)
            except OSError:
                pass

    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=one, args=(client,), daemon=True).start()


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    listening = {name: socket.create_server(("127.0.0.1", 0)) for name in SITES}
    for name, answer in SITES.items():
        threading.Thread(target=serve, args=(listening[name], answer), daemon=True).start()
    addresses = {name: each.getsockname() for name, each in listening.items()}
    with a_gate(sites={"bet.test": "gambling"}, egress=list(addresses.values())) as gate:
        gate.set_names({f"{name}:80": [address] for name, address in addresses.items()})
        yield gate
    for each in listening.values():
        each.shutdown(socket.SHUT_RDWR)
        each.close()


@pytest.fixture
def process(gate: Gate) -> psutil.Process:
    return psutil.Process(gate.process.pid)


def test_a_head_in_crumbs_is_refused(gate: Gate) -> None:
    with gate.connect() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        send_all(client, (bytes([each]) for each in get("allowed.test", path="/" + "a" * 20_000)))
        read_some(client)
    assert gate.last_row(kind="unparsed", status=408)["rule"] == "the head came in too many pieces"


def test_a_head_in_two_pieces_is_a_head(gate: Gate) -> None:
    whole = get("allowed.test")
    for cut in (1, 10, len(whole) - 3, len(whole) - 1):
        with gate.connect() as client:
            client.sendall(whole[:cut])
            assert exchange(client, whole[cut:]).startswith(b"HTTP/1.1 200")


def test_empty_lines_are_borne_but_not_for_ever(gate: Gate) -> None:
    assert gate.raw(b"\r\n\r\n" + get("allowed.test")).startswith(b"HTTP/1.1 200")
    assert gate.raw(b"\r\n" * 100_000).startswith(b"HTTP/1.1 400")
    assert gate.last_row(rule="empty lines and no request")["kind"] == "unparsed"


@pytest.mark.parametrize(
    "body",
    [
        b"5\r\nhello\r\n5;" + b"x" * 5_000_000,
        b"5\r\nhello\r\n0\r\n" + b"a: b\r\n" * 500_000,
        b"1\r\nx\r\n" * 200_000,
    ],
    ids=["a line without end", "trailers without end", "chunks of a byte"],
)
def test_chunks_without_sense_are_cut(body: bytes, gate: Gate, process: psutil.Process) -> None:
    before = process.memory_info().rss
    path = f"/chunks/{len(body)}"
    with gate.connect() as client:
        send_all(client, [post("allowed.test", CHUNKED, path=path), body])
        assert is_closed(client)
    assert gate.last_row(url=f"http://allowed.test{path}")["outcome"] == "failed"
    assert process.memory_info().rss - before < 20 * MB


def test_trailers_are_left_out(gate: Gate) -> None:
    answer = gate.raw(post("allowed.test", CHUNKED, path="/echo") + b"5\r\nhello\r\n0\r\nA: b\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"A: b" not in answer


def test_each_of_many_pipelined_requests_is_judged(gate: Gate) -> None:
    answers = gate.raw(get("allowed.test") + get("bet.test") * 100)
    assert answers.count(b"HTTP/1.1 403") == 100


def test_thousands_of_pipelined_requests_are_not_kept(gate: Gate, process: psutil.Process) -> None:
    before = process.memory_info().rss
    with gate.connect() as client:
        send_all(client, [get("allowed.test", path="/slow/3"), get("allowed.test") * 100_000])
        assert is_closed(client)
    assert gate.last_row(reason="too-many")["rule"] == "too many requests before their answers"
    assert process.memory_info().rss - before < 20 * MB


@pytest.mark.parametrize("coding", [b"br", b"zstd", b"compress", b"gzip, gzip", b"gzip, br", b"x-new"])
def test_a_body_packed_as_no_browser_does_is_refused(coding: bytes, gate: Gate) -> None:
    answer = gate.raw(post("allowed.test", b"Content-Encoding: " + coding, b"Content-Length: 3") + b"abc")
    assert answer.startswith(b"HTTP/1.1 415")
    assert gate.last_row(status=415)["reason"] == "bad-request"
    assert not any("content-encoding" in seen.fields for seen in gate.origin.seen)


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"identity"])
def test_what_pages_report_home_goes_on_as_it_is(coding: bytes, gate: Gate) -> None:
    answer = gate.raw(post("allowed.test", b"Content-Encoding: " + coding, b"Content-Length: 3") + b"abc")
    assert answer.startswith(b"HTTP/1.1 200")
    assert gate.origin.seen[-1].body == b"abc"


def test_a_packed_answer_is_not_unpacked(gate: Gate, process: psutil.Process) -> None:
    """A megabyte that is a gigabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(MB)) for _ in range(1024)) + packer.flush()
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    gate.origin.answers["/bomb"] = head + bomb
    before = process.memory_info().rss
    assert gate.curl("http://allowed.test/bomb", user="anna").body == bomb
    assert process.memory_info().rss - before < 50 * MB


@pytest.mark.parametrize("host", ["early.test", "fields.test", "some-fields.test"])
def test_an_answer_that_never_comes_to_the_point_is_given_up(
    host: str, gate: Gate, process: psutil.Process
) -> None:
    before = process.memory_info().rss
    assert gate.curl(f"http://{host}/", user="anna").status == 502
    assert gate.last_row(host=host)["outcome"] == "failed"
    assert process.memory_info().rss - before < 20 * MB


def test_what_comes_before_an_answer_is_not_the_answer(gate: Gate) -> None:
    assert gate.curl("http://then.test/", user="anna").body == b"then"


def test_an_answer_in_endless_chunk_lines_is_cut(gate: Gate, process: psutil.Process) -> None:
    before = process.memory_info().rss
    gate.curl("http://line.test/", user="anna")
    assert gate.last_row(host="line.test")["outcome"] == "failed"
    assert process.memory_info().rss - before < 20 * MB


def test_an_upload_that_the_site_does_not_read_is_not_kept(gate: Gate, process: psutil.Process) -> None:
    before = process.memory_info().rss
    with gate.connect() as client:
        client.settimeout(2)
        sent = send_all(client, [post("deaf.test", b"Content-Length: 900000000"), *[b"x" * MB] * 100])
    assert sent < 60 * MB
    assert process.memory_info().rss - before < 30 * MB


def read_chunks(parts: list[bytes]) -> bytes | None:
    """The body, through our own reader; None when it is refused. A list of one read each."""
    reader, buf, body = Chunks(), ReceiveBuffer(), b""
    for part in parts:
        buf += part
        try:
            while (event := reader(buf)) is not None:
                if isinstance(event, EndOfMessage):
                    return body + b"|" + bytes(buf)
                body += bytes(event.data)
        except LocalProtocolError:
            return None
    return body


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.lists(st.integers(1, 60), max_size=30))
def test_chunks_are_put_together_wherever_they_are_cut(chunks: list[bytes], cuts: list[int]) -> None:
    data = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    data += b"0\r\nA: b\r\n\r\nGET /next"
    parts = []
    for cut in cuts:
        parts.append(data[:cut])
        data = data[cut:]
    body = read_chunks([*parts, data])
    whole = b"".join(chunks) + b"|"
    assert body is not None
    assert body.startswith(whole)
    assert b"GET /next".startswith(body[len(whole) :])


@pytest.mark.parametrize(
    "line", [b"", b"x", b"-1", b"+1", b"0x1", b"1 1", b"1\n", b"1\0", b"f" * 17, b" 1", b"1;\r"]
)
def test_a_size_that_two_could_read_in_two_ways_is_refused(line: bytes) -> None:
    assert read_chunks([line + b"\r\na\r\n0\r\n\r\n"]) is None


def test_a_chunk_ends_where_it_says() -> None:
    assert read_chunks([b"1\r\nab\r\n0\r\n\r\n"]) is None
