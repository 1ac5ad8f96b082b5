"""The gate: mitmproxy's hooks, each thin, each closing when it fails.

`requestheaders` and `http_connect` ask `answering.py`; the others look again (`server_connect`), keep
tunnels to TLS with HTTP inside (`next_layer`, `tls_clienthello`), close what is open when its time is over,
and see to it that every outcome leaves a row.
"""

import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import structlog
from mitmproxy.connection import Client, Server
from mitmproxy.http import HTTPFlow
from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import modes
from mitmproxy.proxy.layers.http import HttpLayer, HttpStream
from mitmproxy.proxy.layers.tls import ClientTLSLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData, TlsData

from audit_log.journal import reference_of
from filter_lists.names import Url
from filter_policy.model import Reason
from proxy_addon import (
    answer_fields,
    asked,
    block_page,
    forms,
    front_door,
    pinned,
    tls_pages,
    told_inside,
)
from proxy_addon.answering import Answers
from proxy_addon.connections import Connection, Exchange
from proxy_addon.console_trust import trust_the_school
from proxy_addon.cut_answers import cut_answer, cut_tunnel
from proxy_addon.egress import REFUSED
from proxy_addon.guard import Answer, Case, closed_unless_allowed
from proxy_addon.harbour import is_reporting
from proxy_addon.harbour_tunnel import HarbourTunnels
from proxy_addon.mitm_http import UNREADABLE, Refusal
from proxy_addon.mitm_websocket import Tunnelled
from proxy_addon.passthrough import Passing, decrypted
from proxy_addon.records import Happening, Outcome
from proxy_addon.signs import sign_of_answer
from proxy_addon.watched import Watched, is_own

log = structlog.get_logger()

TLS_START = b"\x16\x03"
Note = Callable[[dict[str, Any]], None]
Pending = Coroutine[Any, Any, None] | None


