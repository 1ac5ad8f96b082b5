"""A server of lists for tests: real sockets on loopback, plain or TLS. It does as told, and remembers."""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from schoolgate.demo.authority import ExampleAuthority

Page = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class ListServer:
    """`pages` answer; `seen` are the paths and heads that came. `address` is without closing slash."""

    address: str
    ca: Path | None
    pages: dict[str, Page] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def put(
        self, path: str, content: bytes | str, etag: str = "", last_modified: str = "", **more: str
    ) -> str:
        """Serve a file as servers do; the answer is its address."""
        body = content.encode() if isinstance(content, str) else content
        named = {"ETag": etag, "Last-Modified": last_modified, **more}
        headers = {name.replace("_", "-"): value for name, value in named.items() if value}

        def page(request: BaseHTTPRequestHandler) -> None:
            asked = request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")
            same = bool(etag and asked[0] == etag) or bool(last_modified and asked[1] == last_modified)
            answer(request, 304 if same else 200, b"" if same else body, **headers)

        self.pages[path] = page
        return self.address + path

    def answer(self, path: str, status: int, **headers: str) -> str:
        self.pages[path] = lambda request: answer(request, status, b"", **headers)
        return self.address + path

    def say(self, path: str, *words: bytes, wait: Callable[[], object] = lambda: None) -> str:
        """Bytes on the wire as they are; `wait` is called after each. Then the connection is closed."""

        def page(request: BaseHTTPRequestHandler) -> None:
            for each in words:
                request.wfile.write(each)
                wait()
            request.close_connection = True

        self.pages[path] = page
        return self.address + path

    def headers(self, path: str) -> list[dict[str, str]]:
        return [headers for seen, headers in self.seen if seen == path]


def answer(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    request.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


def _not_found(request: BaseHTTPRequestHandler) -> None:
    answer(request, 404)


@contextlib.contextmanager
def a_list_server(folder: Path, *, tls: bool = True, address: str = "127.0.0.1") -> Iterator[ListServer]:
    """Until the block ends. With TLS it is `localhost`, by an authority of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            with contextlib.suppress(OSError):  # whoever asked may have left
                made.pages.get(self.path, _not_found)(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = Server((address, 0), Handler)
    made = ListServer(f"http://{address}:{server.server_port}", None)
    if tls:
        authority = ExampleAuthority()
        made.ca = folder / "list-server-ca.pem"
        made.ca.write_bytes(authority.certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.write_site(["localhost"], folder))
        server.tls = context
        made.address = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]  # as typeshed has it
        """The handshake is made in the thread of the request, so that one that fails stops nobody."""
        if self.tls is not None:
            request.settimeout(10)
            request = self.tls.wrap_socket(request, server_side=True)
        with request:
            super().finish_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves, or does not trust us, is what some tests want."""
