"""Which address a piece of text stands for, however it was wrapped: escaped, encoded, turned round, cut.

Only asked of what a carrier was given to fetch (carried.py), so it tries hard. What it answers is judged as
if it were visited; a guess (`sure` is False) counts only where a list or the school itself names that site.
"""

import base64
import codecs
import re
import unicodedata
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

from filter_lists.names import NameFault, Url, parse_url

LONGEST = 8192  # characters of one text
MOST_DECODED = 4  # times over that escapes are taken out
DEEPEST = 3  # encodings around each other
MOST_WITHIN = 8  # addresses in one text that is none itself
# Nothing is fetched for these.
NO_SITE = re.compile(r"(?:data|about|blob|mailto|tel|sms|javascript):", re.IGNORECASE)
CACHE = re.compile(r"(?:cache|related|info|view-source|feed|site):\s*(?:[\w-]{12}:)?", re.IGNORECASE)
_SCHEMED = re.compile(
    r"(?:(https?|wss?):[/\\]*|(?:ftps?|feed|gopher|gemini|rtsp):[/\\]*|:?[/\\]{2,})(.+)",
    re.IGNORECASE | re.DOTALL,
)
_WEB = re.compile(r"(?:https?|wss?):[/\\]+\S", re.IGNORECASE)
_WITHIN = re.compile(r"(?:https?|wss?):[/\\]{1,2}[^/\\\s]", re.IGNORECASE)
_BARE = re.compile(
    r"(?:[^\s/?#@:\\]*(?::[^\s/?#@\\]*)?@)?"  # a name and password
    r"(?:\[[0-9a-f:.]{2,45}\]|\d{1,3}(?:\.\d{1,3}){3}|(?:[^\s/?#@:\\.,=&()]+\.)+[^\W\d_][\w-]*[^\W_])"
    r"\.?(?::\d{1,5})?(?:[/?#\\].*)?",
    re.IGNORECASE | re.DOTALL,
)
# What ends so is more often a file than a host; only looked at where a host need not stand.
_FILES = re.compile(
    r"m?js|css|x?html?|php|aspx?|jsp|cgi|json|xml|txt|csv|pdf|png|jpe?g|gif|svg|webp|avif|ico|bmp|woff2?|ttf|eot"
    r"|mp[34]|webm|og[gv]|wav|map|wasm|gz|docx?|xlsx?|pptx?|rss|atom|swf",
    re.IGNORECASE,
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,3}")
_TO_BASE64 = str.maketrans("-_ ", "+/+")  # as it is written in addresses, and where `+` was read as a blank
_BASE32 = re.compile(r"(?:[A-Z2-7]{8})+|[A-Z2-7]{16,}={0,6}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){6,}")
_CONTROL = re.compile(r"[\0\t\r\n]")
_CONTROLS = dict.fromkeys(map(ord, "\t\r\n\0"))
_AROUND = " \"'`<>\u200b\u200c\u200d\ufeff\u00a0"


class Found(NamedTuple):
    """An address, and whether it can be nothing else."""

    url: Url
    sure: bool = True


def read(text: str, *, file: bool = True) -> tuple[Found, ...]:
    """What it stands for; nothing where it cannot be read. `file`: that `index.html` may be a host."""
    found: dict[Url, bool] = {}
    for each in _read(text[:LONGEST], file, 0):
        found[each.url] = found.get(each.url, False) or each.sure
    return tuple(Found(*each) for each in found.items())


def is_nothing(text: str) -> bool:
    """Whether nothing is fetched for it: it is empty, or an address of another kind than a site's."""
    plain = _plain(unquote(text))
    if not plain:
        return not _CONTROL.search(unquote(text))  # what is nothing to us may be something to others
    return bool(NO_SITE.match(plain) and not _WITHIN.search(plain))


def has_scheme(text: str) -> bool:
    """Whether an address of the web begins here, as it stands or escaped."""
    return any(_WEB.match(each) for each in spellings(text))


def spellings(text: str) -> Iterator[str]:
    """The text as it stands, and with its escapes taken out once, twice, three times."""
    known = {text}
    yield text
    for number in range(MOST_DECODED):
        text = unquote(text.replace("+", " ") if number == 0 else text)
        if text in known:
            return
        known.add(text)
        yield text


def _read(text: str, file: bool, depth: int) -> Iterator[Found]:
    begun = False
    for each in spellings(text):
        for part in _cut(each):
            if url := _as_url(part, file):
                begun = True
                yield Found(url)
                yield from _other_hosts(part, url)
    if depth < DEEPEST:
        for plain, sure in _decoded(text, begun):
            if sure or begun or file:
                for found in _read(plain, file, depth + 1):
                    yield Found(found.url, found.sure and sure)
    if not begun:
        yield from _within(text)


def _cut(text: str) -> Iterator[str]:
    """Browsers leave line breaks out; others end an address there."""
    yield text
    if (match := _CONTROL.search(text, 1)) is not None:
        yield text[: match.start()]


