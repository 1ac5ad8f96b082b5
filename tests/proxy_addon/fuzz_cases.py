"""What to play to the gate without sockets: a small grammar, the known ways around, and mutations of both."""

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import hpack
import yaml

from tests.proxy_addon.fuzz_machine import TLS_MARK, Case

CORPUS = Path(__file__).parents[2].parent / "shared" / "bypass_corpus_dev.yaml"
OPEN, SHUT = "allowed.test", "blocked.test"
HOSTS = (
    *(OPEN,) * 8,
    *(SHUT,) * 4,
    *(f"www.{OPEN}", f"www.{SHUT}", "ALLOWED.Test.", "other.test", "localhost", "127.0.0.1", "2130706433"),
    *("0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "169.254.169.254", "schoolgate.invalid"),
    *(f"{OPEN}@{SHUT}", f"{OPEN}%00.{SHUT}", f"{OPEN}\\.{SHUT}", f"{OPEN}, {SHUT}", "xn--llowed-cua.test"),
    *("\u24d0llowed.test", "a" * 64 + ".test", "", " ", "*", f".{OPEN}", f"{OPEN}..", f"{OPEN}#{SHUT}"),
)
PORTS = ("",) * 10 + (":80", ":443", ":8080", ":0", ":99999", ":+80", ":", ":00080", ":22")
PATHS = (
    "/",
    "/a?b=c",
    "/%2e%2e/",
    "*",
    "//x",
    "/\\",
    "/ x",
    "",
    "/\t",
    "/http://blocked.test/",
    "/a#b",
    "/\xff",
)
METHODS = ("GET",) * 8 + (
    "POST",
    "POST",
    "PUT",
    "HEAD",
    "OPTIONS",
    "CONNECT",
    "TRACE",
    "PRI",
    "get",
    "G\x00T",
)
VERSIONS = ("HTTP/1.1",) * 12 + ("HTTP/1.0", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.1 x", "")
FIELDS = (
    "Connection: close",
    "Connection: keep-alive",
    "Connection: Upgrade, Host",
    "Proxy-Connection: keep-alive",
    "Proxy-Authorization: Basic YW5uYTp4",
    "Proxy-Authorization: Bearer x",
    "X-Forwarded-Host: blocked.test",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding : chunked",
    "Content-Length: 5",
    "Content-Length: 0",
    "Content-Length: 99999999999999999999",
    "Content-Length: +5",
    "Expect: 100-continue",
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAA==",
    "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nConnection: Upgrade, HTTP2-Settings",
    "Upgrade: tunnel/1",
    "TE: trailers",
    "Trailer: Host",
    "Alt-Used: blocked.test",
    "Host: blocked.test",
    "X-A: b\r\n c: d",
    "X-A: b\rHost: blocked.test",
    ": empty",
    "No colon",
    "Cookie: a=b",
    "Content-Type: application/x-www-form-urlencoded",
)
BODIES = (
    "",
    "",
    "hello",
    "0\r\n\r\n",
    "5\r\nhello\r\n0\r\n\r\n",
    "5;x=y\r\nhello\r\n0\r\nHost: blocked.test\r\nX: y\r\n\r\n",
    "0\r\nContent-Length: 7\r\n\r\n",
    "-1\r\n",
    "5\r\nhel",
    "fffffffffffffffff\r\nx",
    "GET http://blocked.test/ HTTP/1.1\r\nHost: blocked.test\r\n\r\n",
)
ANSWERS = (
    *(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",) * 4,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: y\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: tunnel/1\r\nConnection: Upgrade\r\n\r\nraw",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: x\r\n\r\n\x81\x02hi\x88\x00",
    b'HTTP/1.1 304 Not Modified\r\nAlt-Svc: h3=":443"\r\nKeep-Alive: timeout=5\r\n\r\n',
    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"HTTP/1.1 999 x\r\nX\x00: y\r\n\r\n",
    b"",
)
WEBSOCKET_FRAMES = (
    b"\x81\x82\0\0\0\0hi",
    b"\x88\x80\0\0\0\0",
    b"\x89\x80\0\0\0\0",
    b"\xff\xff",
    b"\x01\x80\0\0\0\0",
)
TOKENS = (
    *(b"\r\n", b"\r", b"\n", b"\0", b" ", b"\t", b":", b"/", b"@", b"%", b"#", b"\\", b"?", b",", b"\xff"),
    *(
        b"blocked.test",
        b"Host: blocked.test\r\n",
        b"HTTP/1.1",
        b"Transfer-Encoding: chunked\r\n",
        b"CONNECT ",
    ),
    *(b"\r\n\r\n", b"\r\n ", b"http://", b"https://", b"127.0.0.1", b"[::1]", b"\x16\x03\x01", b"-", b"0"),
)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def cases(seed: int, count: int) -> Iterator[Case]:
    """The same ones for the same seed."""
    random = Random(seed)  # noqa: S311  # the same ones again is what is wanted
    known = list(known_ways())
    for number in range(count):
        case = random.choice(known) if known and number % 2 else made(random)
        yield mutated(random, case, known)


def made(random: Random) -> Case:
    answer = random.choice(ANSWERS)
    kind = random.randrange(10)
    if kind < 5:
        chunks = tuple(_request(random, in_tunnel=False) for _ in range(random.randint(1, 3)))
        if random.random() < 0.2:
            chunks += (random.choice(WEBSOCKET_FRAMES),)
        return Case(chunks, answer=answer)
    connect = _connect(random)
    if kind == 5:
        return Case((connect, bytes(random.randrange(256) for _ in range(random.randint(1, 60)))))
    sni = random.choice(HOSTS)
    if kind < 8:
        inside = tuple(_request(random, in_tunnel=True) for _ in range(random.randint(1, 3)))
        return Case((connect, TLS_MARK, *inside), sni, answer=answer)
    return Case((connect, TLS_MARK, PREFACE + b"".join(_frames(random))), sni, b"h2", answer)


def _connect(random: Random) -> bytes:
    host = OPEN if random.random() < 0.8 else random.choice(HOSTS)
    port = ":443" if random.random() < 0.9 else random.choice(PORTS)
    said = host if random.random() < 0.9 else random.choice(HOSTS)
    more = random.choice(FIELDS) + "\r\n" if random.random() < 0.2 else ""
    return f"CONNECT {host}{port} HTTP/1.1\r\nHost: {said}{port}\r\n{more}\r\n".encode("latin-1", "replace")


def _request(random: Random, *, in_tunnel: bool) -> bytes:
    host, path = random.choice(HOSTS), random.choice(PATHS)
    absolute = in_tunnel == (random.random() < 0.1)
    target = f"{random.choice(('http', 'http', 'http', 'https', 'ftp', 'HTTP'))}://{host}{random.choice(PORTS)}{path}"
    named = host if random.random() < 0.8 else random.choice(HOSTS)
    lines = [f"{random.choice(METHODS)} {target if absolute else path} {random.choice(VERSIONS)}"]
    lines += [f"Host: {named}{random.choice(PORTS)}"] if random.random() < 0.95 else []
    lines += random.choices(FIELDS, k=random.choice((0, 0, 0, 1, 1, 2, 4)))
    text = "\r\n".join(lines) + "\r\n\r\n" + random.choice(BODIES)
    return text.encode("utf-8" if random.random() < 0.1 else "latin-1", "replace")


# HTTP/2


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    size = len(payload)
    return struct.pack(">BHBBI", size >> 16 & 0xFF, size & 0xFFFF, kind, flags, stream) + payload


def _frames(random: Random) -> Iterator[bytes]:
    yield frame(4, 0, 0, b"")
    encoder = hpack.Encoder()
    for number in range(random.randint(1, 4)):
        stream = number * 2 + 1 if random.random() < 0.95 else random.randrange(6)
        fields = _pseudo(random)
        block = encoder.encode(
            [
                (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
                for name, value in fields
            ]
        )
        ends = random.random() < 0.6
        yield frame(1, 4 | ends, stream, block)
        if not ends:
            yield frame(0, random.randrange(2), stream, b"x" * random.choice((0, 5, 10)))
            trailer = encoder.encode([(b"x-trailer", b"y")])
            yield frame(1, 5, stream, trailer) if random.random() < 0.5 else b""
        if random.random() < 0.2:
            yield frame(
                random.randrange(14),
                random.randrange(256),
                stream,
                random.randbytes(random.choice((0, 4, 8))),
            )


def _pseudo(random: Random) -> list[tuple[str, str]]:
    host = OPEN if random.random() < 0.6 else random.choice(HOSTS)
    fields = [
        (":method", random.choice(METHODS)),
        (":scheme", random.choice(("https",) * 8 + ("http", "ftp"))),
        (":path", random.choice(PATHS)),
        (":authority", host + random.choice(PORTS)),
    ]
    more = [
        ("host", random.choice(HOSTS)),
        ("content-length", "10"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("te", "trailers"),
        (":protocol", "websocket"),
        (":authority", SHUT),
        ("X-Upper", "y"),
        ("cookie", "a=b"),
        ("x\r\nhost", SHUT),
        (":path", "/ HTTP/1.1\r\nHost: blocked.test"),
        ("expect", "100-continue"),
    ]
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        fields.insert(random.randint(0, len(fields)), random.choice(more))
    if random.random() < 0.05:
        fields.pop(random.randrange(len(fields)))
    return fields


# The known ways around, where they are at hand


def known_ways() -> Iterator[Case]:
    if not CORPUS.exists():
        return
    for case in yaml.safe_load(CORPUS.read_text())["cases"]:
        yield from _known(case)


def _known(case: dict[str, Any]) -> Iterator[Case]:
    where = case.get("connect", "").encode()
    connect = b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (where, where)
    if case["transport"] == "h2" and "h2_streams" in case:
        fields = b"".join(_streams(case["h2_streams"]))
        yield Case((connect, TLS_MARK, PREFACE + frame(4, 0, 0, b"") + fields), case["sni"], b"h2")
    if "raw" not in case or case["transport"] not in ("http", "connect+raw", "connect+tls"):
        return
    raw = case["raw"] if isinstance(case["raw"], list) else [case["raw"]]
    texts = [re.sub(r"\{AUTH:[^}]*\}", "", text.replace("{PROXY_PORT}", "8080")) for text in raw]
    parts = tuple(text.encode(case.get("encoding", "latin-1"), "replace")[:8192] for text in texts)
    if case["transport"] == "http":
        yield Case(parts)
    elif case["transport"] == "connect+raw":
        yield Case((connect, *parts))
    else:
        yield Case((connect, TLS_MARK, *parts), case["sni"])


def _streams(streams: list[list[list[str]]]) -> Iterator[bytes]:
    encoder = hpack.Encoder()
    for number, fields in enumerate(streams):
        block = encoder.encode([(name.encode(), value.encode("latin-1")) for name, value in fields])
        yield frame(1, 5, number * 2 + 1, block)


# Mutations


def mutated(random: Random, case: Case, others: list[Case]) -> Case:
    chunks = list(case.chunks)
    for _ in range(random.choice((0, 1, 1, 2, 3, 6))):
        at = random.randrange(len(chunks))
        if chunks[at] != TLS_MARK or random.random() < 0.02:
            chunks[at] = _changed(random, chunks[at], others)
    if random.random() < 0.3:
        at = random.randrange(len(chunks))
        if chunks[at] != TLS_MARK:
            chunks[at : at + 1] = _cut(random, chunks[at])
    answer = case.answer
    if random.random() < 0.1:
        answer = _changed(random, random.choice(ANSWERS), others)
    return Case(tuple(each for each in chunks if each), case.sni, case.alpn, answer)


def _changed(random: Random, data: bytes, others: list[Case]) -> bytes:
    at, to = sorted((random.randint(0, len(data)), random.randint(0, len(data))))
    kind = random.randrange(7)
    if kind == 0 and data:
        at = random.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + data[to:]
    if kind == 2:
        return data[:to] + data[at:]
    if kind == 3:
        return data[:at] + random.choice(TOKENS) + data[at:]
    if kind == 4 and others:
        other = random.choice(random.choice(others).chunks)
        return data[:at] + other[random.randint(0, len(other)) :]
    lines = data.split(b"\r\n")
    if kind == 5:
        lines.insert(random.randint(0, len(lines)), random.choice(lines))
    else:
        random.shuffle(lines[1:])
        lines.insert(random.randint(0, len(lines)), random.choice(FIELDS).encode())
    return b"\r\n".join(lines)


def _cut(random: Random, data: bytes) -> list[bytes]:
    cuts = sorted(random.randint(0, len(data)) for _ in range(random.randint(1, 6)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]


def scaled(here: int, each_round: int) -> int:
    """How many: `here` in CI, more under `make torture`."""
    return max(here, int(os.environ.get("SCHOOLGATE_TORTURE_ROUNDS", "0")) * each_round)
