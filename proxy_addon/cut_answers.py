"""An answer that is itself a way round the filter is not passed on: a page instead, and a row that says why.

The request was let by, and its row stands; this one is an `event` beside it. Whatever goes wrong here, the
origin's answer stays out.
"""

from mitmproxy.http import HTTPFlow

from audit_log.journal import reference_of
from filter_policy.circumvention import TUNNEL
from proxy_addon import block_page
from proxy_addon.answering import Answers
from proxy_addon.block_page import Blocked
from proxy_addon.connections import Connection, Exchange
from proxy_addon.mitm_websocket import Tunnelled
from proxy_addon.signs import put_instead


async def cut_answer(
    answers: Answers, flow: HTTPFlow, connection: Connection, exchange: Exchange, sign: str
) -> None:
    """Unless this person may, by the policy's own row."""
    theirs = flow.response
    put_instead(flow, answers.pages.notice("closed"))  # the first statement; only the last takes it away
    exchange.status = 503
    force = answers.in_force()
    if force is None:
        return
    now, person = answers.clock.now(), exchange.identity.person
    signs, address = (*exchange.signs, sign), connection.address
    judged = answers.judge(exchange.names, person, force, now, signs, address=address)
    if not judged.decision.is_block:
        flow.response = theirs
        if theirs is not None:
            exchange.status = theirs.data.status_code
            theirs.stream = exchange.count_down
        return
    what = answers.happening("event", connection, flow.request)
    what.person, what.url = person, judged.url
    blocked = Blocked(judged.url, judged.decision, person, force.bundle.policy, reference_of(what.id))
    page = answers.stages.page(blocked, block_page.wanted(flow.request.data.headers.fields))
    row = answers.rows.whole(what, judged.decision, force.bundle.policy, page.status_code)
    await answers.stages.record(row)
    exchange.status = page.status_code
    put_instead(flow, page)


async def cut_tunnel(
    answers: Answers, tunnelled: Tunnelled, connection: Connection, exchange: Exchange
) -> None:
    """The same of a websocket that turns out to be a tunnel: it ends, unless this person may."""
    force = answers.in_force()
    if force is None:
        return
    person, request = exchange.identity.person, tunnelled.flow.request
    now, signs, address = answers.clock.now(), (*exchange.signs, TUNNEL), connection.address
    judged = answers.judge(exchange.names, person, force, now, signs, address=address)
    if not judged.decision.is_block:
        tunnelled.is_let = True
        return
    what = answers.happening("event", connection, request)
    what.person, what.url = person, judged.url
    await answers.stages.record(answers.rows.whole(what, judged.decision, force.bundle.policy, 101))
