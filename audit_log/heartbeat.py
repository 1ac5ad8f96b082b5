"""What the recorder last said of itself, in a file beside the journal: every two seconds while it lives."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

JOURNAL = "journal"  # the folder, in the state folder
HEARTBEAT = "recorder.json"


@dataclass(frozen=True, slots=True, order=True)
class Stopped:
    """A damaged place, before which the recorder waits until a person lets it go on at `resume`."""

    segment: str
    offset: int
    resume: int

    @property
    def bytes(self) -> int:
        return self.resume - self.offset


@dataclass(frozen=True, slots=True)
class Heartbeat:
    at: datetime
    sql_away: bool
    behind_bytes: int
    damaged_bytes: int
    stopped: tuple[Stopped, ...] = ()


def read_heartbeat(state: Path) -> Heartbeat | None:
    """None where no recorder has said anything that can be read."""
    try:
        told = json.loads((state / JOURNAL / HEARTBEAT).read_bytes())
        return Heartbeat(
            at=datetime.fromisoformat(told["at"]),
            sql_away=told["sql"] != "ok",
            behind_bytes=int(told["behind_bytes"]),
            damaged_bytes=int(told["damaged_bytes"]),
            stopped=tuple(sorted(_stopped(each) for each in told.get("stopped", ()))),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _stopped(told: Mapping[str, Any]) -> Stopped:
    return Stopped(str(told["segment"]), int(told["offset"]), int(told["resume"]))
