"""The ways in which a provider hands its list over: from its server, or as a file beside lists.yaml."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from filter_lists.fetching import Asking, Fetched, FetchError, Known, NotModified, fetch
from filter_lists.lists_model import ListConfig
from filter_lists.providers import IllegalListProvider
from filter_lists.quantities import size_text

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class HttpProvider:
    """From its own server, with the credentials of the school's agreement."""

    provider: str
    source: str

    def fetch(self, into: IO[bytes], asking: Asking) -> Fetched | NotModified:
        return fetch(self.source, into, asking)


@dataclass(frozen=True, slots=True)
class FileProvider:
    """A file that somebody was handed, or one of the made-up lists that come with Schoolgate."""

    provider: str
    path: Path

    def fetch(self, into: IO[bytes], asking: Asking) -> Fetched | NotModified:
        sha256, size = hashlib.sha256(), 0
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    size += len(chunk)
                    if size > asking.limits.bytes:
                        raise FetchError(f"is larger than {size_text(asking.limits.bytes)}")
                    sha256.update(chunk)
                    into.write(chunk)
        except OSError as error:
            raise FetchError(f"cannot be read ({error.strerror})") from None
        return Fetched(sha256.hexdigest(), size, Known())


def provider_of(config: ListConfig) -> IllegalListProvider:
    """Of a sealed list."""
    if config.local is not None:
        return FileProvider(config.provider, config.local)
    return HttpProvider(config.provider, config.source)
