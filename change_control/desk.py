"""What every verb here is given: where to write, what to sign with, where the gates look."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from audit_log.sessions import session_key
from change_control.bundle_proofs import LogLines
from change_control.errors import ChangeError
from change_control.floor import Floor
from change_control.used_steps import UsedSteps
from filter_lists.generations import open_generation
from filter_lists.listing import Listing
from filter_lists.manifest import Pattern
from filter_lists.names import Url
from filter_lists.summary import ListSummary


class Lists(Protocol):
    """One generation of the lists: `filter_lists.index.Index`, as far as change control needs it."""

    @property
    def generation(self) -> str: ...

    @property
    def categories(self) -> frozenset[str]: ...

    @property
    def category_sets(self) -> frozenset[frozenset[str]]:
        """The kinds that sites are listed under together."""

    @property
    def lists(self) -> tuple[ListSummary, ...]: ...

    @property
    def patterns(self) -> tuple[Pattern, ...]: ...

    def lookup(self, url: Url) -> Iterable[Listing]: ...

    def __hash__(self) -> int:
        """Any: what was worked out with them is remembered."""

    def has_parts(self, host: str) -> bool:
        """Whether an address of this host can be listed otherwise than the host alone."""

    def within(self, host: str) -> Iterable[Listing]:
        """What is said of pages of this host and of those below it."""

    def sealed_gone(self, new: Any) -> Counter[tuple[str, str]]:
        """How many entries of each sealed list (category, list_id) are not in `new`, of its own kind."""


@dataclass(frozen=True, slots=True)
class Unproven:
    """Why nothing that was agreed on lately reaches a gate."""

    why: str  # names things by ids, and never a person
    size: int = 0  # entries of the log that what runs was proven by; 0: nothing that runs is proven
    at: datetime | None = None  # when that log was signed; None: that is not known

    @property
    def says(self) -> str:
        what = f"what was changed since entry {self.size}" if self.size else "what was changed"
        return f"{what} reaches no gate: {self.why}"


@dataclass(slots=True)
class Published:
    """What this process last published: the size of the change log and the lists. None: nothing yet.

    `name`: of the bundle; the gates have it as long as nobody names them another. `files`: what they read,
    as it lay there when it was last found good.
    """

    of: tuple[int, str] | None = None
    name: str = ""
    unproven: Unproven | None = None
    below: str = ""  # why the change log is not the one that this server has seen
    files: tuple[tuple[int, int] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    engine: Engine
    state: Path  # the folder with bundle/, keys/, enrolment/
    key: Ed25519PrivateKey = field(repr=False)  # signs the checkpoints of the change log
    lists: Callable[[], Lists]  # those in force; before the founding, those that are found
    publish_lock: Lock = field(default_factory=Lock, repr=False)
    published: Published = field(default_factory=Published, repr=False)
    log_lines: LogLines = field(default_factory=LogLines, repr=False)
    used_steps: UsedSteps = field(default_factory=UsedSteps, repr=False)
    opened: Callable[[str], Lists] | None = None  # a generation by its name, checked once and then kept
    lists_file: Path | None = (
        None  # lists.yaml on this disk: what somebody wants, and in force only if agreed
    )
    policy_file: Path | None = None  # policy.yaml, likewise

    def __post_init__(self) -> None:
        self.log_lines.vouched.key = self.key.public_key()
        self.log_lines.vouched.floor = Floor(self.state)

    @property
    def session_key(self) -> bytes:
        """What the tokens of sessions are hashed with."""
        return session_key(self.key)

    def lists_of(self, generation: str) -> Lists:
        """Raises IndexFault where that generation is missing or damaged; no other one takes its place."""
        if self.opened is not None:
            return self.opened(generation)
        found = self.lists()
        return found if found.generation == generation else open_generation(self.state, generation)

    def lists_text(self) -> str:
        """lists.yaml as it is on this disk now; empty where there is none. Raises ChangeError refused."""
        if self.lists_file is None:
            return ""
        try:
            return self.lists_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ChangeError("refused", f"{self.lists_file} cannot be read: {why}") from error

    @property
    def lists_folder(self) -> Path:
        """What the files named in lists.yaml lie beside."""
        return self.state if self.lists_file is None else self.lists_file.parent


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something. The role is the one he signed in with; the register has the last word."""

    person_id: str
    role: str
    token: str = ""  # the id of the token that a program of his used
    may_open: bool = True  # False: signed in while the change log was damaged


# The founding, the clock, and an update of the lists; it agrees to nothing.
SYSTEM = Actor("system", "system")
# The sealed envelope, where it stands in for the second person (S84); its line names who used it.
ENVELOPE = Actor("break-glass", "break-glass")
