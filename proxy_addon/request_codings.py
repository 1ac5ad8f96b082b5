"""Packed request bodies. No browser packs one by itself; scripts of real sites send gzip.

We pass bodies on as they come and unpack none, so a bomb would go off at the site. Nothing is lost by
refusing what no page needs. gzip and deflate, once, go on: what apps and pages report home comes so.
"""

from proxy_addon.asked import BadRequest, Head

PASSED_ON = frozenset({b"gzip", b"x-gzip", b"deflate", b"identity", b""})


def must_be_known(head: Head) -> None:
    """Raises BadRequest (415)."""
    values = head.noted.get(b"content-encoding")
    if values is not None and (len(values) > 1 or values[0].strip().lower() not in PASSED_ON):
        raise BadRequest("a body packed in a way that no browser packs one", 415)
