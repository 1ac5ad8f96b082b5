"""Ways round the filter, seen by the address alone: encrypted DNS, proxies in a page, tunnels, VPNs.

Addresses of encrypted DNS are told anywhere. The forms of proxies are looked for only on hosts that no list
and no rule of the school names, and only forms that no usual site has. An address inside another is none of
them: what it would show counts (guessed.py). What header fields tell is seen by the gate
(proxy_addon/signs.py).
"""

import base64
import binascii
import re
from itertools import pairwise
from urllib.parse import unquote

from filter_lists.names import Url
from filter_policy.embedded import read

DNS = "dns-over-https"
PROXY = "web-proxy"
TUNNEL = "tunnel"
VPN = "vpn"

_LONGEST_PATH = 4096
MOST_PARAMETERS = 200
_RECORD_TYPES = re.compile(r"a|aaaa|any|cname|mx|ns|ptr|soa|srv|svcb|https|txt|caa|ds|dnskey|\d{1,5}", re.I)
_NAMES_A_HOST = re.compile(r"(?:^|&)name=(?:[a-z0-9_-]+\.)+[a-z]{2,}\.?(?:&|$)", re.IGNORECASE)
_FLAGS = frozenset({"cd", "do", "edns_client_subnet"})
# Parts of a path that only such software has.
_PROXY_PARTS = frozenset(
    {"uv.bundle.js", "uv.config.js", "uv.handler.js", "uv.sw.js", "uv.client.js", "hammerhead.js"}
    | {"rammerhead.js", "scramjet.all.js", "scramjet.codecs.js", "scramjet.sync.js", "scramjet.worker.js"}
    | {
        "dynamic.config.js",
        "dynamic.worker.js",
        "miniproxy.php",
        "nph-proxy.cgi",
        "nph-proxy.pl",
        "glype.php",
    }
    | {
        "cgiproxy.cgi",
        "cgiproxy",
        "phproxy.php",
        "phproxy",
        "glype",
        "phpwebproxy",
        "dmirror",
        "nph-surf.cgi",
        "__cpi.php",
        "~uv",
        "bare-server-node",
    }
)
_SCRAMJET = re.compile(r"scramjet(?:\.[\w-]+)*\.(?:m?js|wasm)|scram\.[\w-]+\.(?:m?js|wasm)")
_BESIDE = frozenset({("api", "shuffledict"), ("~", "scramjet"), ("~", "uv")})
_VPN_PARTS = frozenset(
    {"+cscoe+", "+cscot+", "+webvpn+", "+cscol+", "cscosslc", "dana-na", "vpnsvc", "prelogin.esp"}
    | {
        "sslvpn-tunnel",
        "sslvpn_websession",
        "ssl-tunnel-connect.sslvpn",
        "getsoftwareversion.esp",
        "sslvpnclient",
    }
    | {"sra_{ba195980-cd49-458b-9e23-c84ee0adcd75}"}
)
# Where the path begins with it; further on it is a page about such a thing.
_TUNNELS = frozenset({"wstunnel", "ws-tunnel", "wsproxy", "ws-proxy", "meek-reflect"})
_GLYPE = frozenset({"browse.php", "index.php"})
_NOTED = _PROXY_PARTS | _VPN_PARTS | _TUNNELS | _GLYPE | {"bare"}
_HINTS = re.compile(r"hvtr|\.cgi|\.pl|scram|/_rhs|shuffle|/~/|[0-9a-f]{32}/", re.IGNORECASE)
_RAMMERHEAD = re.compile(r"/[0-9a-f]{32}/+(?:_rhs|https?:)", re.IGNORECASE)
_BARE_VERSION = re.compile(r"v[1-9]")
_CGI = re.compile(r"/nph-[a-z0-9_-]+\.(?:cgi|pl)/|\.(?:cgi|pl)/[01]{6}[a-z]?/https?/", re.IGNORECASE)
_XORED = ("hvtrs8/-", "hvtr:-/")
_CODED = ("ahr0c", "uggc", "68747470", "ptth", "sptth")
_GLYPE_FLAGS = re.compile(r"(?:^|&)(?:b=\d{1,3}|hl=[0-9a-f]{3})(?:&|$)", re.IGNORECASE)
_TARGET = re.compile(r"(?:^|[&;])(?:u|q|url|uri|link|target|quest|site)=([^&]+)", re.IGNORECASE)
_ASKED = re.compile(r"(?:^|[&;])(?:dns|name)=[^&;]", re.IGNORECASE)
_MESSAGE = re.compile(r"(?:^|[&;])(?:d|%[46]4)(?:n|%[46]e)(?:s|%[57]3)=([^&;]+)", re.IGNORECASE)
_OF_ITS_NAME = ("dns=", "%64", "%44", "%6e", "%4e", "%73", "%53")
_CROXY = re.compile(r"(?:^|&)__cp[oip]?=([^&]+)", re.IGNORECASE)


