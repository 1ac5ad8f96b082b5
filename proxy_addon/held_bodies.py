"""The beginning of a body, kept until there is enough of it to trouble a site with.

As shipped, a site is connected to before a byte of the body is there.
"""

import functools
from typing import Any

from mitmproxy.proxy import events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import HttpStream
from mitmproxy.proxy.layers.http._events import RequestData

from proxy_addon import limits


def held(start: Any) -> Any:
    """A site hears of a request when enough of its body is here, or all of it: who sends a byte now and then
    keeps one of our connections for a while, and none of a site's."""

    def start_request_stream(self: HttpStream) -> CommandGenerator[None]:
        if _talks_both_ways(self):
            yield from start(self)
        else:
            self.client_state = functools.partial(_collect, self, start, [])

    return start_request_stream


def _talks_both_ways(stream: HttpStream) -> bool:
    """gRPC may wait for an answer to its first words."""
    kind = stream.flow.request.headers.get("content-type", "")
    return stream.flow.request.is_http2 and kind.startswith("application/grpc")


def _collect(
    stream: HttpStream, start: Any, parts: list[events.Event], event: events.Event
) -> CommandGenerator[None]:
    parts.append(event)
    size = sum(len(part.data) for part in parts if isinstance(part, RequestData))
    if isinstance(event, RequestData) and size < limits.HELD_BODY and len(parts) < limits.HEAD_PIECES:
        return
    yield from start(stream)
    for part in parts:
        yield from stream.client_state(part)
