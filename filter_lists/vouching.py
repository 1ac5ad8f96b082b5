"""Whether the bytes that came are the list that two people agreed to take."""

import io

from filter_lists.fetching import Asking, Fetched, FetchError, Known, NotModified, fetch
from filter_lists.lists_model import Limits, ListConfig
from filter_lists.minisign import LARGEST, SignatureFault, verify

PAGES = (b"<!doctype html", b"<html", b"<head", b"<body")
START = 512  # bytes looked at for one
SIGNATURE_LIMITS = Limits(bytes=LARGEST, seconds=60)


class RefusedError(Exception):
    """A list that came, and is not taken; the sentence says why."""


def check_content(config: ListConfig, answer: Fetched, content: memoryview, asking: Asking) -> None:
    """`asking` is how the list was asked for: its signature comes the same way. Raises RefusedError."""
    start = bytes(content[:START]).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not content:
        raise RefusedError("came without one byte")
    if start.startswith(PAGES):
        raise RefusedError("is a web page and no list")
    if config.sha256 and answer.sha256 != config.sha256:
        raise RefusedError(f"its sha256 is {answer.sha256}, and not the one in lists.yaml")
    if config.signature is not None:
        try:
            verify(content, _signature(config.signature.source, asking), config.signature.key)
        except SignatureFault as fault:
            raise RefusedError(str(fault)) from None


def _signature(source: str, asking: Asking) -> bytes:
    into = io.BytesIO()
    try:
        answer = fetch(source, into, Asking(SIGNATURE_LIMITS, Known(), asking.credentials, asking.ca))
    except FetchError as error:
        raise RefusedError(f"its signature {error}") from None
    if isinstance(answer, NotModified):
        raise AssertionError("we know no earlier one")
    return into.getvalue()
