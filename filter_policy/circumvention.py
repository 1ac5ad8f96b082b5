"""Ways round the filter, seen by the address alone: encrypted DNS, proxies in a page, tunnels, VPNs.

Addresses of encrypted DNS are told anywhere. The forms of proxies are looked for only on hosts that no list
and no rule of the school names, and only forms that no usual site has: `?ref=https://...` is none. What
header fields tell is seen by the gate (proxy_addon/signs.py).
"""

import base64
import binascii
import re
from itertools import pairwise
from urllib.parse import unquote

from filter_lists.names import Url
from filter_policy.embedded import has_scheme, read

DNS = "dns-over-https"
PROXY = "web-proxy"
TUNNEL = "tunnel"
VPN = "vpn"

_LONGEST_PATH = 4096
MOST_PARAMETERS = 200
_DNS_PARTS = frozenset({"dns-query", "odohconfigs"})
_RECORD_TYPES = re.compile(r"a|aaaa|any|cname|mx|ns|ptr|soa|srv|svcb|https|txt|caa|ds|dnskey|\d{1,5}", re.I)
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
_VPN_PARTS = frozenset(
    {"+cscoe+", "+cscot+", "+webvpn+", "+cscol+", "cscosslc", "dana-na", "vpnsvc", "global-protect"}
    | {
        "sslvpn-tunnel",
        "sslvpn_websession",
        "ssl-tunnel-connect.sslvpn",
        "getsoftwareversion.esp",
        "sslvpnclient",
    }
    | {"sra_{ba195980-cd49-458b-9e23-c84ee0adcd75}"}
)
_TUNNEL_PARTS = frozenset(
    {"wstunnel", "ws-tunnel", "wsproxy", "ws-proxy", "meek", "meek-reflect", "v2ray", "vmess"}
)
_TUNNEL_PARTS |= {"vless", "trojan-go", "shadowsocks", "xray", "obfs4", "snowflake-broker"}
# A part of a path that says that another address follows.
_WORDS = frozenset(
    {"proxy", "prox", "prx", "proxify", "webproxy", "web-proxy", "cors", "cors-proxy", "corsproxy", "fetch"}
    | {"cors-anywhere", "browse", "browser", "service", "surf", "unblock", "unblocker", "tunnel", "uv", "~uv"}
    | {"sj", "scramjet", "scram", "dynamic", "active", "ocho", "main", "go", "~", "rammerhead", "rh", "px"}
    | {"womginx", "route", "stealth", "p", "bare", "gateway", "visit", "hammerhead", "a", "load", "view"}
)
_SCHEMES = frozenset({"http:", "https:", "ws:", "wss:"})
_SCRIPTS = frozenset(
    f"{name}{ending}"
    for name in ("browse", "proxy", "webproxy", "surf", "poxy", "unblock", "cors", "cors-proxy", "proxify")
    for ending in ("", ".php", ".aspx", ".cgi", ".pl")
)
_NOTED = _PROXY_PARTS | _VPN_PARTS | _TUNNEL_PARTS | _WORDS | _SCHEMES | _SCRIPTS | {"index.php"}
_SESSION = re.compile(r"[a-z0-9]{16,64}(?:![a-z0-9!]+)?")
_BARE_VERSION = re.compile(r"v[1-9]")
_CGI = re.compile(r"/nph-[a-z0-9_-]+\.(?:cgi|pl)/|\.(?:cgi|pl)/[01]{6}[a-z]?/https?/", re.IGNORECASE)
_XORED = ("hvtrs8/-", "hvtr:-/")
_CODED = ("ahr0c", "uggc", "68747470", "ptth", "sptth", "ahr0chm6")
_GLYPE_FLAGS = re.compile(r"(?:^|&)(?:b=\d{1,3}|hl=[0-9a-f]{3})(?:&|$)", re.IGNORECASE)
_TARGET = re.compile(r"(?:^|[&;])(?:u|q|url|uri|link|target|quest|site)=([^&]+)", re.IGNORECASE)
_CROXY = re.compile(r"(?:^|&)__cp[oip]?=([^&]+)", re.IGNORECASE)


