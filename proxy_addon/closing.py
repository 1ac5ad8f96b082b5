"""What becomes of a connection on which a hook failed: it is cut, said to the technician, and recorded.

mitmproxy logs such a hook and goes on, so a hook that could not say no is one that said yes. Here what the
hook was about is shut in the way that mitmproxy understands for it, and the client's connection with all it
has open is cut: whatever mitmproxy does next, there is nobody to send it to.
"""

import traceback
from collections.abc import Callable
from functools import singledispatch
from typing import Any

import structlog
from mitmproxy.connection import Client
from mitmproxy.flow import Error, Flow
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData, TlsData

from filter_policy.model import Reason
from proxy_addon import asked, patience
from proxy_addon.connections import Connection
from proxy_addon.gate import Gate, Shut
from proxy_addon.mitm_http import Refusal
from proxy_addon.mitm_websocket import Said
from proxy_addon.records import Outcome
from proxy_addon.turned_away import TurnedAway

log = structlog.get_logger()

FAULT = "event"  # the kind of row: something noticed beside any request
CLOSED = "the filter failed"


class Closing:
    """Hears of each hook that raised or took too long, and of each crash inside mitmproxy."""

    def __init__(self, gate: Gate, abort: Callable[[str], None]) -> None:
        self._gate = gate
        self._abort = abort

    def __call__(self, hook: str, argument: Any, fault: BaseException) -> None:
        shut(argument)
        client = client_of(argument)
        log.error("filter.failed_closed", hook=hook, fault=type(fault).__name__, where=where(fault))
        if client is None:
            return
        connections = self._gate.answers.connections
        connection = connections.find(client.id) or Connection(client.id, client.peername[0])
        connection.cut = True
        self._abort(client.id)
        if hook == "client_disconnected":
            self._gate.forget(client.id)
        patience.afterwards(self._record(hook, argument, connection, type(fault).__name__))

    async def _record(self, hook: str, argument: Any, connection: Connection, fault: str) -> None:
        what = self._gate.answers.happening(FAULT, connection)
        exchange = connection.open.get(argument.id) if isinstance(argument, HTTPFlow) else None
        if exchange is None and connection.tunnel is not None:
            exchange = connection.tunnel.exchange
        if exchange is not None:
            what.person, what.url = exchange.identity.person, exchange.names[0]
        elif isinstance(argument, HTTPFlow) and argument.request is not None:
            what.url = asked.guess(argument.request)
        await self._gate.whole(what, Outcome(Reason.FAILED_CLOSED, f"{hook}: {fault}"), None)


def where(fault: BaseException) -> str:
    """Functions and lines, without what was in them."""
    return "".join(traceback.format_tb(fault.__traceback__)[-8:])


def client_of(argument: Any) -> Client | None:
    """Whose connection it is about."""
    if isinstance(argument, Client):
        return argument
    if isinstance(argument, Flow):
        return argument.client_conn
    if isinstance(argument, NextLayer | ClientHelloData | TlsData):
        return argument.context.client
    if isinstance(argument, ServerConnectionHookData | Refusal | TurnedAway):
        return argument.client
    if isinstance(argument, Said):
        return argument.flow.client_conn
    return None


@singledispatch
def shut(argument: Any) -> None:
    """Leave it so that mitmproxy goes no further with it."""


@shut.register
def _(client: Client) -> None:
    client.error = client.error or CLOSED


@shut.register
def _(flow: Flow) -> None:
    flow.error = Error(Error.KILLED_MESSAGE)


@shut.register
def _(data: NextLayer) -> None:
    data.layer = Shut(data.context)


@shut.register
def _(data: ClientHelloData) -> None:
    data.ignore_connection = False


@shut.register
def _(data: TlsData) -> None:
    data.ssl_conn = None


@shut.register
def _(data: ServerConnectionHookData) -> None:
    data.server.error = CLOSED


@shut.register
def _(refusal: Refusal) -> None:
    refusal.message = ""


@shut.register
def _(away: TurnedAway) -> None:
    away.message = ""


@shut.register
def _(said: Said) -> None:
    shut(said.flow)
