"""The pattern of an AdBlock rule (`||host/path^`), where it means sites or pages."""

import re
from typing import NamedTuple
from urllib.parse import unquote

from filter_lists.names import SCHEME, path_spellings
from filter_lists.readers.lines import RefusedError
from filter_lists.report import Why

SCHEMED = re.compile(r"(?:\|?(?:(https?|wss?)|\*):|:)?//", re.IGNORECASE)
WILD = re.compile(r"[*^|]")
BEGINS = re.compile(r"[^\W_]|\[")
FILES = re.compile(
    r".*\.(ashx|aspx?|cgi|css|gif|html?|jpe?g|js|json|jsp|mp4|php|png|svg|swf|txt|webp|xml)[*^|]*",
    re.IGNORECASE,
)


class Shape(NamedTuple):
    """`text` is a host or page as other lists write it; `below`: with what is below the host.

    `less`: the pattern means less than the text, which only a block may.
    """

    text: str
    below: bool
    less: bool = False


def shape_of(pattern: str, exception: bool, dns: bool) -> Shape:
    """Raises RefusedError for a pattern that means no sites, or that an exception would widen."""
    rest, below = _anchored(pattern, exception, dns)
    rest = rest.rstrip("*")
    closed = rest.endswith("|")
    rest = rest.removesuffix("|")
    separated = rest.endswith("^")
    rest = rest.removesuffix("^")
    if exception and (rest.startswith((".", "*")) or "#" in rest or SCHEME.match(rest)):
        raise RefusedError(Why.NARROW)
    if rest.startswith("*."):
        rest, below = rest[2:], True
    head = rest.partition("?")[0].partition("/")[0]
    if not head or WILD.search(rest) or (head == rest and head.endswith(".") and not separated):
        raise RefusedError(Why.PATTERN)
    text, open_query = _queried(rest, separated) if "?" in rest else (rest, False)
    less = open_query or (closed and not (dns and head == rest)) or (separated and rest.endswith("/"))
    if exception and (less or "?" in rest):
        raise RefusedError(Why.NARROW)
    return Shape(text, below, less)


def check_path(path: str, text: str, exception: bool) -> None:
    """The index knows a page by its plainest path, which must not be the whole site.

    Nor may it be another page than the one that an exception names.
    """
    written = "/" + text.partition("?")[0].partition("/")[2]
    if written == "/":
        return
    plain = path_spellings(path)[0]
    if not plain:
        raise RefusedError(Why.PATTERN)
    written = written.removesuffix("/")
    if exception and (plain != unquote(written).lower() or plain.count("/") != written.count("/")):
        raise RefusedError(Why.NARROW)


def _anchored(pattern: str, exception: bool, dns: bool) -> tuple[str, bool]:
    """What follows the mark where a host begins, and whether hosts below are meant too."""
    if pattern.startswith("||"):
        return pattern[2:], True
    if found := SCHEMED.match(pattern):
        if exception and found[1]:
            raise RefusedError(Why.NARROW)  # entries hold for http and https
        return pattern[found.end() :], False
    if dns and pattern.startswith("|"):
        return pattern[1:], False
    if pattern.startswith("."):
        if exception or not pattern.rstrip("*|").endswith("^"):
            raise RefusedError(Why.NARROW if exception else Why.PATTERN)
        return _bare(pattern[1:]), True
    return _bare(pattern), not exception


def _bare(pattern: str) -> str:
    """A host without any mark. Most patterns without one are parts of addresses: `banner.gif`, `-ads.`."""
    if "/" in pattern or "?" in pattern or not BEGINS.match(pattern) or FILES.fullmatch(pattern):
        raise RefusedError(Why.PATTERN)
    return pattern


def _queried(rest: str, separated: bool) -> tuple[str, bool]:
    """The page with its query, which must be of whole parameters; or the page, where any query is meant."""
    page, _, query = rest.partition("?")
    if not query:
        if "/" not in page.removesuffix("/"):  # all of the host would be more than is meant
            raise RefusedError(Why.QUERY)
        return page, True
    whole = query.removesuffix("&")
    name, _, value = whole.rpartition("&")[2].partition("=")
    if whole == query and not separated and not (name and value):  # it may begin other words or values
        raise RefusedError(Why.QUERY)
    return f"{page}?{whole}", False
