"""One list from its server, or a sentence why not. Nothing that a server sends or does can do more than fail.

Every limit is kept here: time (also against a byte a second), size (whatever its head says), redirects. The
bytes are taken as they lie on the server, so no encoding is asked for.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx2

from filter_lists.credentials import Credentials
from filter_lists.lists_model import Limits
from filter_lists.names import Url
from filter_lists.quantities import size_text
from filter_lists.remote import is_local, is_public, next_address, parse_address
from filter_lists.writing import Tell, silent

MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PATIENCE = httpx2.Timeout(30, connect=15)  # seconds of silence
AS_IT_LIES = ("", "identity", "gzip", "x-gzip")  # gzip is told by its first bytes, wherever it comes from
LONGEST_TAG = 500
HEADERS = {"user-agent": "Schoolgate", "accept": "*/*", "accept-encoding": "identity"}


class FetchError(Exception):
    """A list that could not be fetched. The sentence holds no address, which may hold a secret."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the server said when it last sent the list."""

    etag: str = ""
    last_modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        named = {"if-none-match": self.etag, "if-modified-since": self.last_modified}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Fetched:
    sha256: str
    bytes: int
    known: Known


@dataclass(frozen=True, slots=True)
class NotModified:
    """What we have is what there is."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How to ask. `ca`: trusted instead of the machine's own authorities."""

    limits: Limits
    known: Known
    credentials: Credentials | None = None
    ca: Path | None = None
    tell: Tell = silent
    stage: str = "fetching"


def fetch(source: str, into: IO[bytes], asking: Asking) -> Fetched | NotModified:
    """The bytes go into `into`; they are worth nothing when this raises FetchError."""
    try:
        return asyncio.run(_in_time(parse_address(source), into, asking))
    except TimeoutError:
        raise FetchError(f"took longer than {asking.limits.seconds} seconds") from None
    except httpx2.TimeoutException:
        raise FetchError("its server was silent for too long") from None
    except httpx2.RemoteProtocolError:
        raise FetchError("its server broke off, or does not speak HTTP") from None
    except httpx2.ConnectError as error:
        raise FetchError(f"its server cannot be reached ({error})") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise FetchError(f"the connection to its server failed ({type(error).__name__})") from None


async def _in_time(url: Url, into: IO[bytes], asking: Asking) -> Fetched | NotModified:
    async with (
        asyncio.timeout(asking.limits.seconds),
        httpx2.AsyncClient(verify=_trusted(asking.ca), timeout=PATIENCE, trust_env=False) as client,
    ):
        return await _fetch(client, url, into, asking)


def _trusted(ca: Path | None) -> ssl.SSLContext:
    """The machine's authorities, or those that SSL_CERT_FILE names."""
    return httpx2.create_ssl_context() if ca is None else ssl.create_default_context(cafile=ca)


async def _fetch(
    client: httpx2.AsyncClient, url: Url, into: IO[bytes], asking: Asking
) -> Fetched | NotModified:
    source = url
    for _ in range(MOST_REDIRECTS + 1):
        own = asking.credentials.headers_for(url) if asking.credentials else {}
        client.cookies.clear()
        async with client.stream(
            "GET", str(url), headers={**HEADERS, **asking.known.headers, **own}
        ) as response:
            if url.host != source.host and not is_local(source):
                require_public(response)
            if response.status_code not in REDIRECTS:
                return await _received(response, into, asking)
            try:
                url = next_address(url, response.headers.get("location", ""))
            except ValueError as error:
                raise FetchError(f"its server sends us on to {error}") from None
    raise FetchError(f"its server sends us on more than {MOST_REDIRECTS} times")


def require_public(response: httpx2.Response) -> None:
    """What a school names may lie in its own network. What a server sends us on to may not, by any name."""
    stream = response.extensions.get("network_stream")
    found = stream.get_extra_info("server_addr") if stream is not None else None
    if not found or not is_public(str(found[0])):
        raise FetchError("its server sends us on to an address within a network")


async def _received(response: httpx2.Response, into: IO[bytes], asking: Asking) -> Fetched | NotModified:
    if response.status_code == 304 and asking.known.headers:
        return NotModified()
    if response.status_code != 200:
        raise FetchError(f"its server answered {response.status_code}")
    if (encoding := response.headers.get("content-encoding", "").strip().lower()) not in AS_IT_LIES:
        raise FetchError(f"its server sent it encoded as {encoding[:20]!r}, which was not asked for")
    sha256, size = hashlib.sha256(), 0
    total = int(length) if (length := response.headers.get("content-length", "")).isdecimal() else 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > asking.limits.bytes:
            raise FetchError(f"is larger than {size_text(asking.limits.bytes)}")
        sha256.update(chunk)
        into.write(chunk)
        asking.tell(asking.stage, size, total)
    return Fetched(sha256.hexdigest(), size, _known(response.headers))


def _known(headers: Mapping[str, str]) -> Known:
    etag, changed = (headers.get(name, "") for name in ("etag", "last-modified"))
    return Known(*(each if each.isascii() and len(each) <= LONGEST_TAG else "" for each in (etag, changed)))