def _other_hosts(text: str, url: Url) -> Iterator[Found]:
    """To some, the host is behind the last `@` before the first slash, even behind `?`, `#` and `\\`."""
    match = _SCHEMED.fullmatch(_plain(text))
    authority = match[2].partition("/")[0] if match else ""
    if "@" in authority and (other := _parsed(url.scheme, authority.rpartition("@")[2])) and other != url:
        yield Found(other, sure="\\" in authority)


def _within(text: str) -> Iterator[Found]:
    """Where no address begins the text, any address in it."""
    for each in spellings(text):
        matches = list(islice(_WITHIN.finditer(each), MOST_WITHIN + 1))
        for match in matches if len(matches) <= MOST_WITHIN else ():
            if url := _as_url(each[match.start() :].split()[0], file=False):
                yield Found(url)


def _as_url(text: str, file: bool) -> Url | None:
    text = _plain(text)
    if match := CACHE.match(text):
        text = (text[match.end() :].split() or [""])[0]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("\u3002", ".")
    if match := _SCHEMED.fullmatch(text):
        secure = (match[1] or "").lower() in ("https", "wss")
        return _parsed("https" if secure else "http", match[2])
    bare = text.lstrip("/\\")
    if not _BARE.fullmatch(bare) or (not file and _ends_like_a_file(bare)):
        return None
    return _parsed("http", bare)


def _plain(text: str) -> str:
    """As browsers do: without line breaks, and without blanks and quotes around it."""
    return text.translate(_CONTROLS).strip(_AROUND)


def _ends_like_a_file(bare: str) -> bool:
    return bool(_FILES.fullmatch(_split(bare)[0].rpartition(".")[2]))


def _parsed(scheme: str, rest: str) -> Url | None:
    authority, mark, path = _split(rest)
    for name in dict.fromkeys((authority, authority.rpartition("@")[2])):
        try:
            url = parse_url(f"{scheme}://{name}{mark}{path}")
        except (NameFault, UnicodeError):
            continue
        return url if "." in url.host or ":" in url.host else None  # one word is no site of the web
    return None


def _split(rest: str) -> tuple[str, str, str]:
    match = re.search(r"[/?#\\]", rest)
    return (rest[: match.start()], match[0], rest[match.end() :]) if match else (rest, "", "")


# --- encodings


def _decoded(text: str, is_read: bool) -> Iterator[tuple[str, bool]]:
    """What it may be under an encoding, and whether it can be nothing else. `is_read`: it is an address as it
    stands, so that anything else is a guess."""
    plain = _plain(unquote(text))
    if not is_read:
        for each in _wrapped(plain):
            for raw in (*_from_base64(each), *_from_hex(each), *_from_base32(each)):
                if told := _printable(raw) or _printable(_unpacked(raw)):
                    yield told, True
        if _WEB.match(xored := xor_decoded(plain)):
            yield xored, True
    if not _SCHEMED.match(plain):
        for turned in (plain[::-1], codecs.encode(plain, "rot13")):
            if match := _WITHIN.search(turned):
                yield turned[match.start() :], True
            elif _BARE.fullmatch(turned):
                yield turned, False


def _wrapped(text: str) -> Iterator[str]:
    """What may be encoded: as it stands, without what some proxies write before it, and turned round."""
    yield text
    if text[:2].lower() in ("a1", "0x"):
        yield text[2:]
    yield text[::-1].lstrip("=")


def _unpacked(raw: bytes) -> bytes:
    """Of what was packed as gzip, zlib or bare deflate, the beginning."""
    kind = 47 if raw[:2] == b"\x1f\x8b" or raw[:1] == b"\x78" else -15
    try:
        return zlib.decompressobj(kind).decompress(raw, LONGEST)
    except zlib.error:
        return b""


def xor_decoded(text: str) -> str:
    """As a common proxy in a page hides addresses: every other character has one bit turned."""
    return "".join(chr(ord(c) ^ 2) if i % 2 else c for i, c in enumerate(text))


def _from_base64(text: str) -> Iterator[bytes]:
    text = text.translate(_TO_BASE64)
    if _BASE64.fullmatch(text):
        try:
            yield base64.b64decode(text + "==")  # what is too much of it is left out
        except ValueError:
            return


def _from_hex(text: str) -> Iterator[bytes]:
    if _HEX.fullmatch(text):
        yield bytes.fromhex(text)


def _from_base32(text: str) -> Iterator[bytes]:
    if _BASE32.fullmatch(text.upper()) and (text.isupper() or text.islower()):
        bare = text.upper().rstrip("=")
        try:
            yield base64.b32decode(bare + "=" * (-len(bare) % 8))
        except ValueError:
            return


def _printable(raw: bytes) -> str | None:
    try:
        text = _plain(raw.decode())
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None
