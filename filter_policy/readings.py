"""One URL, as the servers behind it may read it: each way must be allowed, or the request is not."""

import re
from typing import NamedTuple

from filter_lists.addresses import plain_address
from filter_lists.names import Url, path_spellings

_MISLEADING = re.compile(r"%(?:25|2f|5c|2e|3b|00)|//|[\\;]", re.IGNORECASE)
_PLAIN_PATH = re.compile(r"(?:/[a-z0-9_\-~!$&'()*+,=:@.]*[a-z0-9_\-~!$&'()*+,=:@])*/?")


class Reading(NamedTuple):
    """One way to read a URL. `strict`: whatever blocks it counts; else only a rule about that very path."""

    url: Url
    strict: bool


def readings(url: Url) -> tuple[Reading, ...]:
    """The URL itself, and as other servers may read it: other case, escapes, slashes; another address."""
    host = plain_address(url.host) if ":" in url.host else url.host
    if host == url.host and _PLAIN_PATH.fullmatch(url.path):
        return (Reading(url, True),)
    strict = bool(_MISLEADING.search(url.path))
    found = [Reading(url, True)]
    for path in path_spellings(url.path):
        found.append(Reading(Url(url.scheme, host, url.port, path or "/", url.query), strict))
    if host != url.host:
        found.append(Reading(Url(url.scheme, host, url.port, url.path, url.query), True))
    return tuple(dict.fromkeys(found))
