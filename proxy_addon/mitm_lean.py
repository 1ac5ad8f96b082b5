"""Small functions of mitmproxy that run many times per request, made lean without another meaning.

Each is measured (docs/performance.md); together they are a tenth of the CPU of a request.
"""

import itertools
import time
from functools import lru_cache
from typing import Any, cast

from mitmproxy.connection import Client, Connection, Server
from mitmproxy.flow import Flow
from mitmproxy.http import Headers, MessageData
from mitmproxy.net.http.http1 import read
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import GetHttpConnection

from proxy_addon.mitm_seams import Seam

RequestLine = tuple[str, int, bytes, bytes, bytes, bytes, bytes]


class HeldOptions:
    """All options as they were when the gate started. mitmproxy copies and checks an option each time it is
    read; and nothing can turn one of these while the gate runs."""

    def __init__(self, options: Options) -> None:
        values = {name: getattr(options, name) for name in options._options}
        object.__setattr__(self, "__dict__", values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} is held while the gate runs")


def _fork(original: Any) -> Any:
    def fork(self: Context) -> Context:
        forked = Context.__new__(Context)
        forked.client, forked.server, forked.options = self.client, self.server, self.options
        forked.layers = self.layers.copy()
        return forked

    return fork


def _get_all(original: Any) -> Any:
    def get_all(self: Headers, name: str | bytes) -> list[str]:
        key = (name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name).lower()
        return [v.decode("utf-8", "surrogateescape") for k, v in self.fields if k.lower() == key]

    return get_all


def _no_type_checks(original: Any) -> Any:
    def __post_init__(self: MessageData) -> None:
        return None

    return __post_init__


_ids = itertools.count(1)


def _flow_init(original: Any) -> Any:
    def __init__(self: Flow, client_conn: Client, server_conn: Server, live: bool = False) -> None:
        self.id = f"flow-{next(_ids)}"  # unlike a random one, free; it never leaves the process
        self.client_conn = client_conn
        self.server_conn = server_conn
        self.live = live
        self.timestamp_created = time.time()
        self.intercepted = False
        self._resume_event = None
        self._backup = None
        self.marked = ""
        self.is_replay = None
        self.metadata = {}
        self.comment = ""

    return __init__


def _read_request_line(original: Any) -> Any:
    """The part that names the server is parsed once for many requests: by the original, so with its rules."""

    @lru_cache(maxsize=8192)
    def server(scheme: bytes, authority: bytes) -> tuple[str, int, bytes]:
        host, port, _, plain_scheme, _, _, _ = original(b"GET %b://%b/ HTTP/1.1" % (scheme, authority))
        return host, port, plain_scheme

    def _read_request_line(line: bytes) -> RequestLine:
        parts = line.split(b" ")
        if len(parts) != 3 or b"://" not in parts[1] or parts[0] == b"CONNECT" or not line.isascii():
            return cast(RequestLine, original(line))
        method, target, version = parts
        scheme, _, rest = target.partition(b"://")
        authority, _, path = rest.partition(b"/")
        if version not in (b"HTTP/1.1", b"HTTP/1.0") or not authority or target[:1] == b"/":
            return cast(RequestLine, original(line))
        host, port, plain_scheme = server(scheme, authority)
        return host, port, method, plain_scheme, authority, b"/" + path, version

    return _read_request_line


def _spec_matches(original: Any) -> Any:
    def connection_spec_matches(self: GetHttpConnection, connection: Connection) -> bool:
        return (
            type(connection) is Server
            and self.address == connection.address
            and self.tls == connection.tls
            and self.via == connection.via
            and self.transport_protocol == connection.transport_protocol
        )

    return connection_spec_matches


def seams() -> tuple[Seam, ...]:
    return (
        Seam(
            Flow,
            "__init__",
            "7c7b602cfb75bf18528fe995fee4336bcfb44199093d8dadb0a71a6334625107",
            "a random id costs more than the rest of a flow",
            _flow_init,
        ),
        Seam(
            read,
            "_read_request_line",
            "f212df4b4badf61bac39dfe445799724f77fb9413328a8daae5924c9a3d764ab",
            "parses the server's name three times over",
            _read_request_line,
        ),
        Seam(
            Context,
            "fork",
            "cad9374a0689f10a2e947607b27169af8f7d499a87cf2e5138a02dac2790a312",
            "makes a server with a random id and throws it away",
            _fork,
        ),
        Seam(
            Headers,
            "get_all",
            "367b3317bc2ba45c0a5af45ea8f710a80c38234f8dc3c3030ce23a19b0cfa24e",
            "four calls per field",
            _get_all,
        ),
        Seam(
            MessageData,
            "__post_init__",
            "f65088e210cd9cc1dc277086ee4c7f5701d433b02e6f1d81a2ac22f94c484414",
            "checks types its own parser has just made",
            _no_type_checks,
        ),
        Seam(
            Connection,
            "__eq__",
            "04776846f3cf761c6ff9e563bddf30bdac6253d9937cb4f295c82e506b0e3c2d",
            "a live connection is itself and no other",
            lambda _: object.__eq__,
        ),
        Seam(
            Connection,
            "__hash__",
            "034412630892678ee6a9518900d1250d8e86a2b7ee948dec78daa0572769bd1e",
            "a live connection is itself and no other",
            lambda _: object.__hash__,
        ),
        Seam(
            GetHttpConnection,
            "connection_spec_matches",
            "d1c7cdec843ece5ffc10877b42a42d59df6815d5ebc26e509df820e7f26751c4",
            "asks an abstract class",
            _spec_matches,
        ),
    )
