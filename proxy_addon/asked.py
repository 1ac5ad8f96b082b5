"""What is asked: every name on a request in canonical form, and whether they are one and the same.

A request names its site up to four times: the CONNECT target, the TLS server name, the request target and the
Host field. Whichever of them an origin believes, it must be the one that was judged. So each is judged, and
then they must all be equal; and what goes out says the canonical name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from mitmproxy.http import Headers, Request

from filter_lists.names import NameFault, Url, canonical_host, parse_url
from proxy_addon import opened, signs
from proxy_addon.claims import is_claim
from proxy_addon.head_lint import LONGEST_LINE, MOST_FIELDS, odd_request
from proxy_addon.odd_ports import ODD

Field = tuple[bytes, bytes]

# Never passed on, since they are ours or about the way here; nor are claims (claims.py).
STRIPPED = frozenset(
    {
        b"proxy-authorization",
        b"proxy-connection",
        b"proxy-authenticate",
        b"http2-settings",
        b"alt-used",
        b"keep-alive",
    }
)
NOTED = STRIPPED | {
    b"host",
    b"connection",
    b"upgrade",
    b"sec-websocket-version",
    b"content-length",
    b"transfer-encoding",
    b"content-encoding",
    b"expect",
    b"te",
    b"trailer",
    *opened.LOOKED_AT,
    *signs.LOOKED_AT,
}
LONGEST_LENGTH = 13  # digits: ten terabytes
DEFAULT_PORTS = {"http": 80, "https": 443}
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?")
_BACK = frozenset({b"..", b".%2e", b"%2e.", b"%2e%2e"})
_CONNECTION = frozenset({b"keep-alive", b"close", b"upgrade", b"keep-alive, upgrade"})


class BadRequest(Exception):
    """Not a request that we let anybody make. `status` says so; `says` is for the record."""

    def __init__(self, says: str, status: int = 400) -> None:
        super().__init__(says)
        self.status = status
        self.says = says


@dataclass(slots=True)
class Head:
    """The header fields that matter here, found in one pass. `rest` holds those that may go out."""

    noted: dict[bytes, list[bytes]] = field(default_factory=dict)
    rest: list[Field] = field(default_factory=list)
    stripped: bool = False

    def one(self, name: bytes) -> bytes:
        """The value of a field that may come once at most; empty when it did not."""
        values = self.noted.get(name)
        if values is None:
            return b""
        if len(values) > 1:
            raise BadRequest(f"more than one {name.decode()} field")
        return values[0]


def read_head(fields: Iterable[Field]) -> Head:
    head = Head()
    noted, rest = head.noted, head.rest
    for pair in fields:
        name = pair[0].lower()
        if name in NOTED:
            noted.setdefault(name, []).append(pair[1])
            if name in STRIPPED:
                head.stripped = True
                continue
        elif is_claim(name):
            head.stripped = True
            continue
        rest.append(pair)
    return head


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `names` are the distinct URLs it could be taken for, the true target first."""

    method: str
    url: Url
    names: tuple[Url, ...]
    websocket: bool = False


def read_request(request: Request, head: Head, tunnel: "Tunnelled | None") -> Asked:
    """Raises BadRequest. `tunnel`: what the CONNECT and the TLS handshake around this request named."""
    if len(head.one(b"content-length")) > LONGEST_LENGTH:
        raise BadRequest("a body of impossible length")
    if request.is_http2:
        _must_be_usual(request)
    scheme = "https" if tunnel else request.data.scheme.decode("ascii", "replace")
    path = _path(request.data.path)
    url = _url(scheme, request.data.host, request.data.port, path)
    if tunnel is None and url.port in ODD:  # those of tunnels are named in the policy
        raise BadRequest("a port of no web server")
    names = [url]
    _add_host_field(names, request, head, path)
    if tunnel is not None:
        if tunnel.sni is not None and tunnel.sni != url.host:
            names.append(_url(scheme, tunnel.sni, url.port, path))
        if request.data.authority and not request.is_http2:
            raise BadRequest("a request inside a tunnel names another target")
    return Asked(
        request.data.method.decode("ascii", "replace"),
        url,
        tuple(dict.fromkeys(names)),
        _is_websocket(request, head),
    )


def _must_be_usual(request: Request) -> None:
    """What head_lint.py asks of HTTP/1, asked of HTTP/2."""
    method, path = request.data.method, request.data.path
    if says := odd_request(method, path):
        raise BadRequest(says)
    if path[:1] != b"/" and (path, method) != (b"*", b"OPTIONS"):
        raise BadRequest("a target that no browser sends")
    if len(path) > LONGEST_LINE:
        raise BadRequest("the address is too long", 414)
    fields = request.data.headers.fields
    if len(fields) > MOST_FIELDS and sum(name != b"cookie" for name, _ in fields) > MOST_FIELDS:
        raise BadRequest("too many header fields", 431)  # browsers send each cookie as one


@dataclass(slots=True)
class Tunnelled:
    """The names around the requests in a tunnel, canonical; `sni` is None when none was sent."""

    host: str
    port: int
    sni: str | None = None


def _add_host_field(names: list[Url], request: Request, head: Head, path: str) -> None:
    url = names[0]
    spoken = [head.one(b"host")]
    if request.is_http2:
        spoken.append(request.data.authority)
    elif not spoken[0] and request.data.http_version != b"HTTP/1.0":
        raise BadRequest("no Host field")
    if not any(spoken):
        if request.is_http2:
            raise BadRequest("no authority")
        return
    for raw in spoken:
        if raw and raw != _host_bytes(url):
            host, port = _authority(raw, url.scheme)
            if host != url.host or port != url.port:
                names.append(_url(url.scheme, host, port, path))


