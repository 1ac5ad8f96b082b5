"""The one answer: may this request go out, and if not, what is said instead.

identity, names, classification, decision, egress, record: in this order, and each may only end in a refusal
that is on disk, or in the next. None means "let by", and comes last.
"""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog
from mitmproxy.http import HTTPFlow, Request, Response

from audit_log.journal import JournalError, new_event_id, reference_of
from filter_lists.names import Url
from filter_policy.decide import is_illegal
from filter_policy.forms import counts
from filter_policy.judge import listings_of
from filter_policy.model import Decision, Person, Policy, Reason, Verdict
from proxy_addon import asked as names
from proxy_addon import block_page, forms, isolating, patience, request_codings, told_inside
from proxy_addon.asked import BadRequest, Head
from proxy_addon.block_page import Blocked, Pages
from proxy_addon.clock import GateClock
from proxy_addon.connections import Connection, Connections, Exchange, Tunnel, Waiting
from proxy_addon.egress import Egress, EgressRefused, Unresolved
from proxy_addon.guard import Answer, Case
from proxy_addon.guessing import Guessing
from proxy_addon.harbour import ANYBODY, Harbour, is_report
from proxy_addon.identify import NOBODY, Identity, NotIdentified, TooBusy, Withheld, still
from proxy_addon.judge import InForce, Judge, Judged
from proxy_addon.needs_tls import SafeKeeping
from proxy_addon.opened import is_page, is_surely_opened
from proxy_addon.records import Happening, Outcome, Rows
from proxy_addon.rewriting import as_sent, rewrite
from proxy_addon.signs import signs_of
from proxy_addon.stages import Stages

log = structlog.get_logger()

KEPT_BODY = 64 * 1024  # a refused body up to this size is read; a longer one is answered before it


class NothingInForce(Exception):
    """There is no bundle yet: nothing can be allowed."""


class PortShut(Exception):
    """A tunnel to a port that the policy does not open."""


REFUSALS = (NotIdentified, Withheld, TooBusy, BadRequest, EgressRefused, PortShut)


def refusal(fault: Exception) -> tuple[Outcome, str]:
    """What the record says of a refusal by the gate itself, and which page tells it."""
    if isinstance(fault, NotIdentified):
        return Outcome(fault.reason), "sign-in"
    if isinstance(fault, Withheld):
        return Outcome(fault.reason, fault.rule), fault.page
    if isinstance(fault, BadRequest):
        page = block_page.BY_STATUS.get(fault.status, "bad-request")
        return Outcome(Reason.BAD_REQUEST, fault.says), page
    if isinstance(fault, EgressRefused):
        return Outcome(Reason.EGRESS, "egress"), "egress"
    if isinstance(fault, PortShut):
        return Outcome(Reason.PORT, "connect_ports"), "port"
    return Outcome(Reason.FAILED_CLOSED, "busy"), "busy"


