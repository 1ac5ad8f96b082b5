"""How many, how fast, how long: the gate's patience with each client connection.

An addon beside the gate. All timers are one look, five times a second, at a part of the connections: no
task, no timer and no work on the way of a request. What is refused here has a row; of connections that were
closed for their number there is one row a second and address, with the count: a flood must not flood the log.
"""

import asyncio
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from mitmproxy.connection import Client
from mitmproxy.proxy.layers.tls import ClientTLSLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from audit_log.journal import reference_of
from filter_lists.names import Url
from filter_policy.model import Reason
from proxy_addon import block_page, mitm_speed
from proxy_addon.admission import Admission
from proxy_addon.answering import Answers
from proxy_addon.connections import Connection
from proxy_addon.limits import LIMITS, UPSTREAMS, Limits, most_connections
from proxy_addon.mitm_http import refused_response
from proxy_addon.mitm_websocket import Said
from proxy_addon.paces import BODY, HEAD, HELLO, QUIET, Pace, innermost
from proxy_addon.records import Happening, Outcome
from proxy_addon.room import Lingering, Reader
from proxy_addon.turned_away import TurnedAway
from proxy_addon.watch_place import is_watching

log = structlog.get_logger()

PARTS = 5  # of all connections, one at each look
Handlers = MutableMapping[Any, Any]
Note = Callable[[dict[str, Any]], None]
SAYS = {
    HEAD: "the head of a request was not whole in time",
    HELLO: "no TLS handshake in a tunnel",
    BODY: "a body came too slowly",
}
NO_HELLO_TO_US = "no TLS handshake with the proxy itself"


