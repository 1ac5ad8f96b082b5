"""Tunnels that the policy wants left as they are (banking, health, safe harbours, apps that pin their keys).

mitmproxy's own way (`ignore_hosts`) looks for a name anywhere, before anybody is asked, and nobody records
it. Here a tunnel is passed on when the CONNECT and the one server name of the TLS in it name the same host,
the policy names that host for this person, `decide` lets this person go there now, the address may be
reached, and a row about it is on disk. In any other case it is decrypted as ever. It is cut like all that is
open.
"""

from dataclasses import replace
from typing import Any

from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.tcp import TCPLayer
from mitmproxy.proxy.layers.tls import ClientTLSLayer, ServerTLSLayer, parse_client_hello
from mitmproxy.tls import ClientHello

from filter_lists.names import Url
from filter_policy.model import Passthrough, Person, Reason
from filter_policy.passing import passing, rule_of
from proxy_addon import asked, told_inside
from proxy_addon.answering import Answers
from proxy_addon.asked import BadRequest
from proxy_addon.connections import Connection, Exchange
from proxy_addon.egress import EgressRefused, Unresolved
from proxy_addon.identify import still
from proxy_addon.judge import InForce
from proxy_addon.mitm_seams import Seam

LONGEST_HELLO = 64 * 1024
SERVER_NAME = 0  # the extension's number
TUNNEL = "tunnel"  # the kind of row, and the key under which it is open


class Passing:
    """Chooses what stands inside a tunnel that begins with TLS."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def is_asked_for(self, client_id: str) -> bool:
        """Whether it could be passed on at all; for most schools and tunnels not."""
        policy = self._answers.policy()
        connection = self._answers.connections.find(client_id)
        if told_inside.is_inside(connection):
            return False
        return bool(policy and policy.passthrough and connection and connection.tunnel)

    async def choose(self, data: layer.NextLayer, first: bytes) -> None:
        """Sets `data.layer`, or leaves it when there is too little to tell."""
        hello = hello_in(first)
        if hello is None and len(first) < LONGEST_HELLO and starts_like_tls_record(first):
            return
        exchange = await self._passed_on(data.context.client.id, hello) if hello else None
        data.layer = decrypted(data.context) if exchange is None else Relay(data.context, exchange)

    async def _passed_on(self, client_id: str, hello: ClientHello) -> Exchange | None:
        """What is open from now on; None where it is to be decrypted."""
        connection, force = self._answers.connections.find(client_id), self._answers.in_force()
        if connection is None or connection.tunnel is None or force is None:
            return None
        tunnel = connection.tunnel
        if not names_only(hello, tunnel.named.host):
            return None
        identity = still(tunnel.identity, force.bundle, connection.address)
        if identity is None:
            return None
        url = Url("https", tunnel.named.host, tunnel.named.port)
        now = self._answers.clock.now()
        judged = self._answers.judge((url,), identity.person, force, now, address=connection.address)
        decision = judged.decision
        whole = decision.is_block or decision.reason is Reason.INVESTIGATION  # its record is to be whole
        row = None if whole else passed_by(url, identity.person, force, self._answers)
        if row is None or not await self._is_reachable(url):
            return None
        if force is not self._answers.in_force():
            return await self._passed_on(client_id, hello)
        decision = replace(decision, reason=Reason.PASSTHROUGH, rule=rule_of(row))
        target = (url.host, url.port)
        what = self._answers.happening(TUNNEL, connection)
        what.person, what.url = identity.person, url
        exchange = Exchange(what.id, identity, (url,), target, decision, decrypted=False, relayed=True)
        return await self._recorded(
            exchange, connection, self._answers.rows.opened(what, decision, force.bundle.policy)
        )

    async def _is_reachable(self, url: Url) -> bool:
        try:
            await self._answers.egress.check(url.host, url.port)
        except (EgressRefused, Unresolved):  # inside, the page says why
            return False
        return True

    async def _recorded(
        self, exchange: Exchange, connection: Connection, row: dict[str, Any]
    ) -> Exchange | None:
        connection.open[TUNNEL] = exchange
        try:
            await self._answers.stages.record(row)
        except BaseException:
            connection.open.pop(TUNNEL, None)
            raise
        return exchange


def passed_by(url: Url, person: Person, force: InForce, answers: Answers) -> Passthrough | None:
    """By which row of the policy in force."""
    return passing(force.bundle.policy, person, url, answers.judge.classify(force.index, url))


def still_passed(exchange: Exchange, force: InForce, answers: Answers) -> bool:
    """Whether what is relayed may go on being so; of everything else, yes."""
    person, url = exchange.identity.person, exchange.names[0]
    return not exchange.relayed or passed_by(url, person, force, answers) is not None


def hello_in(first: bytes) -> ClientHello | None:
    """None where it is not whole, or is none."""
    try:
        return parse_client_hello(first)
    except ValueError:
        return None


def names_only(hello: ClientHello, host: str) -> bool:
    """One server name, said once, and it is this host."""
    said = [kind for kind, _ in hello.extensions if kind == SERVER_NAME]
    try:
        return len(said) == 1 and hello.sni is not None and asked.canonical(hello.sni) == host
    except BadRequest:
        return False


def decrypted(context: Context) -> layer.Layer:
    """TLS with us on the one side, TLS with the origin on the other."""
    outer = ServerTLSLayer(context)
    outer.child_layer = ClientTLSLayer(context)
    return outer


class Relay(TCPLayer):
    """Bytes, as they come; counted and forgotten. Ends as the connection does."""

    def __init__(self, context: Context, exchange: Exchange) -> None:
        super().__init__(context, ignore=True)
        self._exchange = exchange

    def relay_messages(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.DataReceived) and event.connection is self.context.client:
            self._exchange.count_up(event.data)
        elif isinstance(event, events.DataReceived):
            self._exchange.count_down(event.data)
            self._exchange.ends = "done"
        yield from super().relay_messages(event)


def seams() -> tuple[Seam, ...]:
    return (
        Seam(
            TCPLayer,
            "start",
            "b1418418362ceaa7855fbffc7050b9cb0fe222a42756e5822aaf601ce02c471e",
            "what `Relay` begins with: opens the server, asks no hook, keeps nothing",
        ),
        Seam(
            TCPLayer,
            "relay_messages",
            "3b3d49a9f63b7d4097fe86a26ee72020605693116c3a6a2874c62ed2422ce660",
            "what `Relay` counts around",
        ),
    )
