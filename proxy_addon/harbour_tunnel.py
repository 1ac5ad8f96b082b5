"""Tunnels to places of help: passed on as they are, whoever opened them, and whatever `passthrough` says.

Only where the one server name in them is that of the CONNECT, and its address may be reached. Where another
name is in it, or none, somebody uses such a tunnel for something else: then it is judged as ever, and so
whoever opened it is asked for after all, with what the CONNECT said of them.
"""

from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy import layer
from mitmproxy.tls import ClientHello

from filter_lists.names import Url
from filter_policy.harbours import RULE
from filter_policy.model import Reason
from proxy_addon.answering import Answers
from proxy_addon.connections import Connection, Exchange, Tunnel
from proxy_addon.egress import EgressRefused, Unresolved
from proxy_addon.harbour import ANYBODY
from proxy_addon.identify import NotIdentified, TooBusy, Withheld
from proxy_addon.judge import InForce
from proxy_addon.passthrough import LONGEST_HELLO, TUNNEL, Relay, decrypted, hello_in, names_only

SAYS_PAGE = {Reason.EGRESS: "egress", Reason.UNREACHABLE: "unreachable"}


class HarbourTunnels:
    """Chooses what stands inside a tunnel for whose opener nobody has asked."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def is_one(self, client_id: str) -> bool:
        connection = self._answers.connections.find(client_id)
        tunnel = connection.tunnel if connection is not None else None
        return tunnel is not None and tunnel.asks is not None

    async def choose(self, data: layer.NextLayer, first: bytes) -> None:
        """Sets `data.layer`, or leaves it when there is too little to tell."""
        hello = hello_in(first)
        if hello is None and len(first) < LONGEST_HELLO and starts_like_tls_record(first):
            return
        exchange = await self._let_by(data.context.client.id, hello)
        data.layer = decrypted(data.context) if exchange is None else Relay(data.context, exchange)

    async def _let_by(self, client_id: str, hello: ClientHello | None) -> Exchange | None:
        """What is open from now on; None where a page of ours is to be told inside."""
        answers = self._answers
        connection, force = answers.connections.find(client_id), answers.in_force()
        if connection is None or connection.tunnel is None or force is None:
            return None
        named = connection.tunnel.named
        url = Url("https", named.host, named.port)
        decision = answers.harbour.decision((url,), connection, force)
        is_help = decision.reason is Reason.SAFE_HARBOUR
        if not is_help or hello is None or not names_only(hello, named.host):
            await self._ask_after_all(connection, connection.tunnel, force)
            return None
        if (failure := await self._failure(url)) is not None:
            connection.tunnel.withheld = Withheld(failure, RULE, SAYS_PAGE[failure])
            return None
        if force is not answers.in_force():
            return await self._let_by(client_id, hello)
        what = answers.happening(TUNNEL, connection)
        what.url = url
        target = (url.host, url.port)
        exchange = Exchange(what.id, ANYBODY, (url,), target, decision, decrypted=False, relayed=True)
        connection.open[TUNNEL] = exchange
        try:
            await answers.stages.record(answers.rows.opened(what, decision, force.bundle.policy))
        except BaseException:
            connection.open.pop(TUNNEL, None)
            raise
        return exchange

    async def _failure(self, url: Url) -> Reason | None:
        try:
            await self._answers.egress.check(url.host, url.port)
        except EgressRefused:
            return Reason.EGRESS
        except Unresolved:
            return Reason.UNREACHABLE
        return None

    async def _ask_after_all(self, connection: Connection, tunnel: Tunnel, force: InForce) -> None:
        """Nobody can be asked for a password in here: without one, each request inside is refused."""
        given, tunnel.asks = tunnel.asks or (), None
        try:
            tunnel.identity = tunnel.exchange.identity = await self._answers.signed_in(
                given, connection, force
            )
        except NotIdentified as fault:
            tunnel.withheld = Withheld(fault.reason, RULE, "bad-request")
        except TooBusy:
            tunnel.withheld = Withheld(Reason.FAILED_CLOSED, RULE, "busy")
        except Withheld as fault:
            tunnel.withheld = fault
