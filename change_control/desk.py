"""What every verb here is given: where to write, what to sign with, where the gates look."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from filter_lists.listing import Listing
from filter_lists.names import Url


class Lists(Protocol):
    """The lists in force: `filter_lists.index.Index`, as far as change control needs it."""

    @property
    def generation(self) -> str: ...

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
    lists: Callable[[], Lists]
    publish_lock: Lock = field(default_factory=Lock, repr=False)
    published: Published = field(default_factory=Published, repr=False)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something. The role is the one he signed in with; the register has the last word."""

    person_id: str
    role: str


SYSTEM = Actor("system", "system")  # the founding and the clock; it can propose and decide nothing
