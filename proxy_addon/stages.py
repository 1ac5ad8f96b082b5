"""The steps between a request and its answer, as values: the gate runs them, and a test can make one fail."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from mitmproxy.http import Request, Response

from filter_lists.names import Url
from filter_policy.bundle import Bundle
from proxy_addon.asked import Asked, Head, Tunnelled
from proxy_addon.block_page import Blocked, Wanted
from proxy_addon.identify import Identity
from proxy_addon.judge import Classify, Decide


@dataclass(frozen=True, slots=True)
class Stages:
    """In the order in which they run; `page` only for what is blocked."""

    identify: Callable[[Sequence[bytes], str, Bundle], Awaitable[Identity]]
    names: Callable[[Request, Head, Tunnelled | None], Asked]
    connect_names: Callable[[Request, Head], tuple[str, int, tuple[Url, ...]]]
    classify: Classify
    decide: Decide
    record: Callable[[Mapping[str, object]], Awaitable[None]]
    page: Callable[[Blocked, Wanted], Response]
