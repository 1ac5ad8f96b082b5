"""The one canonical form of a host name and a URL, for lists, policy, gate and console.

The WHATWG rules that browsers follow (UTS 46, punycode, case, every spelling of an IP address), and one
thing more: a trailing dot is dropped, since `example.com.` is the same site. What a browser would refuse
is refused here (`NameFault`); nothing is guessed.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

import can_ada

FORBIDDEN_IN_HOST = frozenset('@%\\#?/ \t\r\n\0,<>^|`{}"')
PLAIN_PATH = re.compile(r"(/[a-z0-9_~@!$&'()*+,:=-]+(\.[a-z0-9_~@!$&'()*+,:=-]+)*)*/?")  # has one spelling
_PART_ENDS = re.compile(r"(?<=[^/. ])[. ]+(?=/|$)")
PARSED_HOST = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+[a-z][a-z0-9_-]{0,62}")  # after parsing: canonical
SCHEMES = {"http:": "http", "https:": "https", "ws:": "http", "wss:": "https"}
SCHEME = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://")


class NameFault(ValueError):
    """What was given is not a host or URL. `value` is what was given, `why` is a sentence."""

    def __init__(self, value: str, why: str) -> None:
        super().__init__(f"{value!r}: {why}")
        self.value = value
        self.why = why


class Url(NamedTuple):  # made for every request: a dataclass takes thrice as long
    """A canonical URL. `path` starts with `/`; `query` is without its `?`; `port` is always a number."""

    scheme: str
    host: str
    port: int
    path: str = "/"
    query: str = ""

    @property
    def is_ip(self) -> bool:
        return is_ip(self.host)

    def __str__(self) -> str:
        default = {"http": 80, "https": 443}.get(self.scheme)
        port = "" if self.port == default else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{host}{port}{self.path}{query}"


@dataclass(frozen=True, slots=True)
class Site:
    """A host and all below it, or a path of it and all below that (at segment boundaries)."""

    host: str
    path: str = "/"

    @property
    def exactness(self) -> tuple[int, int]:
        """Longer names, then longer paths, are more exact."""
        return self.host.count(".") + 1, len(self.path.rstrip("/"))

    def covers(self, url: Url) -> bool:
        host = url.host
        if host != self.host and (not host.endswith("." + self.host) or is_ip(host)):
            return False
        stem = self.path.rstrip("/")
        return not stem or url.path == stem or url.path.startswith(stem + "/")

    def __str__(self) -> str:
        return self.host if self.path == "/" else self.host + self.path


def is_ip(host: str) -> bool:
    """Whether a *canonical* host is an address literal."""
    return ":" in host or (host[-1:].isdigit() and host.rpartition(".")[2].isdigit())


def canonical_host(text: str) -> str:
    """A host as every room spells it: lower-case A-labels, no trailing dot; an address in its usual form.

    IPv6 comes without brackets. Raises NameFault for anything a browser would not take as a host, and for
    userinfo, ports, escapes and separators, which browsers never send in a host.
    """
    bare = text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text
    if ":" in bare:
        return _ipv6(text, bare)
    if not bare or any(c in FORBIDDEN_IN_HOST for c in bare):
        raise NameFault(text, "not a host name")
    try:
        host = str(can_ada.parse(f"http://{bare}/").hostname)
    except (ValueError, TypeError):  # TypeError: what is no text to it, like half a surrogate pair
        raise NameFault(text, "not a host name") from None
    return _checked(text, host.removesuffix("."))


def _ipv6(given: str, bare: str) -> str:
    try:
        address = ipaddress.IPv6Address(bare)
    except ValueError:
        raise NameFault(given, "not an IPv6 address") from None
    if address.scope_id is not None:
        raise NameFault(given, "an address with a zone cannot be a site")
    return str(address)


def _checked(given: str, host: str) -> str:
    if not host or len(host) > 253:
        raise NameFault(given, "a host name has 1 to 253 characters")
    if any(not 0 < len(label) <= 63 for label in host.split(".")):
        raise NameFault(given, "each part of a host name has 1 to 63 characters")
    return host


def parse_url(text: str) -> Url:
    """An http(s) or ws(s) URL in canonical form; ws becomes http, wss https. Raises NameFault."""
    try:
        parsed = can_ada.parse(text)
    except (ValueError, TypeError):
        raise NameFault(text, "not a URL") from None
    scheme = SCHEMES.get(parsed.protocol)
    if scheme is None:
        raise NameFault(text, "only http and https are judged")
    if parsed.has_credentials():
        raise NameFault(text, "a URL here carries no name or password")
    port, host = parsed.port, parsed.hostname
    if len(host) > 253 or not PARSED_HOST.fullmatch(host):
        host = canonical_host(host)
    default = 443 if scheme == "https" else 80
    return Url(scheme, host, int(port) if port else default, parsed.pathname, parsed.search[1:])


def parse_site(text: str) -> Site:
    """`bbc.co.uk/bitesize` or `bbc.co.uk`; a scheme is tolerated, a port or query not. Raises NameFault."""
    stripped = text.strip()
    bare = SCHEME.sub("", stripped, count=1)
    host, slash, path = bare.partition("/")
    if "?" in bare or "#" in bare:
        raise NameFault(text, "a site is a host and perhaps a path, without ? or #")
    canonical = canonical_host(host)
    if not slash or not path:
        return Site(canonical)
    return Site(canonical, parse_url(f"http://x.invalid/{path}").path)


def path_spellings(path: str) -> tuple[str, ...]:
    """The ways a server may read one path, without closing slash, in lower case; the plain one comes first.

    Decoded (up to three times), with `\\`, `//` and dot segments resolved; the same without `;parameters`;
    as it was sent; and without dots and blanks at the end of a part. `/%67ames`, `//games`, `/games.` and
    `/a/..;/games` are all read as `/games` by some server.
    """
    if PLAIN_PATH.fullmatch(path):  # most are, and this is asked for each request
        return (path.rstrip("/"),)
    return all_spellings(path)


def all_spellings(path: str) -> tuple[str, ...]:
    """The same by the long way, for any path."""
    plain, bare = read_paths(path)
    return tuple(dict.fromkeys((plain, bare, path.lower().rstrip("/"), _PART_ENDS.sub("", plain))))


def read_paths(path: str) -> tuple[str, str]:
    """What a server makes of a path that it decodes: with `;parameters` as parts of names, or without."""
    plain = path
    for _ in range(3):
        plain = unquote(plain)
    return _tidy(plain), without_parameters(plain)


def without_parameters(path: str) -> str:
    """Of a path that is decoded."""
    return _tidy(re.sub(r"[;\0][^/\\]*", "", path))


def _tidy(path: str) -> str:
    parts: list[str] = []
    for part in path.lower().replace("\\", "/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "".join("/" + part for part in parts)
