"""What an update of the lists is told to do, says on its way, and comes to: values that travel as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from filter_lists.diffing import Change

Result = Literal["fetched", "unchanged", "not-due", "local", "failed"]


@dataclass(frozen=True, slots=True)
class Order:
    """`text` is that of lists.yaml, `folder` where its files lie, `base` the generation in force.

    `fetch`: the lists to fetch; None: those that are due. `ca`: trusted instead of the machine's authorities.
    `agreed`: the text that two people agreed on, where `text` is another. `keep`: list -> the sha256 of what
    is in force of it; that is taken, whatever came since.
    """

    text: str
    folder: Path
    state: Path
    fetch: tuple[str, ...] | None
    base: str | None
    now: datetime
    ca: Path | None = None
    agreed: str = ""
    keep: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        paths = {"folder": str(self.folder), "state": str(self.state), "ca": self.ca and str(self.ca)}
        return asdict(self) | paths | {"now": self.now.isoformat()}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Raises ValueError, KeyError or TypeError for what is no order."""
        now = datetime.fromisoformat(raw["now"])
        if now.tzinfo is None:
            raise ValueError("a time without zone")
        return cls(
            text=str(raw["text"]),
            folder=Path(raw["folder"]),
            state=Path(raw["state"]),
            fetch=None if raw["fetch"] is None else tuple(map(str, raw["fetch"])),
            base=raw["base"],
            now=now,
            ca=Path(raw["ca"]) if raw["ca"] else None,
            agreed=str(raw["agreed"]),
            keep={str(list_id): str(sha256) for list_id, sha256 in raw["keep"].items()},
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """`total` 0: nobody knows."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ListOutcome:
    """What became of one list. `why`: of a failure, or what else is worth saying. `bytes`: fetched now."""

    list_id: str
    result: Result
    why: str = ""
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`generation`: whole on disk, and fit to come into force; None where there are `faults`.

    `changes`: against the generation that was in force. It may be the same one: then nothing changed.
    """

    generation: str | None
    lists: tuple[ListOutcome, ...] = ()
    changes: tuple[Change, ...] = ()
    faults: tuple[str, ...] = ()
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        return cls(
            generation=raw["generation"],
            lists=tuple(ListOutcome(**each) for each in raw["lists"]),
            changes=tuple(Change(**each) for each in raw["changes"]),
            faults=tuple(raw["faults"]),
            seconds=raw["seconds"],
        )
