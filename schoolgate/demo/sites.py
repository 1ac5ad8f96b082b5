"""The example sites: two small web servers on loopback, HTTP and HTTPS, that answer for every example host.

/                          a page about what kind of site this is
/download?bytes=N&slow=S   N bytes, streamed; spread over S seconds if `slow` is given
/ws                        a websocket that echoes
/seen                      how many requests this host has answered: how a test knows that nothing arrived
"""

import json
import math
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from schoolgate.demo.echo import accept_websocket, echo

LARGEST_DOWNLOAD = 2**31
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    words: str
    category: str | None = None
    colour: str = "#1d5b79"


class ExampleSites:
    """Serves `pages` (by host) from threads of this process until `stop`."""

    def __init__(self, pages: Mapping[str, Page], certificate: Path, ports: tuple[int, int] = (0, 0)) -> None:
        self.pages = pages
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        self._servers = (_Server(pages, ports[0], None), _Server(pages, ports[1], tls))

    @property
    def ports(self) -> tuple[int, int]:
        """HTTP and HTTPS."""
        return self._servers[0].server_port, self._servers[1].server_port

    def start(self) -> None:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, pages: Mapping[str, Page], port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.pages = pages
        self.tls = tls
        self.seen: Counter[str] = Counter()
        self.template = files("schoolgate").joinpath("example/page.html").read_text(encoding="utf-8")

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The TLS handshake belongs to the connection's own thread: a slow one keeps nobody waiting."""
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        with self.tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no event; anything else is shown as usual."""
        if not isinstance(sys.exception(), OSError):  # ssl.SSLError and ConnectionError are OSErrors
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SchoolgateExample"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = CHUNK  # head and body leave together
    timeout = 120
    server: _Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        host = self._host()
        if url.path == "/seen":
            self._answer(200, "application/json", json.dumps({"host": host, "seen": self.server.seen[host]}))
            return
        self.server.seen[host] += 1
        if url.path == "/ws":
            self._websocket()
        elif url.path == "/download":
            self._download(parse_qs(url.query))
        else:
            self._page(host)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Takes what is sent, and says how much it was."""
        self.server.seen[self._host()] += 1
        left = total = int(self.headers.get("Content-Length") or 0)
        while left and (taken := len(self.rfile.read(min(left, CHUNK)))):
            left -= taken
        self._answer(200, "application/json", json.dumps({"received": total - left}))

    do_PUT = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """The gate's own log is the one to read."""

    def _host(self) -> str:
        return (self.headers.get("Host") or "").partition(":")[0].lower()

    def _page(self, host: str) -> None:
        page = self.server.pages.get(host)
        if page is None:
            self._answer(404, "text/plain", "no such example site\n")
            return
        kind = f"A site of the kind “{page.category}”" if page.category else "A site that is on no list"
        text = self.server.template
        for name, value in (("title", page.title), ("words", page.words), ("host", host), ("kind", kind)):
            text = text.replace("{" + name + "}", escape(value))
        self._answer(200, "text/html; charset=utf-8", text.replace("{colour}", page.colour))

    def _answer(self, status: int, content_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _download(self, query: dict[str, list[str]]) -> None:
        try:
            size = int(query.get("bytes", ["1000000"])[0])
            seconds = float(query.get("slow", ["0"])[0])
        except ValueError:
            size, seconds = -1, 0.0
        if not 0 <= size <= LARGEST_DOWNLOAD or not 0 <= seconds <= 3600:
            self._answer(400, "text/plain", "bytes: 0 to 2147483648; slow: seconds\n")
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command != "HEAD":
            self._stream(size, seconds)

    def _stream(self, size: int, seconds: float) -> None:
        """Ten pieces a second when slow, else as fast as it goes."""
        piece = min(CHUNK, max(1, math.ceil(size / (seconds * 10)))) if seconds else CHUNK
        pause = seconds * piece / size if seconds and size else 0.0
        for sent in range(0, size, piece):
            self.wfile.write(b"s" * min(piece, size - sent))
            self.wfile.flush()
            if pause:
                time.sleep(pause)

    def _websocket(self) -> None:
        self.close_connection = True
        if accept := accept_websocket(self.headers["Upgrade"], self.headers["Sec-WebSocket-Key"]):
            self.send_response(101)
            for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade")):
                self.send_header(name, value)
            self.send_header("Sec-WebSocket-Accept", accept)
            self.end_headers()
            self.wfile.flush()
            echo(self.rfile, self.wfile)
        else:
            self._answer(426, "text/plain", "a websocket is spoken here\n")
