"""What goes in and out of the API about incidents."""

from typing import Annotated, Any, Literal

from pydantic import Field

from audit_api.answers import Instant, SomebodyOut, _Out
from audit_api.shapes import InBounds, Paging, Reason, _In
from audit_log.incident_model import IncidentState, Intent, Lane, Place

Word = Annotated[str, Field(max_length=64)]
Whom = Annotated[str, Field(max_length=200, description="user name or id")]
Stretch = Annotated[str, InBounds, Field(max_length=40)]
Words = Annotated[str, Field(min_length=1, max_length=2000)]
YesNo = Literal["yes", "no"]


class WantedCases(Paging):
    state: IncidentState | None = None
    kind: Annotated[Word | None, Field(description="one kind alone: /api/v1/incidents/kinds")] = None
    person: Annotated[Whom | None, Field(description="about whom: user name or id")] = None
    open: Annotated[YesNo | None, Field(description="yes: not closed; no: closed; both if left out")] = None


class OpenIn(_In):
    """By hand, also of what happened out of school. About the same person and of the same kind it joins."""

    kind: Word
    text: Annotated[str, Field(max_length=2000)] = ""
    person: Annotated[Whom | None, Field(description="about whom; null: nobody is known")] = None
    place: Place = Place.UNKNOWN
    intent: Intent = Intent.UNKNOWN
    device: Annotated[str | None, Field(max_length=64)] = None
    happened_at: Annotated[Stretch | None, Field(description="ISO 8601")] = None
    self_reported: Annotated[bool, Field(description="by whom it happened to")] = False


class ClassifyIn(_In):
    """What is left out stays as it is; `person` null: nobody is known."""

    kind: Word | None = None
    person: Whom | None = None
    place: Place | None = None
    intent: Intent | None = None
    device: Annotated[str | None, Field(max_length=64)] = None


class NoteIn(_In):
    text: Words


class MemberIn(_In):
    person: Whom


class WhyIn(_In):
    reason: Reason


class RemovalIn(_In):
    until: Annotated[str, InBounds, Field(max_length=40, description="ISO 8601")]


class StepIn(_In):
    """The first of two signatures. Besides the reason, what this step needs."""

    act: Literal["investigate", "substance", "act", "sanction", "close", "reopen", "lower", "release"]
    reason: Reason
    substance: Annotated[bool | None, Field(description="of substance: whether it has any")] = None
    responses: Annotated[list[Word] | None, Field(max_length=10, description="of act")] = None
    actions: Annotated[list[Word] | None, Field(max_length=20, description="of sanction")] = None
    deviation: Annotated[
        str | None, Field(max_length=2000, description="of sanction: why other actions than are suggested")
    ] = None
    removal: Annotated[RemovalIn | None, Field(description="of sanction: access is removed until then")] = (
        None
    )
    outcome: Annotated[Word | None, Field(description="of close")] = None
    isolation: Annotated[Word | None, Field(description="of release: which")] = None


class CaseKindOut(_Out):
    id: str
    about: str
    lane: Lane
    says: str
    source: Annotated[str, Field(description="the line of the schools' written policies")]
    actions: Annotated[list[str], Field(description="what its table suggests")]


class KindsOut(_Out):
    kinds: list[CaseKindOut]
    actions: Annotated[dict[str, dict[str, str]], Field(description="their words: of pupils, of staff")]
    responses: dict[str, str]
    outcomes: dict[str, str]
    tasks: Annotated[dict[str, str], Field(description="whom to tell")]
    codes: Annotated[dict[str, str], Field(description="of referrals")]


class CaseOut(_Out):
    """A line of the list."""

    id: str
    kind: str
    says: Annotated[str, Field(description="the kind in words")]
    about: str
    lane: Lane
    state: IncidentState
    restricted: Annotated[bool, Field(description="about a member of staff")]
    person: SomebodyOut | None
    role: str | None
    place: Place
    intent: Intent
    opened_at: Instant
    changed_at: Instant
    closed_at: Instant | None
    substance: bool | None
    reports: int
    waits: Annotated[list[str], Field(description="steps that wait for your signature")]
    overdue: Annotated[int, Field(description="tasks whose time is over")]


