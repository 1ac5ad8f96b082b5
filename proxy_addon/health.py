"""Is the gate alive, and what does it enforce? Asked through the gate itself: liveness is enforcement.

`GET http://schoolgate.invalid/health` through the proxy. It is our own page: no login, and no row.
"""

import json

from mitmproxy.http import Request, Response

from proxy_addon.answering import Answers
from proxy_addon.block_page import answer as page

HOST = "schoolgate.invalid"


def is_asked(request: Request) -> bool:
    data = request.data
    return data.host == HOST and data.path == b"/health" and data.scheme == b"http" and data.method == b"GET"


def answer(answers: Answers) -> Response:
    force = answers.in_force()
    ready = force is not None and not answers.stuck()
    said = {"gate": answers.rows.gate, "ready": ready, "revision": force.bundle.revision if force else None}
    return page(200 if ready else 503, json.dumps(said).encode(), b"application/json")
