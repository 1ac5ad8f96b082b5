"""What lists.yaml says, in types that cannot be wrong. `lists_config` reads the text."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from filter_lists.minisign import PublicKey
from filter_lists.quantities import MB
from filter_lists.sources import Exceptions, ListSource

STARTER = Path(__file__).parent / "starter"
STARTER_PREFIX = "starter:"

Checks = Mapping[str, tuple[str, ...]]  # category -> sites


@dataclass(frozen=True, slots=True)
class Trust:
    """What an update may do by itself: `loses` and `gains` are shares of a list's entries in a category.

    `exceptions`: for whose entries the list's own exceptions hold.
    """

    loses: Fraction = Fraction(2, 100)
    gains: Fraction = Fraction(50, 100)
    exceptions: Exceptions = "own"


# A file changes by somebody's hand, so nothing goes without a second person unless two agreed on that.
BY_HAND = Trust(loses=Fraction(0))
# Nobody can look into a sealed list to judge an update. One that loses half is broken, and is held.
UNSEEN = Trust(loses=Fraction(50, 100), gains=Fraction(10))
UNSEEN_BY_HAND = replace(UNSEEN, loses=Fraction(0))  # its file can be cut short with an editor


@dataclass(frozen=True, slots=True)
class Limits:
    bytes: int = 200 * MB
    seconds: int = 600


SEALED_LIMITS = Limits(bytes=20 * MB)  # it is sealed in memory


@dataclass(frozen=True, slots=True)
class Signature:
    key: PublicKey
    source: str


@dataclass(frozen=True, slots=True)
class ListConfig:
    """One list as two people agreed on it. `local` is where it lies on this disk; None: it is fetched.

    `categories` maps the list's words to ours; without it all of the list is of `category`. `credentials`
    names a file of the state folder. `every` None: it has no age. `line` is where it stands in the text.
    """

    list_id: str
    source: str
    format: str
    local: Path | None
    category: str = ""
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    licence: str = ""
    every: timedelta | None = None
    trust: Trust = BY_HAND
    wide: frozenset[str] = frozenset()
    as_exceptions: bool = False
    sha256: str = ""
    signature: Signature | None = None
    credentials: str = ""
    limits: Limits = Limits()
    sealed: bool = False
    provider: str = ""  # whose sealed list it is: a name of `providers.PROVIDERS`
    line: int = field(default=1, compare=False)

    @property
    def ours(self) -> frozenset[str]:
        """Our categories that this list may put sites into."""
        mapped = {ours for several in self.categories.values() for ours in several}
        return frozenset(mapped or {self.category})

    @property
    def way(self) -> str:
        """What decides which bytes are taken. What was fetched in one way is never used in another's place:
        else a text that nobody agreed on could choose the bytes for the one in force."""
        signed = None if self.signature is None else (self.signature.key.key.hex(), self.signature.source)
        told = json.dumps([self.source, self.sha256, signed, self.sealed])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def as_source(self, path: Path) -> ListSource:
        """For the compiler; the list lies at `path`."""
        return ListSource(
            list_id=self.list_id,
            category=self.category,
            format=self.format,
            path=path,
            categories=self.categories,
            licence=self.licence,
            source=self.source,
            wide=self.wide,
            exceptions=self.trust.exceptions,
            as_exceptions=self.as_exceptions,
            sealed=self.sealed,
        )


@dataclass(frozen=True, slots=True)
class ListsConfig:
    """All of lists.yaml. `must_have`, `must_not_have`: what every new set of lists must say of some sites."""

    lists: tuple[ListConfig, ...]
    must_have: Checks
    must_not_have: Checks
    text: str
    folder: Path
    file: str = "lists.yaml"

    @property
    def categories(self) -> frozenset[str]:
        return frozenset(category for each in self.lists for category in each.ours)

    def get(self, list_id: str) -> ListConfig | None:
        return next((each for each in self.lists if each.list_id == list_id), None)

    def where(self, each: ListConfig) -> str:
        """How a fault of this list begins."""
        return f"{self.file}:{each.line}: lists.{each.list_id}"
