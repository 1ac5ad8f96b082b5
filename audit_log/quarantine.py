"""Damaged bytes of the journal, copied to where nobody writes, for whoever looks into it."""

import os
import re
from pathlib import Path

from audit_log.heartbeat import Stopped

QUARANTINE = "quarantine"  # a folder in the journal's


COPY = re.compile(r"(?P<segment>.+\.journal)\.(?P<offset>\d+)-(?P<resume>\d+)")


def copies(journal: Path) -> dict[Stopped, Path]:
    """Those that there are, by their place."""
    found = {}
    for path in (journal / QUARANTINE).glob("*"):
        if match := COPY.fullmatch(path.name):
            found[Stopped(match["segment"], int(match["offset"]), int(match["resume"]))] = path
    return found


def quarantine(journal: Path, place: Stopped) -> Path:
    """Copy them, once. The segment itself stays as well. Raises OSError."""
    folder = journal / QUARANTINE
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"{place.segment}.{place.offset}-{place.resume}"
    if copy.exists():
        return copy
    with (journal / place.segment).open("rb") as segment:
        segment.seek(place.offset)
        data = segment.read(place.bytes)
    fresh = copy.with_name(f"{copy.name}.new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(copy)
    return copy
