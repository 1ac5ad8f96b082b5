"""The furthest change log that this server has seen, on its own disk: a floor under what the database says.

Whoever owns the database can put an older one in its place, whole and signed to its end. This lies outside
it: a log that does not begin with what stands here was cut back, or is another one. Beside the length and the
root (RFC 6962) lies what the lines had told by then of passwords, second factors, codes and tokens, so that
nobody signs in with less than they had.

It is not signed: whoever may write here may read the key that would sign it. A checksum tells damage. It may
be behind the log (a process died in between, or the disk was full), and is never ahead of it: it is written
after the commit.
"""

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog

from audit_log.checkpoint import CheckpointError
from change_control.file_lock import holding
from change_control.sealed_secrets import SealedSecrets
from filter_policy.bundle import write_durably, write_whole
from filter_policy.inclusion import HASH_BYTES

FOLDER = "floor"
SEEN = "seen"
LOCK = "lock"
DAMAGED = "what this server keeps of the change log it has seen ({}) is damaged or cannot be read"
CUT = "the change log no longer has entry {}, which this server has seen"
OTHER = "the first {} entries of the change log are not those that this server has seen"
ODD = (ValueError, TypeError, KeyError, AttributeError, RecursionError)

log = structlog.get_logger()
Stamp = tuple[int, int, int]  # a file's date, length and number


class FloorFault(Exception):
    """It is there, and cannot be believed."""


class BelowFloorError(CheckpointError):
    """The log is not the one that this server has seen; nothing more is signed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How far the log was. `told`: its last line that tells of secrets; `secrets`: the file with them.

    `restored`: when an older database was last taken for the right one, in seconds of the epoch.
    """

    size: int
    root: bytes
    leaf: bytes  # of the last line
    told: int = 0
    secrets: str = ""
    restored: int = 0


@dataclass(slots=True)
class Floor:
    """What one process knows of it; others may write it too."""

    state: Path
    _read: tuple[Stamp, Seen] | None = None
    _known: tuple[str, SealedSecrets] | None = None
    _is_full: bool = field(default=False)  # the last try to write failed, and that was told

    @property
    def folder(self) -> Path:
        return self.state / FOLDER

    def seen(self) -> Seen | None:
        """None: nothing was kept yet. Raises FloorFault."""
        path = self.folder / SEEN
        try:
            told = path.stat()
            stamp = (told.st_mtime_ns, told.st_size, told.st_ino)
            if self._read is None or self._read[0] != stamp:
                self._read = (stamp, _seen_in(_content(path)))
        except FileNotFoundError:
            return None
        except (OSError, *ODD):
            raise FloorFault(DAMAGED.format(path)) from None
        return self._read[1]

    def secrets(self, seen: Seen) -> SealedSecrets:
        """What the lines had told by then. Raises FloorFault."""
        if self._known is None or self._known[0] != seen.secrets:
            path = self.folder / seen.secrets
            try:
                content = path.read_bytes()
                if sha256(content).hexdigest() != seen.secrets:
                    raise FloorFault(DAMAGED.format(path))
                self._known = (seen.secrets, _secrets_in(json.loads(content)))
            except (OSError, *ODD):
                raise FloorFault(DAMAGED.format(path)) from None
        return self._known[1].copy()

    def keep(self, new: Seen, secrets: SealedSecrets) -> None:
        """Never back, whoever is quicker; only `restored` begins anew.

        A disk that is full hinders no change: it is sealed by then, and a floor that is behind is still one.
        Refusing would take back nothing, and shut out who has to make room. It is told, and tried again.
        """
        try:
            with holding(self.folder / LOCK):
                self._keep(new, secrets)
        except (OSError, FloorFault) as error:
            if not self._is_full:
                why = getattr(error, "strerror", None) or str(error)
                log.error("change_log.floor_not_written", entries=new.size, why=why)
            self._is_full = True
        else:
            self._is_full = False

    def _keep(self, new: Seen, secrets: SealedSecrets) -> None:
        before = self._before(new)
        if before is not None and (before.restored, before.size) >= (new.restored, new.size):
            return
        if before is None and new.size > 1 and not new.restored:
            log.warning("change_log.floor_begun", entries=new.size)
        name = self._keep_secrets(new, secrets, before)
        said = {**asdict(new), "root": new.root.hex(), "leaf": new.leaf.hex(), "secrets": name}
        line = json.dumps(said, sort_keys=True)
        content = f"{line}\n{sha256(line.encode()).hexdigest()}\n".encode()
        if before is not None and before.secrets == name:
            # For the name to be durable nobody waits: the file of before is a floor as well.
            write_whole(self.folder / SEEN, content)
            return
        write_durably(self.folder / SEEN, content)
        for path in self.folder.iterdir():
            if path.name not in {SEEN, LOCK, name}:
                path.unlink(missing_ok=True)

    def _before(self, new: Seen) -> Seen | None:
        """What is damaged is written over when somebody said so, and not before."""
        try:
            return self.seen()
        except FloorFault:
            if not new.restored:
                raise
            return None

    def _keep_secrets(self, new: Seen, secrets: SealedSecrets, before: Seen | None) -> str:
        """In a file of its own, named by its content: it is long, and most lines change nothing in it."""
        is_same = before is not None and (before.told, before.restored) == (new.told, new.restored)
        if before is not None and is_same and (self.folder / before.secrets).is_file():
            return before.secrets
        content = json.dumps(_said(secrets), sort_keys=True).encode()
        name = sha256(content).hexdigest()
        write_durably(self.folder / name, content)
        return name


def _content(path: Path) -> dict[str, Any]:
    line, check, end = path.read_text(encoding="utf-8").split("\n")
    if end or sha256(line.encode()).hexdigest() != check:
        raise ValueError
    found: dict[str, Any] = json.loads(line)
    return found


def _seen_in(said: dict[str, Any]) -> Seen:
    root, leaf = bytes.fromhex(said["root"]), bytes.fromhex(said["leaf"])
    if len(root) != HASH_BYTES or len(leaf) != HASH_BYTES:
        raise ValueError
    return Seen(**{**said, "root": root, "leaf": leaf})


def _said(secrets: SealedSecrets) -> dict[str, object]:
    return {
        "passwords": sorted([*whose, hash_] for whose, hash_ in secrets.passwords.items()),
        "codes": secrets.codes,
        "factors": secrets.factors,
        "tokens": sorted(secrets.tokens),
        "envelope": secrets.envelope,
    }


def _secrets_in(said: dict[str, Any]) -> SealedSecrets:
    passwords = {(person, which): hash_ for person, which, hash_ in said["passwords"]}
    envelope = None if said["envelope"] is None else (said["envelope"][0], said["envelope"][1])
    return SealedSecrets(passwords, said["codes"], said["factors"], set(said["tokens"]), envelope)
