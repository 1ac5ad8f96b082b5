"""What every verb here is given: where to write, what to sign with, where the gates look."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from filter_lists.listing import Listing
from filter_lists.manifest import IndexFault, ListSummary
from filter_lists.names import Url


class Lists(Protocol):
    """One generation of the lists: `filter_lists.index.Index`, as far as change control needs it."""

    @property
    def generation(self) -> str: ...

    @property
    def categories(self) -> frozenset[str]: ...

    @property
    def lists(self) -> tuple[ListSummary, ...]: ...

    def lookup(self, url: Url) -> Iterable[Listing]: ...


@dataclass(slots=True)
class Published:
    """What this process last published: the size of the change log and the lists. None: nothing yet."""

    of: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    engine: Engine
    state: Path  # the folder with bundle/, keys/, enrolment/
    key: Ed25519PrivateKey = field(repr=False)  # signs the checkpoints of the change log
    lists: Callable[[], Lists]  # those that two people agreed on
    publish_lock: Lock = field(default_factory=Lock, repr=False)
    published: Published = field(default_factory=Published, repr=False)
    built: Callable[[], Lists] | None = None  # as lists.yaml has them now: nothing but a candidate
    opened: Callable[[str], Lists] | None = None  # a generation by its name

    def candidate(self) -> Lists:
        """The lists that a proposal of now would bring."""
        return (self.built or self.lists)()

    def lists_of(self, generation: str) -> Lists:
        """Raises IndexFault where that generation is missing or damaged; no other one takes its place."""
        if self.opened is not None:
            return self.opened(generation)
        for found in (self.lists(), self.candidate()):
            if found.generation == generation:
                return found
        raise IndexFault(self.state / "lists" / generation, "is not there")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something. The role is the one he signed in with; the register has the last word."""

    person_id: str
    role: str


SYSTEM = Actor("system", "system")  # the founding and the clock; it can propose and decide nothing