def anywhere(url: Url) -> str | None:
    """What no site of any kind is for: names looked up over the web (RFC 8484, and the same in JSON)."""
    path, query = url.path.lower(), url.query
    if query and "dns=" in query and _has_message(query):
        return DNS
    if "dns" not in path and "odoh" not in path and "resolve" not in path and "%" not in path:
        return None
    parts = _parts(path)
    if not _DNS_PARTS.isdisjoint(parts):
        return DNS
    return DNS if parts[-1:] == ["resolve"] and _asks_a_name(query) else None


def _has_message(query: str) -> bool:
    return any(_is_message(pair[4:]) for pair in query.split("&") if pair.startswith("dns="))


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
    return "." in given.get("name", "") and bool(_RECORD_TYPES.fullmatch(given.get("type", "")))


def of_unknown(url: Url) -> str | None:
    """What a host that nobody knows is for, by the form of the address."""
    if "__cp" in url.query and _is_croxy(url.query):
        return PROXY
    path = url.path[:_LONGEST_PATH]
    if len(path) < 3:
        return None
    parts = _parts(path.lower())
    noted = _NOTED.intersection(parts)
    if not noted and "hvtr" not in path and ".cgi" not in path and ".pl" not in path:
        return None
    return _by_name(noted) or (PROXY if _is_proxy(url, path, parts) else None)


def _by_name(noted: frozenset[str]) -> str | None:
    if noted & _PROXY_PARTS:
        return PROXY
    if noted & _VPN_PARTS:
        return VPN
    return TUNNEL if noted & _TUNNEL_PARTS else None


def _is_proxy(url: Url, path: str, parts: list[str]) -> bool:
    plain = unquote(unquote(path))
    if any(xored in plain.lower() for xored in _XORED) or _CGI.search(plain):
        return True
    if any(part == "bare" and _BARE_VERSION.fullmatch(after) for part, after in pairwise(parts)):
        return True
    return _is_before_an_address(url, parts) or _is_script(url, parts)


def _is_before_an_address(url: Url, parts: list[str]) -> bool:
    """`/service/https://...`, the same with the address encoded, `/<session>/https://...`, `/https://...`."""
    for number, part in enumerate(parts):
        before = parts[:number]
        if part in _SCHEMES:
            host = parts[number + 1] if number + 1 < len(parts) else ""
            fits = all(each in _WORDS or _SESSION.fullmatch(each) for each in before)
            return fits and "." in host and not _is_same_site(url.host, host.partition(":")[0])
        if part.startswith(_CODED) and len(part) > 12 and before and before[-1] in _WORDS:
            return True
    return False


def _is_script(url: Url, parts: list[str]) -> bool:
    """`/browse.php?u=...&b=4`, `/proxy?url=https://...`."""
    last = parts[-1] if parts else ""
    if last not in _SCRIPTS and last != "index.php":
        return False
    if url.query.count("&") > MOST_PARAMETERS:
        return last != "index.php"  # whoever asks so hides which of them counts
    flagged = last in ("browse.php", "index.php") and bool(_GLYPE_FLAGS.search(url.query))
    for match in _TARGET.finditer(url.query):
        value = match[1]
        found = [each for each in read(value, file=False) if each.sure]
        is_coded = bool(found) and ("." not in value or value.lower().startswith(_CODED))
        if flagged and (is_coded or last == "browse.php"):
            return True
        if last != "index.php" and found and (is_coded or has_scheme(value)):
            return not any(_is_same_site(url.host, each.url.host) for each in found)
    return False


def _is_same_site(one: str, other: str) -> bool:
    """Their last two labels: a site may well fetch its own pictures."""
    return one.split(".")[-2:] == other.lower().split(".")[-2:]


def _is_croxy(query: str) -> bool:
    return any(read(match[1], file=False) for match in _CROXY.finditer(query))


def _parts(path: str) -> list[str]:
    for _ in range(3):
        if "%" not in path:
            break
        path = unquote(path).lower()
    return [part for part in path.split("/") if part]
