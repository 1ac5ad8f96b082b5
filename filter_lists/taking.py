"""One list, from where it comes to where it can be compiled: fetched, checked, sealed if it is to be, stored.

The plain text of a list that is to be sealed stays in memory.
"""

import hashlib
import io
import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from filter_lists.credentials import CredentialsFault, read_credentials
from filter_lists.fetching import Asking, Fetched, FetchError, Known, NotModified, fetch
from filter_lists.lists_model import ListConfig
from filter_lists.manifest import IndexFault, sha256_of
from filter_lists.orders import ListOutcome, Order, Result
from filter_lists.provider_sources import provider_of
from filter_lists.sealed_key import ensure_key
from filter_lists.sealing import sealed
from filter_lists.source_store import Record, SourceStore, changed_at, is_due
from filter_lists.unpacking import SourceFault
from filter_lists.vouching import RefusedError, check_content
from filter_lists.writing import Tell, silent

UPDATE = "schoolgate lists update"
AS_IN_FORCE = "stays as it is in force"
NOT_STORED = "what is in force of it is not stored any more, so it cannot stay as it is"
FAILURES = (FetchError, CredentialsFault, RefusedError, SourceFault, IndexFault)


@dataclass(frozen=True, slots=True)
class Taken:
    """`record` is to be written once the list has been compiled; `before` is what was there.

    `path`: where the list lies now. `fault`: why it cannot be used, if so.
    """

    config: ListConfig
    result: Result
    record: Record
    before: Record
    path: Path | None
    why: str = ""
    bytes: int = 0
    fault: str = ""

    @property
    def outcome(self) -> ListOutcome:
        return ListOutcome(self.config.list_id, self.result, self.why, self.bytes)

    @property
    def is_new(self) -> bool:
        """Whether bytes came that nobody has compiled yet."""
        return self.result == "fetched"


@dataclass(frozen=True, slots=True)
class Taker:
    order: Order
    store: SourceStore
    tell: Tell = silent

    def take(self, config: ListConfig) -> Taken:
        """Whatever goes wrong, what was there before stays in use."""
        before = self.store.record(config)
        if config.list_id in self.order.keep:
            return self._keep(config, before, self.order.keep[config.list_id])
        if config.local is not None:
            return self._seal_local(config, before) if config.sealed else _look(config, before)
        path = self.store.path(config)
        if not self._is_wanted(config, before, path):
            fault = "" if path else before.fault or f"was never fetched: {UPDATE}"
            return Taken(config, "not-due", before, before, path, fault=fault)
        try:
            return self._fetch(config, before, path)
        except FAILURES as error:
            return self.refuse(config, before, str(error))

    def _keep(self, config: ListConfig, before: Record, sha256: str) -> Taken:
        """As it is in force, while what came since waits for somebody."""
        path = self.store.kept(config, sha256)
        result: Result = "not-due" if config.local is None else "local"
        return Taken(config, result, before, before, path, AS_IN_FORCE, fault="" if path else NOT_STORED)

    def refuse(self, config: ListConfig, before: Record, why: str) -> Taken:
        path = self.store.path(config, before)
        fault = "" if path else f"cannot be used, and there is no earlier copy: {why}"
        return Taken(config, "failed", before.failed(why, self.order.now), before, path, why, fault=fault)

    def _is_wanted(self, config: ListConfig, before: Record, path: Path | None) -> bool:
        if self.order.fetch is not None:
            return config.list_id in self.order.fetch
        return is_due(config, before if path else replace(before, checked_at=None), self.order.now)

    def _fetch(self, config: ListConfig, before: Record, path: Path | None) -> Taken:
        secret = read_credentials(self.order.state, config.credentials) if config.credentials else None
        known = Known(before.etag, before.last_modified) if path else Known()
        stage = f"fetching {config.list_id}"
        asking = Asking(config.limits, known, secret, self.order.ca, self.tell, stage)
        with self.store.new_file() as file, _receiving(config, file) as into:
            answer = _source_of(config)(into, asking)
            if isinstance(answer, NotModified):
                return Taken(config, "unchanged", before.checked(self.order.now), before, path)
            with _viewed(into) as content:
                check_content(config, answer, content, asking)
                note = self._seal(bytes(content), file) if config.sealed else ""
            name = self.store.add(config, file)
        return self._taken(config, before, name, answer, note)

    def _taken(self, config: ListConfig, before: Record, name: str, answer: Fetched, note: str) -> Taken:
        record = _with_file(before, name, self.order).checked(self.order.now)
        record = replace(
            record,
            etag=answer.known.etag,
            last_modified=answer.known.last_modified,
            bytes=answer.bytes,
            note=note,
        )
        result: Result = "unchanged" if before.files[:1] == (name,) else "fetched"
        path = self.store.path(config, record)
        return Taken(config, result, record, before, path, note, answer.bytes)

    def _seal_local(self, config: ListConfig, before: Record) -> Taken:
        """Sealed anew each time: whether the file has changed is told by what comes of it."""
        try:
            content = all_of(config)
            if fault := _wrong_sha256(config, hashlib.sha256(content).hexdigest()):
                raise RefusedError(fault)
            with self.store.new_file() as file:
                note = self._seal(content, file)
                name = self.store.add(config, file)
        except (OSError, *FAILURES) as error:
            why = getattr(error, "strerror", None) or str(error)
            return replace(_look(config, before), fault=why, record=before.failed(why, self.order.now))
        record = replace(
            _with_file(before, name, self.order),
            checked_at=changed_at(config.local),
            bytes=len(content),
            failures=0,
            fault="",
            note=note,
        )
        return Taken(config, "local", record, before, self.store.path(config, record), note)

    def _seal(self, content: bytes, file: Path) -> str:
        made, note = sealed(content, ensure_key(self.order.state))
        file.write_bytes(made)
        return note


def _look(config: ListConfig, before: Record) -> Taken:
    """At a file or folder beside lists.yaml. What cannot be read is told by the compiler."""
    taken = Taken(config, "local", before, before, config.local)
    if config.sha256 and config.local is not None and config.local.exists():
        return replace(taken, fault=_wrong_sha256(config, sha256_of(config.local)))
    return taken


def _wrong_sha256(config: ListConfig, found: str) -> str:
    if config.sha256 in ("", found):
        return ""
    return f"its sha256 is {found}, and not the one in lists.yaml"


def all_of(config: ListConfig) -> bytes:
    """A list that lies here and is to be sealed. Raises RefusedError."""
    into = io.BytesIO()
    try:
        provider_of(config).fetch(into, Asking(config.limits, Known()))
    except FetchError as error:
        raise RefusedError(str(error)) from None
    return into.getvalue()


def _source_of(config: ListConfig) -> Callable[[IO[bytes], Asking], Fetched | NotModified]:
    if config.sealed:
        return provider_of(config).fetch
    return lambda into, asking: fetch(config.source, into, asking)


def _with_file(before: Record, name: str, order: Order) -> Record:
    if before.files[:1] == (name,):
        return before
    others = tuple(each for each in before.files if each != name)
    return replace(before, files=(name, *others), fetched_at=order.now)


def _receiving(config: ListConfig, file: Path) -> IO[bytes]:
    return io.BytesIO() if config.sealed else file.open("w+b")


@contextmanager
def _viewed(file: IO[bytes]) -> Iterator[memoryview]:
    """All of a file that was just written, without a copy of it in memory."""
    file.flush()
    if isinstance(file, io.BytesIO):
        with file.getbuffer() as view:
            yield view
    elif file.tell() == 0:  # what is empty cannot be mapped
        yield memoryview(b"")
    else:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
            yield view
