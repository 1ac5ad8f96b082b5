"""What the school decided about help and about incidents: of `model.py`, as its own file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from filter_lists.names import Site


@dataclass(frozen=True, slots=True)
class SafeHarbour:
    """Where somebody finds help: a whole host, open to all, never decrypted. `telephone` may be empty."""

    site: Site
    name: str
    telephone: str
    reason: str


@dataclass(frozen=True, slots=True)
class RepeatedBlocks:
    """How many blocked tries of one person, within how many minutes, are a report of their own."""

    times: int = 20
    minutes: int = 10


@dataclass(frozen=True, slots=True)
class Incidents:
    """How the school deals with incidents: times, letters, and which sanctions its own tables name."""

    report_minutes: int = 60  # accidental access that is reported later was not reported at once (S180)
    repeated_blocks: RepeatedBlocks = RepeatedBlocks()
    tasks: Mapping[str, int] = field(default_factory=dict)  # days until a task is overdue, by whom it informs
    letters: Mapping[str, str] = field(default_factory=dict)  # the school's own text, by whom it goes to
    webhook: str = ""  # of a case system, https
    sanctions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by line of the written policy
