"""Addresses as people type or paste them: with a scheme or without, with a name and password or without."""

import re

from filter_lists.names import Url, parse_url

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
WHO = re.compile(r"(?<=://)[^/\\?#]*@")  # no part of the site; a browser keeps it to itself


def typed_url(text: str) -> Url:
    """Raises NameFault."""
    stripped = text.strip()
    whole = stripped if SCHEME.match(stripped) else f"https://{stripped}"
    return parse_url(WHO.sub("", whole, count=1))
