"""Who asks for help is not asked who they are: places of help, and the console's page to report something.

A place of help (policy.yaml: safe_harbour) is reached by everybody without a 407, by a tunnel that is not
decrypted (harbour_tunnel.py) or over plain http. The console's own `/report`, with what that page is made of,
is reached in the same way, also by somebody whose access was taken away, and also where the console is inside
the school: `reach` opens the way there for these requests, and for nothing else.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from mitmproxy.http import Request

from filter_lists.names import Url
from filter_policy.harbours import PORTS, harbour_of
from filter_policy.model import Decision, Person, Reason, Verdict
from proxy_addon import asked
from proxy_addon.addresses import spelled
from proxy_addon.asked import BadRequest, Head
from proxy_addon.clock import GateClock
from proxy_addon.connections import Connection, Exchange
from proxy_addon.egress import Egress, EgressRefused, Unresolved
from proxy_addon.identify import NOBODY, Identity
from proxy_addon.judge import InForce, Judge, Judged
from proxy_addon.records import parsed
from proxy_addon.stages import Stages
from proxy_addon.unnamed import REPORT

ANYBODY = Identity(NOBODY)  # known by being this very object: nobody was asked
NEVER = frozenset({Reason.ILLEGAL, Reason.ISOLATED})  # what shuts even this
THANKS = b"/report/thanks"
_STATIC = re.compile(rb"/static(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")


class Harbour:
    """`console`: its address, as its users reach it; empty where nobody knows."""

    def __init__(self, stages: Stages, judge: Judge, clock: GateClock, egress: Egress, console: str) -> None:
        self._stages = stages
        self._judge = judge
        self._clock = clock
        self._egress = egress
        self._console = parsed(console)

    # -- who is not asked

    async def asks(
        self, request: Request, head: Head, connection: Connection, force: InForce
    ) -> Identity | None:
        """ANYBODY, for a request that is let by whoever asks; None: as ever. Raises EgressRefused for the
        rest of a console that is inside: what browsers ask for beside the page tells nobody who reported."""
        tunnel = connection.tunnel
        scheme = "http" if tunnel is None else "https"
        if not self._may_be(scheme, request, force, helps=tunnel is None):
            return None
        try:
            found = self._stages.names(request, head, tunnel.named if tunnel else None)
        except BadRequest:
            return None
        if len(found.names) > 1 or found.websocket:
            return None
        if self._is_console(found.url):
            if tunnel is None and not self._is_report(request) and await self._is_inside(*found.url[1:3]):
                raise EgressRefused
            return ANYBODY if self._is_report(request) else None
        return ANYBODY if self._is_help(found.url, connection, force) else None

    async def opens(
        self, request: Request, head: Head, connection: Connection, force: InForce
    ) -> Identity | None:
        """The same of a CONNECT. To the console only where the policy opens no way to it: whoever may go
        there as ever goes as ever."""
        if connection.tunnel is not None or not self._may_be("https", request, force, helps=True):
            return None
        try:
            host, port, urls = self._stages.connect_names(request, head)
        except BadRequest:
            return None
        if len(urls) > 1:
            return None
        if self._is_console(urls[0]):
            return ANYBODY if await self._is_inside(host, port) else None
        return ANYBODY if self._is_help(urls[0], connection, force) else None

    async def _is_inside(self, host: str, port: int) -> bool:
        try:
            await self._egress.check(host, port)
        except EgressRefused:
            return True
        except Unresolved:
            return False
        return False

    def _may_be(self, scheme: str, request: Request, force: InForce, *, helps: bool) -> bool:
        """Looked at for every request: quick, and for almost all of them no."""
        policy, port = force.bundle.policy, request.data.port
        console = self._console
        is_console = console is not None and (console.scheme, console.port) == (scheme, port)
        if not is_console and not (helps and policy.safe_harbour and PORTS[scheme] == port):
            return False
        try:
            url = Url(scheme, asked.canonical(request.data.host), port)
        except BadRequest:
            return False
        return self._is_console(url) or (helps and harbour_of(policy, url) is not None)

    def _is_help(self, url: Url, connection: Connection, force: InForce) -> bool:
        return self.decision((url,), connection, force).reason is Reason.SAFE_HARBOUR

    def _is_console(self, url: Url) -> bool:
        return self._console is not None and self._console[:3] == url[:3]

    def _is_report(self, request: Request) -> bool:
        """By the path as it goes out, not as somebody may read it."""
        if self._console is None:
            return False
        base = self._console.path.rstrip("/").encode("ascii")
        path, method = request.data.path.partition(b"?")[0], request.data.method
        if not path.startswith(base):
            return False
        path = path[len(base) :]
        if path == b"/report":
            return method in (b"GET", b"HEAD", b"POST")
        return method in (b"GET", b"HEAD") and (path == THANKS or _STATIC.fullmatch(path) is not None)

    # -- what is decided

    def decision(
        self, urls: Sequence[Url], connection: Connection, force: InForce, person: Person = NOBODY
    ) -> Decision:
        return self._judge(urls, person, force, self._clock.now(), address=connection.address).decision

    def judged(self, judged: Judged, identity: Identity) -> Judged:
        """The way to the page where something is reported is the school's own, and no row of the policy's."""
        if identity is not ANYBODY or not self._is_console(judged.url) or judged.decision.reason in NEVER:
            return judged
        decision = replace(
            judged.decision,
            verdict=Verdict.ALLOW,
            reason=Reason.SAFE_HARBOUR,
            rule=REPORT,
            listing=None,
            unblock_id=None,
        )
        return replace(judged, decision=decision)

    def still_open(self, exchange: Exchange, connection: Connection, force: InForce) -> bool:
        """Of what was let by as help, or to a report: whether it would be now."""
        found = self.decision(exchange.names, connection, force, exchange.identity.person)
        if is_report(exchange.decision):
            exchange.decision = replace(exchange.decision, valid_until=found.valid_until)
            return found.reason not in NEVER
        exchange.decision = found
        return found.reason is Reason.SAFE_HARBOUR

    async def reach(self, url: Url, decision: Decision) -> None:
        """Raises EgressRefused, or Unresolved."""
        if is_report(decision) and self._is_console(url):
            await self._egress.find(url.host, url.port)
        else:
            await self._egress.check(url.host, url.port)

    @staticmethod
    def say_for_whom(request: Request, decision: Decision, connection: Connection) -> None:
        """To the console, on the way to a report alone: else all reports would come from one address, this
        gate's. What the client itself said of where it is was left out (claims.py)."""
        if is_report(decision) and (device := spelled(connection.address)):
            request.headers["x-forwarded-for"] = device

    def let_in(self, connection: Connection, host: str, port: int) -> None:
        """The connection that is about to be opened: inside only for a report."""
        if is_reporting(connection, host, port):
            self._egress.let_in(host, port)


def is_report(decision: Decision) -> bool:
    return decision.reason is Reason.SAFE_HARBOUR and decision.rule == REPORT


def is_reporting(connection: Connection, host: str, port: int) -> bool:
    """Whether what goes there on this connection goes to the console, to report something."""
    return any(is_report(each.decision) and each.target == (host, port) for each in connection.open.values())
