"""Ways round the filter that only header fields tell of: names looked up over the web, tunnels, proxies.

What the address tells is found in filter_policy/circumvention.py. Each sign is an entry there would be on a
list of such things; the policy's row for `circumvention` says who may. Most requests have none of these
fields, and are done with after one look.
"""

from collections.abc import Mapping, Sequence

from mitmproxy.http import HTTPFlow, Response

from filter_lists.names import path_spellings
from filter_policy.circumvention import DNS, PROXY, TUNNEL

Noted = Mapping[bytes, Sequence[bytes]]
Field = tuple[bytes, bytes]

# What proxies in a page send to their own servers.
_OF_PROXIES = frozenset(
    b"x-bare-" + name
    for name in (
        *(b"url", b"host", b"port", b"path", b"protocol", b"headers", b"id", b"pass-headers"),
        *(b"forward-headers", b"pass-status", b"status", b"status-text"),
    )
)
# Beside what is looked at anyway (asked.py).
LOOKED_AT = _OF_PROXIES | {b"accept", b"content-type", b"upgrade", b"sec-websocket-protocol"}
_RARE = _OF_PROXIES | {b"content-type", b"upgrade"}
_MESSAGES = (
    b"application/dns-message",
    b"application/oblivious-dns-message",
    b"application/dns-udpwireformat",
)
_JSON = b"application/dns-json"
_PROTOCOLS = (b"wisp", b"bare", b"chisel-", b"v2ray", b"ssh")
# Parts of the path of a websocket that only tunnels have.
_PARTS = frozenset(
    {
        "wisp",
        "ws-tunnel",
        "wstunnel",
        "wsproxy",
        "ws-proxy",
        "vmess",
        "vless",
        "v2ray",
        "ray",
        "xray",
        "trojan",
    }
    | {"trojan-go", "shadowsocks", "meek", "obfs4"}
)


def signs_of(noted: Noted, path: bytes) -> tuple[str, ...]:
    """`path`: with its query, as it was sent."""
    found = []
    accept = noted.get(b"accept")
    if accept is not None and _speaks_of_names(accept, path):
        found.append(DNS)
    if b"dns-query" in path.lower() and _sends_a_question(noted, path):
        found.append(DNS)
    if not noted.keys().isdisjoint(_RARE):
        if b"content-type" in noted and _speaks_of_names(noted[b"content-type"], path):
            found.append(DNS)
        if not noted.keys().isdisjoint(_OF_PROXIES):
            found.append(PROXY)
        if b"upgrade" in noted and _is_tunnel(noted, path):
            found.append(TUNNEL)
    return tuple(dict.fromkeys(found))


def sign_of_answer(fields: Sequence[Field]) -> str | None:
    """An origin that answers with names is one that looks them up, whatever it was asked."""
    for name, value in fields:
        if (
            len(name) == 12
            and name.lower() == b"content-type"
            and value.strip().lower().startswith((*_MESSAGES, _JSON))
        ):
            return DNS
    return None


def _speaks_of_names(values: Sequence[bytes], path: bytes) -> bool:
    for value in values:
        low = value.lower()
        if b"dns" in low and (any(each in low for each in _MESSAGES) or (_JSON in low and b"name=" in path)):
            return True
    return False


def _sends_a_question(noted: Noted, path: bytes) -> bool:
    """A body of any kind, sent to where names are asked for."""
    has_body = b"transfer-encoding" in noted or noted.get(b"content-length", (b"0",))[0] != b"0"
    return has_body and path.partition(b"?")[0].lower().rstrip(b"/").endswith(b"/dns-query")


def _is_tunnel(noted: Noted, path: bytes) -> bool:
    protocols = b",".join(noted.get(b"sec-websocket-protocol", ())).lower()
    named = [each.strip() for each in protocols.split(b",") if each.strip()]
    if any(each.startswith(_PROTOCOLS) for each in named):
        return True
    spelt = path_spellings(path.partition(b"?")[0].decode("latin-1"))
    if any(not _PARTS.isdisjoint(each.split("/")) for each in spelt):
        return True
    told = any(each.startswith(b"authorization.bearer.") for each in named)
    return told and any(each.endswith("/events") for each in spelt)


class Instead:
    """A page in the place of a body that is not passed on, as mitmproxy streams it."""

    def __init__(self, page: bytes) -> None:
        self._page = page

    def __call__(self, _data: bytes) -> bytes:
        page, self._page = self._page, b""
        return page


def put_instead(flow: HTTPFlow, page: Response) -> None:
    """Before a byte of the origin's answer is passed on."""
    content = b"" if flow.request.data.method == b"HEAD" else page.data.content or b""
    page.stream = Instead(content)
    flow.response = page