class Pacing:
    """`handlers`: mitmproxy's connections by id, once there are any. `places`: see watch_place.py."""

    name = "pacing"

    def __init__(
        self,
        answers: Answers,
        note: Note,
        limits: Limits = LIMITS,
        places: frozenset[int] = frozenset(),
    ) -> None:
        self.handlers: Handlers = {}
        self._answers = answers
        self._note = note
        self._limits = limits
        self._places = places
        self._admission = Admission(limits, most_connections(), self._abort)
        self._lingering = Lingering(limits.linger_seconds)
        self._turn: list[Pace] = []
        self._looks = 0
        self._noted = 0
        self._telling: set[asyncio.Task[None]] = set()

    # -- connections

    def client_connected(self, client: Client) -> None:
        client.error = "not yet admitted"  # if anything below fails, it stays out
        handler = self.handlers[client.id]
        io = handler.transports[client]
        reader = Reader(io.reader, client)
        pace = Pace(handler, client, io.writer.transport, client.peername[0], reader, since=time.monotonic())
        pace.known = self._answers.connections.find(client.id)
        pace.watches = is_watching(self._places, client.peername, client.sockname)
        is_full = len(self._lingering) + len(self._admission) > most_connections()
        if is_full and not self._admission.has_kept_place(pace):
            self._admission.refused[pace.address] += 1
            return
        if not self._admission.admit(pace):
            return
        reader.pace, io.reader = pace, reader
        client.error = None

    def client_disconnected(self, client: Client) -> None:
        if (pace := self._admission.end(client.id)) is not None:
            self._lingering.add(pace.transport)
            for io in pace.handler.transports.values():
                if io.writer is not None:
                    self._lingering.add(io.writer.transport)

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """One client may talk to many sites, but not keep them all open."""
        pace = self._admission.find(data.client.id)
        if pace is None:
            data.server.error = data.server.error or "no client"
        elif pace.reached >= UPSTREAMS and not _close_idle(pace):
            data.server.error = data.server.error or "too many sites at once"

    def server_connected(self, data: ServerConnectionHookData) -> None:
        pace = self._admission.find(data.client.id)
        if pace is not None:
            pace.reached += 1
            io = pace.handler.transports[data.server]
            io.reader = reader = Reader(io.reader, data.server)
            reader.pace = pace

    def server_disconnected(self, data: ServerConnectionHookData) -> None:
        if (pace := self._admission.find(data.client.id)) is not None:
            pace.reached -= 1

    def websocket_said(self, said: Said) -> None:
        connection = self._answers.connections.find(said.flow.client_conn.id)
        exchange = connection.open.get(said.flow.id) if connection else None
        if exchange is None:
            return
        if said.from_client:
            exchange.up += said.size
        else:
            exchange.down += said.size

    # -- by the clock

    def look(self) -> None:
        """Five times a second."""
        now = time.monotonic()
        if self._looks % PARTS == 0:
            self._turn = list(self._admission)
            self._admission.trim()
            self._lingering.look(now)
            self._note_refused()
        for pace in self._turn[self._looks % PARTS :: PARTS]:
            if self._admission.find(pace.client.id) is pace:
                self._look_at(pace, now)
        self._looks += 1

    def _look_at(self, pace: Pace, now: float) -> None:
        try:
            self._judge(pace, now)
        except Exception:
            log.exception("filter.failed_closed")
            self._abort(pace)

    def _judge(self, pace: Pace, now: float) -> None:
        phase = pace.now_waits_for()
        if pace.known is None:
            pace.known = self._answers.connections.find(pace.client.id)
        if phase != pace.phase:
            pace.phase, pace.since, pace.came = phase, now, pace.reader.came
            return
        what, waited = phase[0], now - pace.since
        if what in (HEAD, HELLO):
            if waited > self._limits.head_seconds:
                self._turn_away(pace, what)
        elif what == QUIET:
            if waited > self._limits.idle_seconds:
                self._abort(pace)
        elif what == BODY and waited > self._limits.body_seconds:
            self._weigh(pace, waited, now)
        elif time.time() - pace.handler.timeout_watchdog.last_activity > self._limits.idle_seconds:
            self._abort(pace)

    def _weigh(self, pace: Pace, waited: float, now: float) -> None:
        """A body that we ourselves hold back is not slow."""
        enough = pace.reader.came - pace.came >= waited * self._limits.body_bytes_a_second
        if enough or _is_held_back(pace):
            pace.since, pace.came = now, pace.reader.came
        else:
            self._turn_away(pace, BODY)

    # -- its end

    def _abort(self, pace: Pace) -> None:
        """At once, with what was not yet sent: whoever does not read must not be waited for."""
        handler = self.handlers.get(pace.client.id)
        if handler is not None:
            mitm_speed.abort(handler)

    def _turn_away(self, pace: Pace, what: str) -> None:
        pace.phase = (f"{what} is over", -1)
        task = asyncio.get_running_loop().create_task(self._tell(pace, what))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, pace: Pace, what: str) -> None:
        """Recorded first; then said, where HTTP can say it; then closed."""
        try:
            connection = self._answers.connections.find(pace.client.id)
            to_us = what == HELLO and (connection is None or connection.tunnel is None)
            away = TurnedAway(pace.client, 408, NO_HELLO_TO_US if to_us else SAYS[what], Reason.TOO_SLOW)
            await self.turned_away(away)
            if connection is not None:
                _cut(connection, away.status)
            if away.message and what != HELLO:
                self._say(pace, away)
                pace.handler.close_connection(pace.client)
                return
        except Exception:
            log.exception("filter.failed_closed")
        self._abort(pace)

    def _say(self, pace: Pace, away: TurnedAway) -> None:
        http = innermost(pace.handler.layer)
        speaker = http.connections.get(pace.client) if http is not None else None
        writer = pace.handler.transports[pace.client].writer
        if http is None or getattr(speaker, "response", 1) is not None or writer is None:
            return  # HTTP/2, or an answer has begun
        answer = refused_response(away.status, self._answers.pages.error(away.status, away.message))
        around = [each for each in http.context.layers if isinstance(each, ClientTLSLayer)]
        for layer in reversed(around):
            answer = b"".join(command.data for command in layer.send_data(answer))  # type: ignore[attr-defined]  # all it yields is data to send
        writer.write(answer)

    # -- rows

    async def turned_away(self, away: TurnedAway) -> None:
        connection = self._answers.connections.find(away.client.id)
        if connection is None:
            return
        what = self._happening(connection)
        row = self._row(what, away)
        await self._answers.stages.record(row)
        name = block_page.BY_STATUS.get(away.status, "bad-request")
        away.message = block_page.message(name, reference_of(what.id))

    def _happening(self, connection: Connection) -> Happening:
        what = self._answers.happening("unparsed", connection)
        if connection.tunnel is not None:
            what.person = connection.tunnel.identity.person
            what.url = Url("https", connection.tunnel.named.host, connection.tunnel.named.port)
        return what

    def _row(self, what: Happening, away: TurnedAway) -> dict[str, Any]:
        what.hidden = self._answers.hides(what.url)
        why = Outcome(away.reason, away.says)
        return self._answers.rows.whole(what, why, self._answers.policy(), away.status)

    def _note_refused(self) -> None:
        """Nobody waits for these rows: a connection that is closed without a word has had no answer."""
        handshakes = self._answers.connections.handshakes
        for what, refused in (
            ("connections", self._admission.refused),
            ("TLS handshakes", handshakes.refused),
        ):
            for address, count in refused.items():
                happening = self._answers.happening("unparsed", Connection("", address))
                why = Outcome(Reason.TOO_MANY, f"{what}: {count}")
                row = self._answers.rows.whole(happening, why, self._answers.policy(), 0)
                self._note(row | {"status": None})
            refused.clear()


def _cut(connection: Connection, status: int) -> None:
    """Their rows say that we ended them, and what was told."""
    connection.cut = True
    for exchange in connection.open.values():
        exchange.status = exchange.status or status


def _is_held_back(pace: Pace) -> bool:
    """Whether something else than the client keeps its body from coming."""
    others = (
        io.writer for connection, io in pace.handler.transports.items() if connection is not pace.client
    )
    unsent = any(writer is not None and writer.transport.get_write_buffer_size() for writer in others)
    return unsent or pace.is_full(pace.client)


def _close_idle(pace: Pace) -> bool:
    """The connection to a site that has waited longest for another request."""
    http = innermost(pace.handler.layer)
    if http is None:
        return False
    for connection, speaker in http.connections.items():
        idle = getattr(speaker, "request", 1) is None and getattr(speaker, "stream_id", 1) is None
        if idle and connection.connected and connection in pace.handler.transports:
            pace.handler.close_connection(connection)
            return True
    return False
