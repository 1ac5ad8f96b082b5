"""Addresses of other sites inside the address of a site that nobody knows, as proxies in a page have them.

Which word stands before such an address says nothing: what counts is what it would show. So it is judged as
if it were visited, and only where a list or the school speaks against that very site does it count
(judge.py). Only a whole address counts, with its scheme, however it was written; names alone are in many
usual addresses. Nor do addresses count that say where somebody comes from, or goes on to.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from filter_lists.names import Url
from filter_policy.embedded import Found, has_scheme, read

MOST = 16
MOST_PARTS = 40  # of a path
LONGEST = 8192
# What proxies call the address that they are to show.
NAMES = frozenset(
    {"url", "u", "uri", "target", "targeturl", "target_url", "quest", "site", "address", "web", "website"}
    | {"fetch", "get", "proxy", "src"}
)
# Where a path ends so, every name counts.
_PROXY_PATH = re.compile(
    r"/(?:[a-z]*proxy[a-z]*|browse|surf|unblock(?:er|ed)?|cors|fetch)(?:\.[a-z]{2,5})?/*", re.IGNORECASE
)
# `http`, as it stands and as it is written in other ways.
_HINT = re.compile(
    r"https?(?::|%|/)|wss?(?::|%3a)|ahr0c|yuhsmg|sfrucd|hvtr|uggc|68747470|ptth|nb2hi4|%25|%68|%48|%74|%54",
    re.IGNORECASE,
)
# How what is packed begins in base64: gzip, and zlib in its usual strengths.
_PACKED = ("H4sI", "eJw", "eJx", "eJy", "eJz", "eNo", "eNp", "eNq", "eNr")
_BEGINS = re.compile(r"^(?:https?|wss?)(?::|$)|[^a-z0-9](?:https?|wss?):")
_SCHEMED = re.compile(
    r"(?:^|(?<=[^a-z0-9]))(https?|wss?)(?::[/\\]*|(?<=^http)/+|(?<=^https)/+)([^/\\].*)",
    re.IGNORECASE | re.DOTALL,
)
_CODED = re.compile(
    r"ahr0c|yuhsmg|sfrucd|hvtr|uggc|68747470|nb2hi4|[^/]*ptth|h4si|ej[wxyz]|en[opqr]", re.IGNORECASE
)
_HOST = re.compile(r"[^/?#\\]*[.\[]")
_TURNED = re.compile(r"//:s?ptth$", re.IGNORECASE)


def guesses(url: Url) -> tuple[Url, ...]:
    """What this may be to show; most addresses are done with after one look. More than MOST: one too many."""
    in_path = _is_hinted(url.path)
    in_query = bool(url.query) and _is_hinted(url.query)
    if not in_path and not in_query:
        return ()
    found: dict[Url, None] = {}
    for each in _all(url, in_path, in_query):
        if each.url.host != url.host:
            found[each.url] = None
        if len(found) > MOST:
            break
    return tuple(found)


def _is_hinted(text: str) -> bool:
    return _HINT.search(text) is not None or any(each in text for each in _PACKED)


def _all(url: Url, in_path: bool, in_query: bool) -> Iterator[Found]:
    if in_path:
        yield from _in_path(url.path[:LONGEST], url.query)
    if in_query:
        any_name = _PROXY_PATH.fullmatch(url.path, max(url.path.rstrip("/").rfind("/"), 0)) is not None
        yield from _in_query(url.query, any_name)


def _in_path(path: str, query: str) -> Iterator[Found]:
    """The first part from which on the path is an address, or one that is an address in other letters."""
    for spelt in dict.fromkeys((path, unquote(path), unquote(unquote(path)))):
        parts = spelt.strip("/").split("/")
        for number, part in enumerate(parts[:MOST_PARTS]):
            if found := tuple(_from(part, parts[number:], query)):
                yield from found
                break


def _from(part: str, parts: list[str], query: str) -> Iterator[Found]:
    low = part.lower()
    if _BEGINS.search(low):
        rest = "/".join(parts)
        match = _SCHEMED.search(f"{rest}?{query}" if query else rest)
        if match and _is_host(match[2]):
            yield from _sure(f"{match[1]}://{match[2]}")
    elif _CODED.match(low):
        for text in dict.fromkeys((part, "/".join(parts))):
            yield from _sure(text)
    elif has_scheme(part):
        yield from _sure(part)


def _is_host(text: str) -> bool:
    return _HOST.match(text) is not None or "%" in text


def _in_query(query: str, any_name: bool) -> Iterator[Found]:
    if _HINT.match(query):
        yield from _addressed(query)
    for pair in re.split("[&;]", query):
        if not _is_hinted(pair):
            continue
        name, mark, value = pair.partition("=")
        if not mark:
            yield from _addressed(pair)
        elif any_name or unquote(unquote(name)).strip().lower() in NAMES:
            yield from _addressed(value)


def _addressed(value: str) -> Iterator[Found]:
    """An address with its scheme, as it stands or in other letters: not one that is somewhere in a text."""
    plain = unquote(value)
    if has_scheme(value) or _CODED.match(plain) or _TURNED.search(plain):
        yield from _sure(value)


def _sure(text: str) -> Iterator[Found]:
    return (each for each in read(text, file=False) if each.sure)