def anywhere(url: Url) -> str | None:
    """What no site of any kind is for: names looked up over the web (RFC 8484, and the same in JSON)."""
    path, query = url.path.lower(), url.query
    if query and _has_message(query):
        return DNS
    if "dns" not in path and "odoh" not in path and "resolve" not in path and "%" not in path:
        return None
    parts = _parts(path)
    if parts[-2:] == [".well-known", "odohconfigs"]:
        return DNS
    if parts[-1:] == ["dns-query"] and _ASKED.search(query):
        return DNS
    return DNS if parts[-1:] == ["resolve"] and _asks_a_name(query) else None


def is_dns_message(url: Url) -> bool:
    """A question of the DNS in its own letters is nothing else, wherever it is asked."""
    return _has_message(url.query)


def _has_message(query: str) -> bool:
    """Most queries have neither its name nor an escape that may stand for a letter of it, nor the zeros in
    base64 that each question has for its answers."""
    if "AAAA" not in query and ("%" not in query or not _may_name_one(query.lower())):
        return False
    return any(_is_message(match[1]) for match in _MESSAGE.finditer(query))


def _may_name_one(query: str) -> bool:
    return any(each in query for each in _OF_ITS_NAME)


def _is_message(text: str) -> bool:
    """A question of the DNS: no answer, one to four questions, a name."""
    bare = unquote(text).rstrip("=")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) >= 17 and not raw[2] & 0xF8 and raw[4] == 0 and 1 <= raw[5] <= 4 and raw[6:8] == b"\0\0"


def _asks_a_name(query: str) -> bool:
    given = dict(pair.partition("=")[::2] for pair in query.split("&"))
    asks = _RECORD_TYPES.fullmatch(given.get("type", "")) or not given.keys().isdisjoint(_FLAGS)
    return "." in given.get("name", "") and bool(asks)


def of_unknown(url: Url) -> str | None:
    """What a host that nobody knows is for, by the form of the address."""
    if "__cp" in url.query and _is_croxy(url.query):
        return PROXY
    path = url.path[:_LONGEST_PATH]
    if len(path) < 3:
        return None
    if url.query and path[-9:].lower().rstrip("/").endswith("/resolve") and _NAMES_A_HOST.search(url.query):
        return DNS
    parts = _parts(path.lower())
    noted = _NOTED.intersection(parts)
    if not noted and not _HINTS.search(path) and "%" not in path:
        return None
    return _by_name(noted, parts) or (PROXY if _is_proxy(url, path, parts, noted) else None)


def _by_name(noted: frozenset[str], parts: list[str]) -> str | None:
    if noted & _PROXY_PARTS:
        return PROXY
    if noted & _VPN_PARTS:
        return VPN
    return TUNNEL if parts and parts[0] in _TUNNELS else None


def _is_proxy(url: Url, path: str, parts: list[str], noted: frozenset[str]) -> bool:
    plain = unquote(unquote(path))
    if any(xored in plain.lower() for xored in _XORED) or _CGI.search(plain) or _RAMMERHEAD.search(plain):
        return True
    if any(_SCRAMJET.fullmatch(part) for part in parts):
        return True
    for pair in pairwise(parts):
        if pair in _BESIDE or (pair[0] == "bare" and _BARE_VERSION.fullmatch(pair[1])):
            return True
    return bool(noted & _GLYPE) and _is_script(url, parts)


def _is_script(url: Url, parts: list[str]) -> bool:
    """`/browse.php?u=...&b=4`, `/index.php?q=<in other letters>&hl=3ed`."""
    last = parts[-1]
    if last not in _GLYPE or not _GLYPE_FLAGS.search(url.query):
        return False
    if url.query.count("&") > MOST_PARAMETERS:
        return last == "browse.php"  # whoever asks so hides which of them counts
    for match in _TARGET.finditer(url.query):
        value = match[1]
        found = any(each.sure for each in read(value, file=False))
        is_coded = found and ("." not in value or value.lower().startswith(_CODED))
        if is_coded or last == "browse.php":
            return True
    return False


def _is_croxy(query: str) -> bool:
    return any(read(match[1], file=False) for match in _CROXY.finditer(query))


def _parts(path: str) -> list[str]:
    for _ in range(3):
        if "%" not in path:
            break
        path = unquote(path).lower()
    return [part for part in path.split("/") if part]