class Answers:
    """Judges what comes in; holds nothing of a request once it is answered or let by."""

    def __init__(
        self,
        *,
        stages: Stages,
        rows: Rows,
        pages: Pages,
        clock: GateClock,
        egress: Egress,
        connections: Connections,
        in_force: Callable[[], InForce | None],
        stuck: Callable[[], bool],
        seen: Callable[[Person, str], None] = lambda person, address: None,
        blocked: Callable[[Happening, Decision], None] = lambda what, decision: None,
        safe: SafeKeeping | None = None,
    ) -> None:
        self.stages = stages
        self.judge = Judge(stages.classify, stages.decide)
        self.rows = rows
        self.pages = pages
        self.clock = clock
        self.egress = egress
        self.connections = connections
        self.in_force = in_force
        self.stuck = stuck  # whether nothing can be recorded
        self._seen = seen  # hears who asks, and from which address
        self._hears_block = blocked  # of what somebody opened
        self._kept_safe = safe or SafeKeeping(Guessing())
        self.harbour = Harbour(stages, self.judge, clock, egress, pages.console)

    # -- a request, plain or inside a tunnel

    async def request(self, flow: HTTPFlow, case: Case) -> Answer:
        request = flow.request
        connection = self.connection_of(flow)
        case.what = what = self.happening("request", connection, request)
        force = self._force()
        head = names.read_head(request.data.headers.fields)
        what.page = is_page(request.data.method, head.noted)
        what.opened = is_surely_opened(request.data.method, head.noted)
        try:
            if flow.error is not None:  # mitmproxy found it malformed, and answers 400 whatever we say
                raise BadRequest("malformed header fields")
            identity = await self.harbour.asks(request, head, connection, force)
            identity = identity or await self._asker(head, connection, force)
            what.person = identity.person
            tunnel = connection.tunnel
            asked = self.stages.names(request, head, tunnel.named if tunnel else None)
            what.url = asked.url
            signs = signs_of(head.noted, request.data.path)
            judged = self.harbour.judged(self._judge(asked.names, what, force, signs), identity)
            if judged.decision.is_block:
                return await self._blocked(flow, what, judged, force, head)
            names.must_agree(asked.names, tunnel is not None)
            request_codings.must_be_known(head)
            waits = forms.awaited(head, asked.method, asked.url, judged.decision, force.bundle.policy)
            await self.harbour.reach(asked.url, judged.decision)
        except REFUSALS as fault:
            return await self._refused(flow, what, *refusal(fault), head)
        except Unresolved:
            nowhere = replace(judged.decision, reason=Reason.UNREACHABLE)
            return await self._refused(flow, what, nowhere, "unreachable", head)
        if self._is_old(judged, force):
            return await self.request(flow, case)
        names.prepare(request, head, asked)
        known = Waiting(what, identity, asked, head, signs)
        if waits:
            connection.waiting[flow.id] = known
            return None
        return await self._go_out(flow, connection, known, judged, force)

    async def form(self, flow: HTTPFlow, case: Case) -> Answer:
        """A request that waited for its form is judged anew, with what the form says."""
        connection = self.connection_of(flow)
        known = connection.waiting.pop(flow.id)
        case.what = what = known.what
        force, url = self._force(), known.asked.url
        identity = still(known.identity, force.bundle, connection.address)
        try:
            if identity is None:
                raise NotIdentified(Reason.WRONG_CREDENTIALS)
            known.identity, what.person, policy = identity, identity.person, force.bundle.policy
            judged = self._judge(known.asked.names, what, force, known.signs)
            what.searched = full = forms.asked_by(known, flow.request, policy)
            if not judged.decision.is_block and full is not url:
                said = self._judge((full,), what, force)
                if said.decision.is_block and counts(said.decision):
                    judged = replace(said, url=url)  # what a form says is nobody's to read
            if judged.decision.is_block:
                return await self._blocked(flow, what, judged, force, known.head)
            forms.write(known, flow.request, policy)
        except REFUSALS as fault:
            return await self._refused(flow, what, *refusal(fault), known.head)
        return await self._go_out(flow, connection, known, judged, force)

    async def _go_out(
        self, flow: HTTPFlow, connection: Connection, known: Waiting, judged: Judged, force: InForce
    ) -> Answer:
        what, asked, policy = known.what, known.asked, force.bundle.policy
        if rewrite(flow.request, asked.url.host, what.person, policy):
            written = self._judge((as_sent(asked.url, flow.request),), what, force)
            if written.decision.is_block:
                return await self._blocked(flow, what, written, force, known.head)
        self.harbour.say_for_whom(flow.request, judged.decision, connection)
        target = (asked.url.host, asked.url.port)
        exchange = Exchange(what.id, known.identity, asked.names, target, judged.decision, signs=known.signs)
        exchange.up = len(flow.request.data.content or b"")  # of a form that is here already
        await self._let_by(flow, connection, exchange, self.rows.opened(what, judged.decision, policy))
        return None

    async def _let_by(
        self, flow: HTTPFlow, connection: Connection, exchange: Exchange, row: dict[str, Any]
    ) -> None:
        """Among those that are judged again (ending.py) before its row is written, and only with it."""
        connection.open[flow.id] = exchange
        try:
            await self.stages.record(row)
        except BaseException:
            connection.open.pop(flow.id, None)
            raise
        flow.request.stream = exchange.count_up

    def _is_old(self, judged: Judged, force: InForce) -> bool:
        """Whether, while a password or a name was looked up, the answer may have become another. From here on
        the request is among those that are judged again (ending.py)."""
        until = judged.decision.valid_until
        return self.in_force() is not force or (until is not None and until <= self.clock.now())

    async def _who(self, head: Head, connection: Connection, force: InForce) -> Identity:
        """Inside a tunnel, whoever opened it; else whoever this request says."""
        tunnel = connection.tunnel
        if tunnel is None:
            return await self.signed_in(head.noted.get(b"proxy-authorization", ()), connection, force)
        tunnel.exchange.decrypted = True
        if tunnel.withheld is not None:
            raise tunnel.withheld
        if tunnel.identity is ANYBODY:  # to the console: but for its page to report something it is shut
            raise EgressRefused
        identity = still(tunnel.identity, force.bundle, connection.address)
        if identity is None:
            raise NotIdentified(Reason.WRONG_CREDENTIALS)
        self._seen(identity.person, connection.address)
        return identity

    async def _asker(self, head: Head, connection: Connection, force: InForce) -> Identity:
        who, policy, now = self._who(head, connection, force), force.bundle.policy, self.clock.now()
        return await isolating.asker(who, connection, self.connections, policy, now)

    async def signed_in(self, given: Sequence[bytes], connection: Connection, force: InForce) -> Identity:
        """`given`: every Proxy-Authorization value. Raises what identify.py raises."""
        credentials = self._kept_safe(given, connection.address, connection.secure, force.bundle)
        found = await self.stages.identify(credentials, connection.address, force.bundle)
        self._seen(found.person, connection.address)
        if connection.secure and not connection.person:
            self.connections.handshakes.was_of_somebody(connection.address)
        connection.person = found.person.id or " ".join(found.person.filter_groups)
        return found

    def _judge(
        self, urls: Sequence[Url], what: Happening, force: InForce, signs: tuple[str, ...] = ()
    ) -> Judged:
        what.at = now = self.clock.now()
        return self.judge(urls, what.person, force, now, signs, address=self.device(what))

    def device(self, what: Happening) -> str:
        """Which one asks: it may be evidence, or where a case is looked into."""
        return what.address

    async def _blocked(
        self, flow: HTTPFlow, what: Happening, judged: Judged, force: InForce, head: Head
    ) -> Response:
        what.url = judged.url
        want = block_page.wanted(flow.request.data.headers.fields)
        policy, decision = force.bundle.policy, judged.decision
        blocked = Blocked(judged.url, decision, what.person, policy, reference_of(what.id))
        page = self.stages.page(blocked, want)
        if what.opened:
            self._hears_block(what, decision)
        await self.stages.record(self.rows.whole(what, decision, policy, page.status_code))
        return answer_before_body(flow, head, page)

    async def _refused(
        self, flow: HTTPFlow, what: Happening, why: Decision | Outcome, page_name: str, head: Head
    ) -> Response:
        what.url = what.url or names.guess(flow.request)
        what.hidden = self.hides(what.url)
        want = block_page.wanted(flow.request.data.headers.fields)
        found = why.verdict is Verdict.BLOCK  # by its reference: what was let by and failed is not
        page = self.pages.notice(page_name, reference_of(what.id) if found else "", want)
        if told_inside.is_inside(self.connections.find(flow.client_conn.id)):
            page.headers["Connection"] = "close"
        await self.stages.record(self.rows.whole(what, why, self.policy(), page.status_code))
        return answer_before_body(flow, head, page)

    # -- a tunnel

    async def connect(self, flow: HTTPFlow, case: Case) -> Answer:
        """Judged for identity, name form, port and egress; a name that is only blocked is told so inside."""
        request = flow.request
        connection = self.connection_of(flow)
        case.what = what = self.happening("connect", connection, request)
        force = self._force()
        head = names.read_head(request.data.headers.fields)
        withheld: Withheld | None = None
        try:
            try:
                asks = await self.harbour.opens(request, head, connection, force)
                identity = asks or await self._asker(head, connection, force)
            except Withheld as fault:
                identity, withheld = told_inside.nobody(fault, connection, self.connections), fault
            what.person = identity.person
            if connection.tunnel is not None:
                raise BadRequest("a tunnel inside a tunnel")
            host, port, urls = self.stages.connect_names(request, head)
            what.url = urls[0]
            names.must_agree(urls, in_tunnel=False)
            if identity is not ANYBODY:
                if port not in force.bundle.policy.connect_ports:
                    raise PortShut
                self.egress.check_literal(host, port)
        except REFUSALS as fault:
            return await self._refused(flow, what, *refusal(fault), head)
        if withheld is None:
            decision = self.harbour.judged(self._judge(urls, what, force), identity).decision
        else:
            decision, what.hidden = told_inside.refused(withheld, force.bundle.policy), self.hides(what.url)
        await self.stages.record(self.rows.opened(what, decision, force.bundle.policy))
        request.data.host = host
        exchange = Exchange(what.id, identity, urls, (host, port), decision, status=200, decrypted=False)
        connection.tunnel = Tunnel(identity, exchange, names.Tunnelled(host, port), withheld)
        if identity is ANYBODY and not is_report(decision):
            connection.tunnel.asks = head.noted.get(b"proxy-authorization", ())
        return None

    # -- when something goes wrong

    async def failed(self, flow: HTTPFlow, case: Case, fault: BaseException) -> Response:
        """Blocked, recorded if that is still possible, and said to the technician."""
        what = case.what
        page = self.pages.notice("closed", reference_of(what.id) if what else "")
        answer_before_body(flow, names.read_head(flow.request.data.headers.fields), page)
        known = isinstance(fault, JournalError | NothingInForce)
        where = "" if known else "".join(traceback.format_tb(fault.__traceback__))
        log.error("filter.failed_closed", fault=type(fault).__name__, where=where)
        if what is not None:
            what.url = what.url or names.guess(flow.request)
            what.hidden = self.hides(what.url)
            why = Outcome(Reason.FAILED_CLOSED, type(fault).__name__)
            recorded = self.stages.record(self.rows.whole(what, why, self.policy(), page.status_code))
            if isinstance(fault, TimeoutError):  # whoever asks has waited long enough
                patience.afterwards(recorded)
            else:
                await recorded
        return page

    # -- small things

    def happening(self, kind: str, connection: Connection, request: Request | None = None) -> Happening:
        now = self.clock.now()
        event_id = new_event_id(int(now.timestamp() * 1_000_000) * 1000)
        method = request.data.method.decode("ascii", "replace") if request else ""
        anybody = connection.tunnel is not None and connection.tunnel.identity is ANYBODY
        return Happening(event_id, now, kind, NOBODY, connection.address, method, of_anybody=anybody)

    def hides(self, url: Url | None) -> bool:
        """Whether this address is illegal, and so is not written down, whatever it was refused for (I7).

        One that cannot be looked up may be.
        """
        force = self.in_force()
        if url is None or force is None:
            return False
        try:
            found = listings_of(url, force.index.lookup, force.bundle.policy)
            return any(is_illegal(each, force.bundle.policy) for each in found)
        except Exception:  # noqa: BLE001  # whatever it is, the row must still be written
            return True

    def connection_of(self, flow: HTTPFlow) -> Connection:
        connection = self.connections.find(flow.client_conn.id)
        if connection is None:
            raise LookupError("a request on no connection")
        return connection

    def _force(self) -> InForce:
        force = self.in_force()
        if force is None:
            raise NothingInForce
        return force

    def policy(self) -> Policy | None:
        force = self.in_force()
        return force.bundle.policy if force else None


def answer_before_body(flow: HTTPFlow, head: Head, page: Response) -> Response:
    """A long body, or one of unknown length, is not waited for (mitm_http: start_request_stream)."""
    waits = b"expect" in head.noted
    if waits:
        flow.request.headers.pop("expect", None)
    lengths = head.noted.get(b"content-length", ())
    short = not waits and len(lengths) == 1 and lengths[0].isdigit() and int(lengths[0][:12]) <= KEPT_BODY
    if flow.request.is_http2:
        flow.request.stream = not short
    elif not short and (lengths or b"transfer-encoding" in head.noted):
        flow.request.stream = True
        page.headers["Connection"] = "close"
    return page
