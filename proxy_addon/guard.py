"""One guard, and it closes: block first, let by last.

mitmproxy logs a hook that raises and serves the page. So the first thing that happens to a request here is
that it is blocked, and only the last takes that away; whatever is raised in between, it stays blocked.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mitmproxy.http import HTTPFlow, Response

from proxy_addon import patience
from proxy_addon.records import Happening

Answer = Response | None  # None: let by


@dataclass(slots=True)
class Case:
    """What is known so far of a request on its way to an answer, for the record of a failure."""

    what: Happening | None = None


Hook = Callable[[HTTPFlow, Case], Awaitable[Answer]]
Failed = Callable[[HTTPFlow, Case, BaseException], Awaitable[Response]]


def told_to_stop(fault: BaseException) -> bool:
    """Whether this is the process ending and not a stage failing, or one that took too long (patience.py)."""
    if not isinstance(fault, asyncio.CancelledError) or patience.is_over():
        return False
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def closed_unless_allowed(flow: HTTPFlow, closed: Response, hook: Hook, failed: Failed) -> None:
    """`closed` is the answer until `hook` has given one; `failed` records, and tries to say it better."""
    flow.response = closed
    case = Case()
    try:
        answer = await hook(flow, case)
    except BaseException as fault:  # also SystemExit: nothing may open the gate
        if told_to_stop(fault):
            raise
        if patience.is_over():  # and where it waited
            fault = TimeoutError().with_traceback(fault.__traceback__)
        answer = await _answer_to(fault, flow, case, closed, failed)
    flow.response = answer


async def _answer_to(
    fault: BaseException, flow: HTTPFlow, case: Case, closed: Response, failed: Failed
) -> Response:
    try:
        return await failed(flow, case, fault)
    except BaseException as second:  # recording a failure may fail as well
        if told_to_stop(second):
            raise
        return closed