def read_connect(request: Request, head: Head) -> tuple[str, int, tuple[Url, ...]]:
    """(host, port, names) of a CONNECT. Raises BadRequest."""
    if head.one(b"content-length") not in (b"", b"0") or b"transfer-encoding" in head.noted:
        raise BadRequest("a tunnel that begins with a body")
    url = _url("https", request.data.host, request.data.port, "/")
    names = [url]
    if raw := head.one(b"host"):
        host, port = _authority(raw, "https", url.port)
        if host != url.host or port != url.port:
            names.append(_url("https", host, port, "/"))
    return url.host, url.port, tuple(names)


def guess(request: Request) -> Url | None:
    """For the record of what was refused before its names were looked at."""
    data = request.data
    try:
        return _url(
            data.scheme.decode("ascii", "replace") or "https", data.host, data.port, _path(data.path or b"/")
        )
    except BadRequest:
        return None


def must_agree(names: tuple[Url, ...], in_tunnel: bool) -> None:
    """After each name was judged. Raises BadRequest: 421, so that a browser opens a tunnel of its own."""
    if len(names) > 1:
        raise BadRequest("the names on the request differ", 421 if in_tunnel else 400)


def prepare(request: Request, head: Head, asked: Asked) -> None:
    """Make the request that goes out say what was judged, and nothing about the way here."""
    request.data.host = asked.url.host
    host = _host_bytes(asked.url)
    unwanted = _unwanted(head, asked)
    renamed = request.is_http2 is False and head.noted.get(b"host") != [host]
    if request.is_http2:
        request.data.authority = host
    if renamed or request.is_http2:
        unwanted.add(b"host")
    fields = head.rest
    if not unwanted.isdisjoint(head.noted):
        fields = [pair for pair in fields if pair[0].lower() not in unwanted]
    if renamed:
        fields = [(b"Host", host), *fields]
    if head.stripped or fields is not head.rest:
        request.data.headers = Headers(fields)


def _unwanted(head: Head, asked: Asked) -> set[bytes]:
    """Fields about this one connection that must not travel on."""
    unwanted = set()
    if any(value.lower() not in _CONNECTION for value in head.noted.get(b"connection", ())):
        unwanted.add(b"connection")
    if b"te" in head.noted or b"trailer" in head.noted:
        unwanted |= {b"te", b"trailer"}  # none are passed on
    if b"upgrade" in head.noted and not asked.websocket:
        unwanted |= {b"upgrade", b"connection"}
    return unwanted


def _is_websocket(request: Request, head: Head) -> bool:
    if b"upgrade" not in head.noted:
        return False
    upgrade = head.one(b"upgrade").strip().lower()
    if upgrade == b"h2c":
        return False  # curl asks for it by itself; it is not passed on
    if upgrade != b"websocket" or request.data.method != b"GET":
        raise BadRequest("an upgrade that no browser asks for")
    if head.one(b"sec-websocket-version").strip() != b"13":
        raise BadRequest("a version of websockets that no browser speaks")
    return True


def _path(raw: bytes) -> str:
    """Bytes beyond ASCII are escaped, as a browser would have; `*` stands for the whole site."""
    if raw == b"*":
        return "/"
    if b"//" in raw and _goes_back_over_two(raw.partition(b"?")[0].lower()):
        raise BadRequest("a path that no browser sends")
    if raw.isascii():
        return raw.decode("ascii")
    return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)


def _goes_back_over_two(path: bytes) -> bool:
    """`/a//../games`: whoever takes two slashes for one before it goes back ends up elsewhere. Browsers go
    back by themselves."""
    after = path[path.find(b"//") :] if b"//" in path else b""
    return any(part.partition(b";")[0] in _BACK for part in after.split(b"/"))


def _url(scheme: str, host: str, port: int, path: str) -> Url:
    if scheme not in DEFAULT_PORTS:
        raise BadRequest("only http and https are judged")
    name = canonical(host)
    shown = f"[{name}]" if ":" in name else name
    try:
        return parse_url(f"{scheme}://{shown}:{port}{path}")
    except NameFault as fault:
        raise BadRequest(fault.why) from None


@lru_cache(maxsize=16384)
def canonical(host: str) -> str:
    """As `canonical_host`, remembered. Raises BadRequest."""
    try:
        return canonical_host(host)
    except (NameFault, UnicodeError) as fault:
        raise BadRequest(getattr(fault, "why", "not a host name")) from None


@lru_cache(maxsize=16384)
def _authority(raw: bytes, scheme: str, default_port: int | None = None) -> tuple[str, int]:
    try:
        match = _AUTHORITY.fullmatch(raw.decode("ascii"))
    except UnicodeDecodeError:
        match = None
    if match is None:
        raise BadRequest("not a host name")
    port = int(match[2]) if match[2] else default_port or DEFAULT_PORTS[scheme]
    return canonical(match[1]), port


def _host_bytes(url: Url) -> bytes:
    shown = f"[{url.host}]" if ":" in url.host else url.host
    if url.port != DEFAULT_PORTS[url.scheme]:
        shown = f"{shown}:{url.port}"
    return shown.encode("ascii")
