"""Is the gate alive, and what does it enforce? Asked through the gate itself: liveness is enforcement.

`GET http://schoolgate.invalid/health` through the proxy, from the machine (or container) that it runs on. It
is our own page: no login, and no row. Nobody else gets an answer without a row, to this question either; nor
does anybody who sends more than the question.
"""

import ipaddress
import json
from functools import lru_cache

from mitmproxy.http import Request, Response

from proxy_addon.answering import Answers
from proxy_addon.block_page import answer as page

HOST = "schoolgate.invalid"


def is_asked(request: Request, address: str) -> bool:
    data = request.data
    exactly = data.host == HOST and data.path == b"/health" and data.scheme == b"http"
    return exactly and data.method == b"GET" and not _brings_more(request) and _is_here(address)


def _brings_more(request: Request) -> bool:
    """A body, or a wish to send one; HTTP/2 may send one without a word."""
    fields = request.headers
    empty = fields.get("content-length", "0") == "0"
    return request.is_http2 or "expect" in fields or "transfer-encoding" in fields or not empty


@lru_cache(maxsize=64)
def _is_here(address: str) -> bool:
    asking = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(asking, "ipv4_mapped", None) or asking).is_loopback


def answer(answers: Answers) -> Response:
    force = answers.in_force()
    ready = force is not None and not answers.stuck()
    said = {"gate": answers.rows.gate, "ready": ready, "revision": force.bundle.revision if force else None}
    return page(200 if ready else 503, json.dumps(said).encode(), b"application/json")
