"""Files of this disk that somebody may edit at any time, by the hash of what they say.

Read again only when a file has changed: pages and figures ask often.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

Stamp = tuple[int, int, int]  # inode, time and size of what was read
Hashed = tuple[Stamp, str]
LARGEST = 16_000_000  # bytes; a policy or lists.yaml is far smaller


@dataclass(slots=True)
class Disk:
    """What the files hashed to when they were read last."""

    _read: dict[Path, Hashed] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def digest(self, path: Path) -> str | None:
        """None for a file that is not there or cannot be read. Line ends count as they do for a proposal."""
        try:
            now = path.stat()
            stamp = (now.st_ino, now.st_mtime_ns, now.st_size)
            with self._lock:
                if path in self._read and self._read[path][0] == stamp:
                    return self._read[path][1]
            if now.st_size > LARGEST:
                return "too large"
            digest = digest_of(path.read_text(encoding="utf-8", errors="surrogateescape"))
        except OSError:
            return None
        with self._lock:
            self._read[path] = (stamp, digest)
        return digest


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
