"""What a request may do to mitmproxy before any hook hears of it, and how a failure is told.

As shipped: a head that cannot be parsed is answered without a hook, so nobody records it; a refused upload is
read to its end, into memory, before it is answered; error pages quote what was sent and name the software; a
body of unknown length that came over HTTP/2 goes to an HTTP/1 server without any mark of its end.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import HTTPMode, HttpStream, SendHttp, _http1, _http2
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpErrorHook

from proxy_addon import early_answers, held_bodies, mitm_limits, slow_heads
from proxy_addon.head_lint import NOT_YET, HeadFault, head_fault
from proxy_addon.mitm_seams import Seam

LONGEST_ANSWER_HEAD = 256 * 1024
LEFT = "the client left before its request was whole"
UNREADABLE = "a body that cannot be read"
DRAINED = 4 * 1024 * 1024  # how much of a refused body is read so that the answer arrives

REFUSAL_FIELDS = (
    (b"Content-Type", b"text/html; charset=utf-8"),
    (b"Cache-Control", b"no-store"),
    (b"Content-Security-Policy", b"default-src 'none'; style-src 'unsafe-inline'"),
    (b"Connection", b"close"),
)
NoticeOf = Callable[[int, str], bytes]  # status, message -> HTML


@dataclass(eq=False)
class Refusal:
    """A request that was refused before it became one. `message` chooses the page that goes out; `status` is
    None for a client that waits for none."""

    client: Client
    status: int | None
    says: str
    line: bytes
    message: str = ""


@dataclass
class RefusedHook(commands.StartHook):  # type: ignore[no-untyped-call]  # mitmproxy's __init_subclass__ has no types
    """Awaited before the refusal is answered."""

    name = "refused"
    refusal: Refusal


def refused_response(status: int, page: bytes) -> bytes:
    response = http.Response.make(status, page, http.Headers(REFUSAL_FIELDS))
    return http1.assemble_response(response)  # type: ignore[no-untyped-call, no-any-return]  # ships no types


def _read_headers(notice: NoticeOf) -> Callable[[Any], Any]:
    """Lint the head first; and what mitmproxy itself refuses to parse is recorded before it is answered."""

    def make(original: Any) -> Any:
        def read_headers(self: _http1.Http1Server, event: events.ConnectionEvent) -> CommandGenerator[None]:
            if not isinstance(event, events.DataReceived):
                if self.buf._data.strip():
                    yield RefusedHook(Refusal(self.context.client, None, LEFT, b""))
                yield from original(self, event)
                return
            data = self.buf._data
            fault = slow_heads.fault(self, data)
            line = bytes(data[: max(data.find(b"\r", 0, 2048), 0) or 2048])
            fault = fault or head_fault(data, _in_tunnel(self), slow_heads.seen(self))
            if fault is NOT_YET:
                slow_heads.count(self)
                return
            if fault is not None:
                yield from _refuse(self, fault, line, notice)
                return
            for command in original(self, event):
                if type(command) is commands.SendData:  # all it ever sends is its own refusal
                    yield from _refuse(self, HeadFault(400, "cannot be parsed"), line, notice)
                    return
                yield command
            slow_heads.note(self)

        return read_headers

    return make


def _read_response_headers(original: Any) -> Any:
    """An origin that never ends its head would fill our memory."""

    def read_headers(self: _http1.Http1Client, event: events.ConnectionEvent) -> CommandGenerator[None]:
        if not early_answers.is_too_much(self):
            yield from original(self, event)
            if self.state != self.read_headers or len(self.buf) <= LONGEST_ANSWER_HEAD:
                return
        if self.stream_id:
            self.buf = type(self.buf)()
            too_long = ResponseProtocolError(
                self.stream_id, "a head without end", ErrorCode.GENERIC_SERVER_ERROR
            )
            yield commands.CloseConnection(self.conn)
            yield ReceiveHttp(too_long)

    return read_headers


def _read_body(original: Any) -> Any:
    """Whoever sends a body that is none is told so, as with a head."""

    def read_body(self: Any, event: events.Event) -> CommandGenerator[None]:
        tells = isinstance(self, _http1.Http1Server) and type(event) is events.DataReceived
        for command in original(self, event):
            if tells and self.response is None:
                if type(command) is commands.CloseConnection:
                    continue  # below, when its row has the status
                if type(command) is ReceiveHttp and type(command.event) is RequestProtocolError:
                    command.event.message = UNREADABLE
                    yield command
                    yield commands.SendData(self.conn, _http1.make_error_response(400, ""))
                    yield commands.CloseConnection(self.conn)
                    continue
            yield command

    return read_body


def _in_tunnel(server: _http1.Http1Server) -> bool:
    above = server.context.layers[-2]
    return getattr(above, "mode", None) is not HTTPMode.regular


def _refuse(
    server: _http1.Http1Server, fault: HeadFault, line: bytes, notice: NoticeOf
) -> CommandGenerator[None]:
    server.state = server.done
    refusal = Refusal(server.context.client, fault.status, fault.says, line)
    yield RefusedHook(refusal)
    if refusal.message:  # else it could not be recorded, and is not answered
        page = notice(fault.status, refusal.message)
        yield commands.SendData(server.conn, refused_response(fault.status, page))
    yield commands.CloseConnection(server.conn)


def _protocol_error(original: Any) -> Any:
    def protocol_error(self: Any, message: str, *error_code: Any, **more: Any) -> CommandGenerator[None]:
        if isinstance(self, _http2.Http2Server):
            yield RefusedHook(Refusal(self.context.client, 400, "not proper HTTP/2", b""))
        yield from original(self, message, *error_code, **more)

    return protocol_error


def _start_request_stream(original: Any) -> Any:
    """An answer that is there already goes out now, not after the body; the body is let run out."""
    begin = held_bodies.held(original)

    def start_request_stream(self: HttpStream) -> CommandGenerator[None]:
        response = self.flow.response
        if response is None:
            yield from begin(self)
            return
        client, content = self.context.client, response.raw_content
        yield SendHttp(ResponseHeaders(self.stream_id, response, not content), client)
        if content:
            yield SendHttp(ResponseData(self.stream_id, content), client)
        yield SendHttp(ResponseEndOfMessage(self.stream_id), client)
        self.flow.live = False
        self.client_state = functools.partial(_run_out, self, [DRAINED])

    return start_request_stream


def _run_out(stream: HttpStream, left: list[int], event: events.Event) -> CommandGenerator[None]:
    if isinstance(event, RequestData):
        left[0] -= len(event.data)
        if left[0] < 0:
            stream.client_state = stream.state_errored
            enough = ResponseProtocolError(stream.stream_id, "enough", ErrorCode.KILL)
            yield SendHttp(enough, stream.context.client)


def _handle_protocol_error(original: Any) -> Any:
    """What the error hook wrote into the flow's error is what the client's page is made of."""

    def handle_protocol_error(
        self: HttpStream, event: RequestProtocolError | ResponseProtocolError
    ) -> CommandGenerator[None]:
        generator, reply = original(self, event), None
        while True:
            try:
                command = generator.send(reply)
            except StopIteration:
                return
            reply = yield command
            if isinstance(command, HttpErrorHook) and self.flow.error:
                event.message = self.flow.error.msg

    return handle_protocol_error


def _send_to_http1(original: Any) -> Any:
    """A body from HTTP/2 whose length nobody said is sent in chunks, on a connection of its own."""

    def send(self: _http1.Http1Client, event: Any) -> CommandGenerator[None]:
        if isinstance(event, RequestHeaders) and not event.end_stream and _is_endless(event.request):
            event = RequestHeaders(event.stream_id, _chunked(event.request), False)
        yield from original(self, event)

    return send


def _is_endless(request: http.Request) -> bool:
    return request.is_http2 and "content-length" not in request.headers


def _chunked(request: http.Request) -> http.Request:
    copied: http.Request = request.copy()
    copied.http_version = "HTTP/1.1"
    if "Host" not in copied.headers and copied.authority:
        copied.headers.insert(0, "Host", copied.authority)
    copied.authority = ""
    if len(cookies := copied.headers.get_all("Cookie")) > 1:
        copied.headers["Cookie"] = "; ".join(cookies)
    copied.headers["Transfer-Encoding"] = "chunked"
    copied.headers["Connection"] = "close"
    return copied


def _make_error_response(notice: NoticeOf) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        def make_error_response(status_code: int, message: str = "") -> bytes:
            return refused_response(status_code, notice(status_code, message))

        return make_error_response

    return make


def _format_error(notice: NoticeOf) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        def format_error(status_code: int, message: str) -> bytes:
            return notice(status_code, message)

        return format_error

    return make


def _no_version(_original: Any) -> Any:
    """All that is taken from it here is the name in that field."""
    return SimpleNamespace(MITMPROXY="Schoolgate")


def seams(notice: NoticeOf) -> tuple[Seam, ...]:
    return (*_refusals(notice), *_STREAMS, *mitm_limits.seams())


def _refusals(notice: NoticeOf) -> tuple[Seam, ...]:
    """Where mitmproxy answers by itself."""
    return (
        Seam(
            _http1.Http1Server,
            "read_headers",
            "3fe0945216bcf7bc505e296e44dd33908b19aa900d4157e977499bf7164027d6",
            "no limit of size, and a head it cannot parse is answered without any hook",
            _read_headers(notice),
        ),
        Seam(
            _http2.Http2Connection,
            "protocol_error",
            "461f5e7de9c9b687b68e74b49413d0043ad138184324f2e7631a8b6cfba1c887",
            "a stream it cannot parse is answered without any hook",
            _protocol_error,
        ),
        Seam(
            _http1,
            "make_error_response",
            "03ce75ab62e8e78ba1bc19e735d55a520bf878929c32866868dd234996b4b281",
            "the page quotes the request and names the software",
            _make_error_response(notice),
        ),
        Seam(
            _http2,
            "format_error",
            "26271a67770fbaf15df76fbce2eae73accd7c5559ba7c0181056e0992abd4d2f",
            "the page quotes the request",
            _format_error(notice),
        ),
        Seam(
            _http2,
            "version",
            "081de8d22ceeea6267ddf573b39c6f33b79d90dd2e18265e1f74a135124c64fe",
            "an answer of its own over HTTP/2 names the software in a field",
            _no_version,
        ),
    )


_STREAMS = (
    Seam(
        _http1.Http1Connection,
        "read_body",
        "aece271029af36e4b7eaf84aa17ddcf4ee0efb35e7f04c842c2a7333804a71f1",
        "a body that it cannot read is closed without a word",
        _read_body,
    ),
    Seam(
        HttpStream,
        "start_request_stream",
        "46f03368a2a5436256a2f5afc4be43db81c9951bad213d62eb66629573986fbe",
        "a refused upload was read into memory to its end, or crashed",
        _start_request_stream,
    ),
    Seam(
        HttpStream,
        "handle_protocol_error",
        "59fc3b2eeeabf63a64d4cce98b4fe4cab5193ebefbd9c32ae186e65c7d25bfe2",
        "an error hook cannot say what the error page shows",
        _handle_protocol_error,
    ),
    Seam(
        _http1.Http1Client,
        "read_headers",
        "415454c5fa8b598177bdf456581a30f54c4af591bc3c3dd68ea774b5cd178977",
        "no limit of size",
        _read_response_headers,
    ),
    Seam(
        _http1.Http1Client,
        "send",
        "35d961e20d4812046b21ccbb4e616b38f2898780b32363b943a0b31fa499f871",
        "a body without length from HTTP/2 had no mark of its end on HTTP/1",
        _send_to_http1,
    ),
)