class ReportOut(_Out):
    at: Instant
    source: str
    by: Annotated[SomebodyOut | None, Field(description="null: nobody said who they are")]
    text: str
    event: Annotated[
        str | None, Field(description="its row in the filtering log; never of what may be illegal")
    ]
    happened_at: Instant | None
    happened: str
    self_reported: Annotated[
        bool,
        Field(description="by whom it happened to; without `by`: a claim of somebody with that page's code"),
    ]


class NoteOut(_Out):
    at: Instant
    by: SomebodyOut
    text: str


class EvidenceOut(_Out):
    """Rows of the filtering log, kept until the case is closed."""

    id: str
    at: Instant
    by: SomebodyOut
    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
    person: SomebodyOut | None
    device: str | None
    event: str | None
    why: str


class FileOut(_Out):
    id: str
    at: Instant
    by: SomebodyOut
    name: str
    size: int
    sha256: str
    says: str


class TaskOut(_Out):
    id: str
    kind: str
    says: str
    at: Instant
    by: SomebodyOut
    due_at: Instant
    overdue: bool
    text: str
    done_at: Instant | None
    done_by: SomebodyOut | None
    how: str


class CaseStepOut(_Out):
    id: str
    act: str
    says: str
    reason: str
    facts: Annotated[dict[str, Any], Field(description="what else was signed")]
    asked_by: SomebodyOut
    asked_at: Instant
    signed_by: SomebodyOut | None
    signed_at: Instant | None
    ended_at: Annotated[Instant | None, Field(description="taken back; of investigation mode: over early")]
    ended_by: Annotated[SomebodyOut | None, Field(description="null: it was overtaken")]
    waits: Annotated[Literal["you", "another"] | None, Field(description="for whose signature")]
    in_force: Annotated[bool, Field(description="of investigation mode: now")]


class IsolatedOut(_Out):
    id: str
    device: str
    by: SomebodyOut
    starts_at: Instant
    ends_at: Instant
    released_at: Instant | None
    in_force: bool


class ReferredOut(_Out):
    at: Instant
    by: SomebodyOut
    code: str
    to: str
    reference: str
    reason: str


class MayOut(_Out):
    sign: bool
    name: Annotated[bool, Field(description="others to the case")]
    steps: Annotated[list[str], Field(description="that could be asked for now")]


class WholeCaseOut(CaseOut):
    """All of it. In the illegal lane without files, rows and addresses, in texts too (S169)."""

    device: str | None
    halted_at: Annotated[Instant | None, Field(description="since when nothing of it is looked at")]
    members: list[SomebodyOut]
    report: Annotated[list[ReportOut], Field(description="oldest first")]
    notes: list[NoteOut]
    evidence: list[EvidenceOut]
    files: list[FileOut]
    held_files: Annotated[int, Field(description="in the illegal lane: kept, and shown to nobody")]
    tasks: list[TaskOut]
    steps: list[CaseStepOut]
    isolated: list[IsolatedOut]
    referrals: list[ReferredOut]
    erased: bool
    may: MayOut


class ActedOut(_Out):
    """`case` null: it was done, and the case is not (or no longer) yours to see."""

    id: str | None
    case: WholeCaseOut | None


class WaitingStepOut(_Out):
    case: CaseOut
    step: CaseStepOut


class WaitingTaskOut(_Out):
    case: CaseOut
    task: TaskOut


class QueueOut(_Out):
    overdue: Annotated[list[WaitingTaskOut], Field(description="tasks whose time is over")]
    to_sign: Annotated[list[WaitingStepOut], Field(description="for your signature")]
    asked: Annotated[list[WaitingStepOut], Field(description="by you, for another one's signature")]
    new: Annotated[list[CaseOut], Field(description="reported, and nobody has begun")]
    open: Annotated[int, Field(description="all that are not closed")]
    unreadable: Annotated[int, Field(description="damaged: schoolgate changes verify")]