class Gate:
    """The one product addon."""

    name = "schoolgate"

    def __init__(
        self,
        answers: Answers,
        note: Note,
        abort: Callable[[str], None],
        shorten: Callable[[str, layer.Layer], None],
    ) -> None:
        self.answers = answers
        self._note = note
        self._abort = abort
        self._shorten = shorten
        self._connections = answers.connections
        self._passing = Passing(answers)
        self._harbours = HarbourTunnels(answers)
        self.watched: Watched | None = None  # knows what the filter asks itself
        self._closed = answers.pages.notice("closed")  # what goes out when nothing else can be said

    # -- connections

    def client_connected(self, client: Client) -> None:
        self._connections.begin(client.id, client.peername[0])

    def client_disconnected(self, client: Client) -> None:
        self.forget(client.id)

    def forget(self, client_id: str) -> None:
        """What was open on it has its last row."""
        if (connection := self._connections.end(client_id)) is not None:
            self._end_connection(connection)

    def end_all(self) -> None:
        """The gate leaves: what is still open has its last row now, whatever becomes of its connection."""
        for connection in self._connections:
            self._connections.end(connection.id)
            self._end_connection(connection)

    def _end_connection(self, connection: Connection) -> None:
        for flow_id, exchange in list(connection.open.items()):
            self._close(connection, flow_id, exchange.ends)
        for flow_id in list(connection.waiting):
            self._give_up(connection, flow_id)
        if connection.tunnel is not None and not is_own(connection.tunnel):
            self._end(connection.tunnel.exchange, "cut" if connection.cut else "done")

    def next_layer(self, data: layer.NextLayer) -> Pending:
        """A proxy speaks HTTP, also in TLS; a tunnel TLS with HTTP inside. Nothing else is relayed."""
        try:
            around = data.context.layers[-1]
            if isinstance(around, modes.HttpProxy):
                data.layer = front_door.first_layer(data, self._connections) or Shut(data.context)
            elif isinstance(around, ClientTLSLayer):
                data.layer = HttpLayer(data.context, front_door.inside_tls(data.context))
            elif isinstance(around, HttpStream):
                return self._in_tunnel(data, data.data_client())  # type: ignore[no-untyped-call]  # no types
            else:
                data.layer = Shut(data.context)
        except BaseException:  # whatever it is, nothing is relayed
            data.layer = Shut(data.context)
            raise
        return None

    def _in_tunnel(self, data: layer.NextLayer, first: bytes) -> Pending:
        if starts_like_tls_record(first):
            if self._harbours.is_one(data.context.client.id):
                return self._harbours.choose(data, first)
            if self._passing.is_asked_for(data.context.client.id):
                return self._passing.choose(data, first)
            data.layer = decrypted(data.context)
            return None
        if len(first) < 3 and TLS_START.startswith(first[:2]):
            return None  # too little to tell
        return self._not_tls(data)

    async def _not_tls(self, data: layer.NextLayer) -> None:
        try:
            await self._say_of_tunnel(data.context.client, "tunnel", Outcome(Reason.NOT_TLS))
        finally:
            data.layer = Shut(data.context)

    async def _say_of_tunnel(self, client: Client, kind: str, why: Outcome) -> None:
        connection = self._connections.find(client.id)
        if connection is None or connection.tunnel is None or is_own(connection.tunnel):
            return  # of what the filter asks itself, whoever asks tells
        tunnel = connection.tunnel
        what = self.answers.happening(kind, connection)
        what.person = tunnel.identity.person
        what.url = Url("https", tunnel.named.host, tunnel.named.port)
        await self.whole(what, why, None)

    async def whole(self, what: Happening, why: Outcome, status: int | None) -> None:
        what.hidden = self.answers.hides(what.url)
        row = self.answers.rows.whole(what, why, self.answers.policy(), status or 0)
        row["status"] = status
        await self.answers.stages.record(row)

    def tls_clienthello(self, data: ClientHelloData) -> None:
        """The server name must be the CONNECT name: kept here, held against each request inside."""
        connection = self._connections.find(data.context.client.id)
        told_inside.one_at_a_time(data.context.client, connection)
        sni = data.client_hello.sni
        if connection is None or connection.tunnel is None or sni is None:
            return
        named = connection.tunnel.named
        try:
            named.sni = asked.canonical(sni)
        except asked.BadRequest:  # not a name: no request inside can agree with it
            named.sni = ""
            return
        if named.sni == named.host:
            data.context.client.sni = named.host

    def tls_start_server(self, data: TlsData) -> None:
        connection, server = self._connections.find(data.context.client.id), data.conn
        at = server.address[:2] if isinstance(server, Server) and server.address else None
        if connection is not None and at is not None and is_reporting(connection, *at):
            trust_the_school(data)

    def tls_established_client(self, data: TlsData) -> None:
        """The layers around the TLS of a tunnel have done their work, unless they are TLS too."""
        connection, inner = self._connections.find(data.context.client.id), data.context.layers[-1]
        if front_door.opened(data, self._connections) or (connection is not None and connection.secure):
            return
        if isinstance(inner, ClientTLSLayer):
            self._shorten(data.context.client.id, inner)

    async def tls_failed_client(self, data: TlsData) -> None:
        if front_door.is_ours(data.context):
            await front_door.failed(data.context.client, self.answers)
        else:
            rule = pinned.rule_of(data.conn.error)
            await self._say_of_tunnel(data.context.client, "handshake", Outcome(Reason.TLS_FAILED, rule))

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """The last look: only where something on this connection was let by."""
        data.server.error = data.server.error or "no permit"
        connection = self._connections.find(data.client.id)
        address = data.server.address
        if connection is not None and address is not None and connection.permits(address[0], address[1]):
            data.server.error = None if data.server.error == "no permit" else data.server.error
            self.answers.harbour.let_in(connection, address[0], address[1])

    async def refused(self, refusal: Refusal) -> None:
        """What could not even be read as a request."""
        connection = self._connections.find(refusal.client.id)
        if connection is None:
            return
        what = self.answers.happening("unparsed", connection)
        if connection.tunnel is not None:
            what.person = connection.tunnel.identity.person
            what.url = Url("https", connection.tunnel.named.host, connection.tunnel.named.port)
        await self.whole(what, Outcome(Reason.BAD_REQUEST, refusal.says), refusal.status)
        refusal.message = block_page.message("bad-request", reference_of(what.id))

    # -- requests

    async def requestheaders(self, flow: HTTPFlow) -> None:
        await closed_unless_allowed(flow, self._closed, self._request, self.answers.failed)

    async def _request(self, flow: HTTPFlow, case: Case) -> Answer:
        connection = self._connections.find(flow.client_conn.id)
        if self.watched is not None and (ask := self.watched.asks(flow.request, connection)) is not None:
            return await self.watched.answer(ask, flow, case)
        answer = await self.answers.request(flow, case)
        return self._unless_over(flow, connection, answer)

    def _unless_over(self, flow: HTTPFlow, connection: Connection | None, answer: Answer) -> Answer:
        if answer is None and connection is not None and self._is_over(connection):
            self._close(connection, flow.id, "failed")
            self._give_up(connection, flow.id)
            return self._closed
        return answer

    def _is_over(self, connection: Connection) -> bool:
        """Whether, while it was judged, the client has gone or was cut off."""
        return connection.cut or self._connections.find(connection.id) is None

    async def http_connect(self, flow: HTTPFlow) -> None:
        await closed_unless_allowed(flow, self._closed, self._connect, self.answers.failed)

    async def _connect(self, flow: HTTPFlow, case: Case) -> Answer:
        connection = self._connections.find(flow.client_conn.id)
        if self.watched is not None and (ask := self.watched.asks(flow.request, connection)) is not None:
            return await self.watched.open(ask, flow, case)
        return await self.answers.connect(flow, case)

    def request(self, flow: HTTPFlow) -> Pending:
        """HTTP/2 lets a request promise a body and send none; an HTTP/1 server would wait for it."""
        flow.request.data.trailers = None  # they could say anything, and no origin needs them
        if flow.response is None and flow.request.is_http2 and not flow.request.raw_content:
            promised = flow.request.headers.get("content-length", "0")
            if promised != "0":
                flow.response = self.answers.pages.notice("bad-request")
        connection = self._connections.find(flow.client_conn.id)
        if connection is not None and flow.id in connection.waiting:
            if flow.response is not None:
                self._give_up(connection, flow.id)
                return None
            return closed_unless_allowed(flow, self._closed, self._form, self.answers.failed)
        return None

    async def _form(self, flow: HTTPFlow, case: Case) -> Answer:
        connection = self._connections.find(flow.client_conn.id)
        answer = await self.answers.form(flow, case)
        return self._unless_over(flow, connection, answer)

    def _give_up(self, connection: Connection, flow_id: str) -> None:
        """Its form never came whole: nothing of it went out, and the row says so."""
        waiting = connection.waiting.pop(flow_id, None)
        if waiting is not None:
            why = Outcome(Reason.BAD_REQUEST, forms.NEVER_CAME)
            self._note(self.answers.rows.whole(waiting.what, why, self.answers.policy(), 0))

    def responseheaders(self, flow: HTTPFlow) -> Pending:
        """Bodies are passed on as they come: nothing is kept in memory."""
        response = flow.response
        connection = self._connections.find(flow.client_conn.id)
        exchange = connection.open.get(flow.id) if connection else None
        if response is None or exchange is None or flow.server_conn.timestamp_start is None:
            return None
        if connection is not None and not connection.cut:
            exchange.status = response.data.status_code
        answer_fields.clean(response, flow.request)
        response.stream = exchange.count_down
        if connection is not None and (sign := sign_of_answer(response.data.headers.fields)) is not None:
            return cut_answer(self.answers, flow, connection, exchange, sign)
        return None

    def response(self, flow: HTTPFlow) -> Pending:
        connection = self._connections.find(flow.client_conn.id)
        if connection is None or flow.id not in connection.open:
            return None
        exchange = connection.open[flow.id]
        if flow.response is not None and not connection.cut:
            exchange.status = flow.response.data.status_code
            flow.response.data.trailers = None
        if flow.websocket is not None:
            return self._websocket(flow, connection, exchange)
        self._close(connection, flow.id, "done")
        return None

    async def _websocket(self, flow: HTTPFlow, connection: Connection, request: Exchange) -> None:
        """A row of its own, on disk before the 101 goes out; open until the socket ends."""
        try:
            what = self.answers.happening("websocket", connection, flow.request)
            what.person = request.identity.person
            what.url = request.names[0]
            row = self.answers.rows.opened(what, request.decision, self.answers.policy())
            await self.answers.stages.record(row)
            self._close(connection, flow.id, "done")
            socket = replace(request, id=what.id, begun=time.monotonic(), up=0, down=0, status=101)
            connection.open[flow.id] = socket
        except BaseException:
            flow.response = self._closed
            self._abort(connection.id)
            raise

    async def websocket_tunnel(self, tunnelled: Tunnelled) -> None:
        connection = self._connections.find(tunnelled.flow.client_conn.id)
        exchange = connection.open.get(tunnelled.flow.id) if connection else None
        if connection is not None and exchange is not None:
            await cut_tunnel(self.answers, tunnelled, connection, exchange)
            if not tunnelled.is_let:
                self._close(connection, tunnelled.flow.id, "cut")

    def websocket_message(self, flow: HTTPFlow) -> None:
        """Counted and forgotten: kept messages are memory that never comes back."""
        connection = self._connections.find(flow.client_conn.id)
        exchange = connection.open.get(flow.id) if connection else None
        if flow.websocket is None:
            return
        for message in flow.websocket.messages:
            if exchange is not None and message.from_client:
                exchange.up += len(message.content)
            elif exchange is not None:
                exchange.down += len(message.content)
        flow.websocket.messages.clear()

    def websocket_end(self, flow: HTTPFlow) -> None:
        if connection := self._connections.find(flow.client_conn.id):
            self._close(connection, flow.id, "done")

    def error(self, flow: HTTPFlow) -> None:
        """It was let by and failed on the way: the row says so, and the page says which way."""
        connection = self._connections.find(flow.client_conn.id)
        exchange = connection.open.get(flow.id) if connection else None
        if connection is not None and exchange is None:
            self._give_up(connection, flow.id)
        if connection is None or exchange is None or flow.error is None:
            return
        told = flow.error.msg
        if not connection.cut:
            exchange.status = exchange.status or (400 if told == UNREADABLE else 502)
        cause = tls_pages.cause_of(told)
        self._close(connection, flow.id, cause or "failed")
        name = "egress" if REFUSED in told else cause or "unreachable"
        policy, person = self.answers.policy(), exchange.identity.person
        band = block_page.band_of(person, policy) if policy else "plain"
        flow.error.msg = block_page.message(name, "", band)  # no reference finds what was let by

    def _close(self, connection: Connection, flow_id: str, outcome: str) -> None:
        """What was open on a connection that we cut was cut, however its end is told; its status is what the
        client had been told by then."""
        exchange = connection.open.pop(flow_id, None)
        if exchange is not None:
            self._end(exchange, "cut" if connection.cut else outcome)

    def _end(self, exchange: Exchange, outcome: str) -> None:
        row = self.answers.rows.closed(
            exchange.id,
            self.answers.clock.now(),
            status=exchange.status,
            sizes=(exchange.up, exchange.down),
            ms=exchange.ms,
            outcome=outcome,
        )
        if exchange.decrypted is not None:
            row["decrypted"] = exchange.decrypted
        self._note(row)


class Shut(layer.Layer):
    """Closes the client's connection, whatever comes."""

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        yield commands.CloseConnection(self.context.client)
