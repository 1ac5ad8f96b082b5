"""What was fetched, and when: `state/list-sources/<list_id>/` holds `state.json`, and files by their sha256.

A list may have been taken in several ways (another address, another key: `ListConfig.way`), since a text that
is only proposed is tried out too. Each way has a record of its own; none is used in another's place.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from filter_lists.lists_model import ListConfig
from filter_lists.manifest import sha256_of
from filter_lists.needed import Needed
from filter_lists.sealed_source import SUFFIX
from filter_lists.storage import building_in, new_folder

FOLDER = "list-sources"
STATE = "state.json"
KEPT = 3  # files of each way: the one in use and the last two
WAYS = 4  # of each list
FIRST_WAIT = timedelta(minutes=15)  # after a failure; twice as long after each further one


@dataclass(frozen=True, slots=True)
class Record:
    """One list, taken in one way. `checked_at`: when its server last said that this is what there is.

    `files`: names in the folder, the one in use first. `failures`: in a row, `fault` is why the last of them.
    """

    source: str = ""
    checked_at: datetime | None = None
    fetched_at: datetime | None = None
    tried_at: datetime | None = None
    etag: str = ""
    last_modified: str = ""
    bytes: int = 0
    files: tuple[str, ...] = ()
    failures: int = 0
    fault: str = ""
    note: str = ""  # of a sealed list: how many of its lines were not understood

    @property
    def sha256(self) -> str:
        return self.files[0].removesuffix(SUFFIX) if self.files else ""

    def failed(self, why: str, now: datetime) -> Self:
        return replace(self, tried_at=now, failures=self.failures + 1, fault=why)

    def checked(self, now: datetime) -> Self:
        return replace(self, tried_at=now, checked_at=now, failures=0, fault="")

    def to_json(self) -> dict[str, Any]:
        return {name: _text(value) for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        times = {name: _time(raw[name]) for name in ("checked_at", "fetched_at", "tried_at")}
        return cls(**{**raw, **times, "files": tuple(map(str, raw["files"]))})


class SourceStore:
    """All lists under one state folder. What is `needed` stays, whatever else is tried out."""

    def __init__(self, state: Path, needed: Needed = Needed()) -> None:  # noqa: B008  # frozen
        self.folder = state / FOLDER
        self._needed = needed

    @contextmanager
    def locked(self, waits: Callable[[], object] = lambda: None) -> Iterator[None]:
        """One process at a time takes lists; `waits` is called where another does."""
        with building_in(self.folder, waits):
            yield

    def record(self, config: ListConfig) -> Record:
        """Of a file beside lists.yaml: when it was last changed."""
        if config.local is not None and not config.sealed:
            return _of_file(config)
        return self._ways(config).get(config.way) or Record(source=config.source)

    def path(self, config: ListConfig, record: Record | None = None) -> Path | None:
        """Where the list lies now; None where it was never fetched, or what was fetched is damaged, or is
        not what lists.yaml pins.

        `record`: one that is not written yet, or no more.
        """
        if config.local is not None and not config.sealed:
            return config.local
        record = record or self.record(config)
        return self._whole(config, record.sha256) if record.files else None

    def kept(self, config: ListConfig, sha256: str) -> Path | None:
        """Where these very bytes of it lie, if they still do."""
        if config.local is not None and not config.sealed:
            return config.local if _has(config.local, sha256) else None
        return self._whole(config, sha256)

    def _whole(self, config: ListConfig, sha256: str) -> Path | None:
        """What is sealed has another sha256 than what came, so a pin can be held against what came alone."""
        if config.sha256 and not config.sealed and sha256 != config.sha256:
            return None
        path = self._folder(config) / (sha256 + (SUFFIX if config.sealed else ""))
        return path if _has(path, sha256) else None

    @contextmanager
    def new_file(self) -> Iterator[Path]:
        """For a download; gone again unless `add` takes it."""
        with new_folder(self.folder) as building:
            yield building / "file"

    def add(self, config: ListConfig, file: Path) -> str:
        """Take a whole file in; the answer is its name. It is in use once a record says so."""
        name = sha256_of(file) + (SUFFIX if config.sealed else "")
        folder = self._folder(config)
        folder.mkdir(parents=True, exist_ok=True)
        _sync(file)
        file.replace(folder / name)
        _sync(folder)
        return name

    def write(self, config: ListConfig, record: Record) -> None:
        """Whole or not at all; then what no record names, and nothing in force needs, is removed."""
        kept = self._kept_ways(config, record)
        folder = self._folder(config)
        folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps({"ways": {way: each.to_json() for way, each in kept.items()}}, indent=1)
        with self.new_file() as file:
            file.write_text(content)
            _sync(file)
            file.replace(folder / STATE)
        _sync(folder)
        named = {STATE, *(name for each in kept.values() for name in each.files)}
        for path in folder.iterdir():
            if path.name not in named and not self._is_in_force(config, path.name):
                path.unlink()

    def _kept_ways(self, config: ListConfig, record: Record) -> dict[str, Record]:
        """The one written last comes first. Of a sealed list nothing else stays that is not needed."""
        files = record.files
        last = (name for place, name in enumerate(files) if place < KEPT or self._is_in_force(config, name))
        others = {way: each for way, each in self._ways(config).items() if way != config.way}
        free = [way for way, each in others.items() if not self._is_needed(config, way, each)]
        gone = free if config.sealed else free[WAYS - 1 :]
        stays = {way: each for way, each in others.items() if way not in gone}
        return {config.way: replace(record, files=tuple(last)), **stays}

    def _is_needed(self, config: ListConfig, way: str, record: Record) -> bool:
        agreed = (config.list_id, way) in self._needed.ways
        return agreed or any(self._is_in_force(config, name) for name in record.files)

    def _is_in_force(self, config: ListConfig, name: str) -> bool:
        return (config.list_id, name.removesuffix(SUFFIX)) in self._needed.files

    def _folder(self, config: ListConfig) -> Path:
        return self.folder / config.list_id

    def _ways(self, config: ListConfig) -> dict[str, Record]:
        """Nothing where the file is not there or damaged: then the list is fetched anew."""
        try:
            raw = json.loads((self._folder(config) / STATE).read_bytes())
            return {str(way): Record.from_json(each) for way, each in raw["ways"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}


def is_due(config: ListConfig, record: Record, now: datetime) -> bool:
    """Whether a list is to be fetched now. After a failure it is tried again soon, then ever less often."""
    if config.local is not None or config.every is None:
        return False
    if record.checked_at is not None and _is_within(record.checked_at, now, config.every):
        return False
    if record.failures and record.tried_at is not None:
        wait = min(config.every, FIRST_WAIT * 2 ** min(record.failures - 1, 16))
        return not _is_within(record.tried_at, now, wait)
    return True


def is_overdue(config: ListConfig, record: Record, now: datetime) -> bool:
    """Older than its schedule and a half; or never there at all."""
    if config.every is None:
        return False
    if record.checked_at is None or record.checked_at > now:  # a clock that went wrong: nobody knows
        return True
    return now - record.checked_at > config.every * 1.5


def _is_within(since: datetime, now: datetime, span: timedelta) -> bool:
    """A time that is still to come was written by a clock that went wrong, and counts for nothing."""
    return timedelta(0) <= now - since < span


def changed_at(path: Path | None) -> datetime | None:
    """When a file, or anything in a folder, was last changed; None where that cannot be seen."""
    if path is None:
        return None
    try:
        files = [path, *path.rglob("*")] if path.is_dir() else [path]
        return datetime.fromtimestamp(max(each.stat().st_mtime for each in files), UTC)
    except OSError:
        return None


def _of_file(config: ListConfig) -> Record:
    changed = changed_at(config.local)
    if changed is None:
        return Record(source=config.source, failures=1, fault="cannot be read")
    return Record(source=config.source, checked_at=changed, fetched_at=changed)


def _has(path: Path, sha256: str) -> bool:
    try:
        return sha256_of(path) == sha256
    except OSError:
        return False


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _time(text: str | None) -> datetime | None:
    """Raises ValueError for a time without zone."""
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(text)
    return time.astimezone(UTC)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
