"""Questions that the filter asks itself, answered by the very steps that answer everybody.

A probe or a canary is a request like any other: judged by the same `Answers`, with the same `decide`, and
recorded. Only who asks and what the site is are made up, and what is let by gets a small page of ours: no
origin is ever asked. Nothing here can let anything out, since every answer is a page.

Most of what a school asks is in tunnels, so the filter asks there too: its CONNECT opens one as everybody's
does, TLS and all; but in this one that very question is answered, once more proven, and nothing else.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from mitmproxy.http import Headers, HTTPFlow, Request, Response

from audit_log.journal import JournalError
from filter_lists.index import Index
from filter_lists.listing import NOT_SHOWN, Listing
from filter_lists.names import Url
from filter_policy.bundle import Bundle
from filter_policy.model import Person, Policy, Reason, Verdict
from proxy_addon import watch_proof
from proxy_addon.answering import Answers, NothingInForce
from proxy_addon.asked import Head
from proxy_addon.block_page import answer as page
from proxy_addon.connections import Connection, Tunnel
from proxy_addon.egress import Egress
from proxy_addon.guard import Answer, Case, told_to_stop
from proxy_addon.identify import NOBODY, Identity, Withheld
from proxy_addon.judge import Classify, InForce
from proxy_addon.records import LONGEST_RULE, Happening
from proxy_addon.stages import Stages
from proxy_addon.watch_proof import CATEGORY, PROBE, Ask, Said

KIND = "canary"  # of the rows
OURS = "canary"  # the list that these sites are on; what is on list `schoolgate` only shuts (shapes.py)
ILLEGAL_SAID = "block (illegal) "  # what the rule of such a row begins with
LET_BY = b"Let by. This page is the filter's own: no site was asked for anything.\n"


def person_of(group: str, policy: Policy) -> Person:
    """Somebody of this group, whom nobody knows. A group that the policy does not know opens nothing."""
    group = group or next(iter(policy.filter_groups), "")
    known = policy.filter_groups.get(group)
    return Person(id="", username="", role=known.role if known else None, filter_groups=(group,))


def listings_of(about: str) -> tuple[Listing, ...]:
    """What the made-up site is. That of the probe is on a list of illegal content: no policy opens it."""
    if about == PROBE:
        return (Listing("must-be-blocked", OURS, NOT_SHOWN),)
    if about.startswith(CATEGORY):
        return (Listing(about.removeprefix(CATEGORY), OURS, KIND),)
    return ()


def with_made_up(classify: Classify, about: str) -> Classify:
    """What the lists say as well: they are asked, as for every request."""
    made_up = listings_of(about)

    def found(index: Index, url: Url) -> Sequence[Listing]:
        return (*made_up, *classify(index, url))

    return found


class OwnTunnel(Withheld):
    """Why everything is refused in a tunnel that a question of ours opened, but that question."""

    def __init__(self, challenge: str) -> None:
        super().__init__(Reason.BAD_REQUEST, "a tunnel for a question of the filter's own", "bad-request")
        self.challenge = challenge


def is_own(tunnel: Tunnel) -> bool:
    return isinstance(tunnel.withheld, OwnTunnel)


class Watched:
    """Knows the questions of whoever knows the secret of this start."""

    def __init__(self, nonce: bytes, answers: Answers) -> None:
        self._nonce = nonce
        self._answers = answers
        self._nowhere = _Nowhere()

    def asks(self, request: Request, connection: Connection | None) -> Ask | None:
        """Looked at for every request: of all others only the name of the first field. In a tunnel, what was
        asked to open it."""
        data = request.data
        fields = data.headers.fields
        if not fields or fields[0][0] != watch_proof.ASK or connection is None:
            return None
        if connection.tunnel is None:
            return watch_proof.read_ask(self._nonce, fields[0][1], _target(request))
        path = data.path.decode("ascii", "replace")
        ask = watch_proof.read_ask(self._nonce, fields[0][1], watch_proof.inside(data.host, path))
        opened_by = connection.tunnel.withheld
        same = isinstance(opened_by, OwnTunnel) and ask is not None and ask.challenge == opened_by.challenge
        return ask if same else None

    async def answer(self, ask: Ask, flow: HTTPFlow, case: Case) -> Response:
        own = _Own(self._answers, self._stages(ask), self._nowhere)
        answer, said = await _through(own, own.request, flow, case)
        if answer is None:
            own.connection_of(flow).open.pop(flow.id, None)  # nothing is open: nothing may go out
            answer = page(200, LET_BY, b"text/plain; charset=utf-8")
        return self._proven(ask, said, answer)

    async def open(self, ask: Ask, flow: HTTPFlow, case: Case) -> Answer:
        """The answer to its CONNECT. What is refused there is proven there."""
        own = _Own(self._answers, self._stages(ask, opens=True), self._nowhere)
        answer, said = await _through(own, own.connect, flow, case)
        if answer is not None:
            return self._proven(ask, said, answer)
        tunnel = own.connection_of(flow).tunnel
        if tunnel is None:
            raise LookupError("a tunnel that was let by and is not there")
        tunnel.identity = tunnel.exchange.identity = Identity(NOBODY)
        tunnel.withheld = OwnTunnel(ask.challenge)
        return None

    def _stages(self, ask: Ask, *, opens: bool = False) -> Stages:
        """`opens`: it is a tunnel that is judged. One that opens has no row: what is answered inside has."""
        stages = self._answers.stages

        async def identify(_credentials: Sequence[bytes], _address: str, bundle: Bundle) -> Identity:
            return Identity(person_of(ask.group, bundle.policy))

        async def record(row: Mapping[str, object]) -> None:
            if ask.about != PROBE and not (opens and row["t"] == "open"):
                await stages.record(_not_illegal(_whole(row)))
            elif self._answers.stuck():
                raise JournalError("nothing can be recorded")

        classify = with_made_up(stages.classify, ask.about)
        return replace(stages, identify=identify, classify=classify, record=record)

    def _proven(self, ask: Ask, said: Said, answer: Response) -> Response:
        data = answer.data
        proof = watch_proof.proving(self._nonce, ask, said, data.status_code, data.content or b"")
        data.headers = Headers((*data.headers.fields, (watch_proof.PROOF, proof)))
        return answer


class _Own(Answers):
    """For one question: the answers of everybody, with its own rows; and what was decided."""

    def __init__(self, answers: Answers, stages: Stages, egress: Egress) -> None:
        async def record(row: Mapping[str, object]) -> None:
            await stages.record(row)
            self.said = Said(str(row["verdict"]), str(row["reason"]))

        self.said = Said("block", "-")  # nothing is answered before it is recorded
        super().__init__(
            stages=replace(stages, record=record),
            rows=answers.rows,
            pages=answers.pages,
            clock=answers.clock,
            egress=egress,
            connections=answers.connections,
            in_force=answers.in_force,
            stuck=answers.stuck,
        )

    async def _who(self, head: Head, connection: Connection, force: InForce) -> Identity:
        """Inside its own tunnel too, in which everybody else is nobody."""
        if connection.tunnel is None:
            return await super()._who(head, connection, force)
        return await self.stages.identify((), connection.address, force.bundle)

    def device(self, what: Happening) -> str:
        """None: the filter asks itself what it would answer to others."""
        return ""

    def happening(self, kind: str, connection: Connection, request: Request | None = None) -> Happening:
        return super().happening(KIND, connection, request)


class _Nowhere(Egress):
    """What is let by here goes nowhere, so no name is looked up for it."""

    def __init__(self) -> None:
        super().__init__((), None)

    async def check(self, host: str, port: int) -> None:
        return

    def check_literal(self, host: str, port: int) -> None:
        return


async def _through(
    own: _Own, step: Callable[[HTTPFlow, Case], Awaitable[Answer]], flow: HTTPFlow, case: Case
) -> tuple[Answer, Said]:
    try:
        answer = await step(flow, case)
    except BaseException as fault:  # as guard.py: whatever it is, it is an answer that shuts
        if told_to_stop(fault):
            raise
        said = Said("shut" if isinstance(fault, JournalError | NothingInForce) else "failed", "-")
        try:
            return await own.failed(flow, case, fault), said
        except JournalError:  # not even this can be recorded: that is what is asked
            return own.pages.notice("closed"), said
    return answer, own.said


def _target(request: Request) -> str:
    data = request.data
    if data.method == b"CONNECT":
        return watch_proof.tunnel_to(data.host, data.port)
    return f"{data.host}{data.path.decode('ascii', 'replace')}"


def _whole(row: Mapping[str, object]) -> Mapping[str, object]:
    """Let by is over at once too."""
    if row["t"] == "whole":
        return row
    status = 200 if row["verdict"] == Verdict.ALLOW else 503
    return {**row, "t": "whole", "status": status, "up": 0, "down": 0, "ms": 0, "outcome": "done"}


def _not_illegal(row: Mapping[str, object]) -> Mapping[str, object]:
    """A recorder of an earlier version knows no canaries: to it this must not look like illegal content."""
    if row["reason"] != Reason.ILLEGAL:
        return row
    rule = f"{ILLEGAL_SAID}{row['rule']}"[:LONGEST_RULE]
    return {**row, "reason": Reason.CATEGORY_NOT_ALLOWED, "rule": rule}
