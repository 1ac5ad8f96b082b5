"""An incident as its lines tell it: a case with its reports, notes, evidence, tasks, steps and who is on it.

Plain values; `incident_fold.py` makes them. Every time is aware UTC, every person an opaque id.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

ERASED_KIND = "erased"  # of a case whose facts are gone, since its time was over
LAPSES = timedelta(days=14)  # a first signature that nobody has added a second one to
SYSTEM = "system"  # who opened a case by a rule, or does not say who reported


class IncidentState(StrEnum):
    """In the policies' own order (S35): investigation, action, sanction."""

    REPORTED = "reported"
    INVESTIGATION = "investigation"
    ACTION = "action"
    SANCTION = "sanction"
    CLOSED = "closed"


class Lane(StrEnum):
    """S163: what is suspected to be illegal is the police's, and nobody looks at it here."""

    INAPPROPRIATE = "inappropriate"
    ILLEGAL = "illegal"


class Intent(StrEnum):
    """S164."""

    ACCIDENTAL = "accidental"
    CARELESS = "careless"
    DELIBERATE = "deliberate"
    UNKNOWN = "unknown"


class Place(StrEnum):
    """Where it happened: the policy also covers what is done out of school (S5, S55)."""

    ON_SITE = "on-site"
    OFF_SITE = "off-site"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class IncidentEntry:
    """One line. `facts` None: erased. `salt` and `sealed`: what the change log's hash was made of."""

    seq: int
    incident_id: str
    act: str
    object_id: str
    actor_id: str
    at: datetime
    facts: Mapping[str, Any] | None
    salt: bytes = field(default=b"", repr=False)
    sealed: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """`source`: rule, block-page, short-address, staff or hand. `by` None: nobody said who they are."""

    seq: int
    at: datetime
    source: str
    by: str | None
    text: str
    event_id: str | None = None  # the row of the filtering log it is about
    happened_at: datetime | None = None
    happened: str = ""  # what the gate noticed, by its kind; or the word that a child chose
    self_reported: bool = False  # by whoever it happened to (S179, S180)


@dataclass(frozen=True, slots=True)
class Note:
    """Notes are only added to."""

    seq: int
    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Rows of the filtering log in [from_at, to_at), an hour either side included: of a person, a device, or
    both; `event_id`: the one row that it is about. Kept as long as the case is open.
    """

    id: str
    at: datetime
    by: str
    from_at: datetime
    to_at: datetime
    person_id: str | None = None
    device: str | None = None
    event_id: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class File:
    id: str
    at: datetime
    by: str
    name: str
    size: int  # bytes
    sha256: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """Whom to inform, and by when (S6, S185, S178). Undone ones stay."""

    id: str
    kind: str
    at: datetime
    by: str
    due_at: datetime
    text: str = ""
    done_at: datetime | None = None
    done_by: str | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What two seniors sign (S165): by the second signature it is done. `facts` is what both signed."""

    id: str
    act: str
    facts: Mapping[str, Any]
    asked_by: str
    asked_at: datetime
    salt: bytes = field(default=b"", repr=False)
    sealed: str = field(default="", repr=False)
    signed_by: str | None = None
    signed_at: datetime | None = None
    ended_at: datetime | None = None  # taken back or overtaken, or an investigation mode that was ended early
    ended_by: str | None = None  # None: overtaken

    @property
    def is_waiting(self) -> bool:
        """For whoever knows no time; see `waits`."""
        return self.signed_at is None and self.ended_at is None

    def waits(self, now: datetime) -> bool:
        return self.is_waiting and now < self.asked_at + LAPSES

    @property
    def reason(self) -> str:
        return str(self.facts.get("reason", ""))


@dataclass(frozen=True, slots=True)
class Isolated:
    """A device that is shut off at the gate (S174)."""

    id: str
    device: str
    by: str
    starts_at: datetime
    ends_at: datetime
    released_at: datetime | None = None
    salt: bytes = field(default=b"", repr=False)
    sealed: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Referral:
    """To the police (S172, S173, S185)."""

    at: datetime
    by: str
    code: str
    to: str
    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Incident:
    """`person_id`: whom it is about, where anybody is known; `role` is theirs. `erased`: some of its
    facts are gone, so that what is here is not all.
    """

    id: str
    kind: str
    about: str  # pupil, staff, technical, or nobody yet
    lane: Lane
    state: IncidentState
    opened_at: datetime
    changed_at: datetime
    restricted: bool = False
    person_id: str | None = None
    role: str | None = None
    place: Place = Place.UNKNOWN
    intent: Intent = Intent.UNKNOWN
    device: str | None = None
    closed_at: datetime | None = None
    halted_at: datetime | None = None  # since when nothing of it is looked at (S172)
    substance: bool | None = None  # S170
    excluded: frozenset[str] = frozenset()  # who must not learn of it, by whoever reported
    members: frozenset[str] = frozenset()  # seniors on the case besides those who are by their role
    reports: tuple[Report, ...] = ()
    notes: tuple[Note, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    files: tuple[File, ...] = ()
    tasks: tuple[Task, ...] = ()
    steps: tuple[Step, ...] = ()
    isolated: tuple[Isolated, ...] = ()
    referrals: tuple[Referral, ...] = ()
    erased: bool = False

    @property
    def is_open(self) -> bool:
        return self.state is not IncidentState.CLOSED

    @property
    def is_illegal(self) -> bool:
        return self.lane is Lane.ILLEGAL

    def step(self, step_id: str) -> Step | None:
        return next((each for each in self.steps if each.id == step_id), None)
