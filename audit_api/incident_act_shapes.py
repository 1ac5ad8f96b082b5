"""What goes in and out of the API about evidence, tasks, devices and referrals of an incident."""

from typing import Annotated

from pydantic import Field

from audit_api.answers import LogRowOut, PageOut, _Out
from audit_api.incident_shapes import EvidenceOut, Whom, Word
from audit_api.shapes import InBounds, Reason, _In

Stretch = Annotated[str, InBounds, Field(max_length=40)]
Device = Annotated[str, Field(max_length=64, description="the address of one device")]


class EvidenceIn(_In):
    """A person, a device or both, `from` and `to`; or `event`, one row: then whoever made it, around then. An
    hour either side is added.
    """

    person: Whom | None = None
    device: Device | None = None
    event: Word | None = None
    from_: Annotated[Stretch | None, Field(alias="from")] = None
    to: Stretch | None = None
    why: Annotated[str, Field(max_length=2000)] = ""


class LookIn(_In):
    """`cursor`: `next` of the page before."""

    purpose: Annotated[str, Field(max_length=2000, description="why the rows are read; kept, and sealed")] = (
        ""
    )
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Annotated[str | None, Field(max_length=200)] = None


class LookedOut(PageOut[LogRowOut]):
    """The rows of one piece of evidence, oldest first, by name."""

    evidence: EvidenceOut


class FileOf(_In):
    name: Annotated[str, Field(max_length=200)]
    says: Annotated[str, Field(max_length=2000, description="what it shows")] = ""


class TaskIn(_In):
    kind: Word
    text: Annotated[str, Field(max_length=2000, description="in place of the school's letter")] = ""
    due: Annotated[
        str | None, Field(max_length=10, description="2026-11-27; as the policy says if left out")
    ] = None


class DoneIn(_In):
    how: Annotated[str, Field(min_length=1, max_length=2000, description="what was said to whom")]


class IsolateIn(_In):
    device: Device
    hours: Annotated[int, Field(description="1 to 720", json_schema_extra={"minimum": 1, "maximum": 720})] = (
        24
    )
    reason: Reason


class ModeIn(_In):
    """Investigation mode: one device, named sites, a short time (S166, S167)."""

    device: Device
    sites: Annotated[list[Annotated[str, Field(max_length=2000)]], Field(max_length=50)]
    minutes: Annotated[
        int, Field(description="1 to 240", json_schema_extra={"minimum": 1, "maximum": 240})
    ] = 60
    people: Annotated[
        list[Whom] | None,
        Field(max_length=50, description="who may use it and sign it; all seniors on the case"),
    ] = None
    deviation: Annotated[
        str | None,
        Field(max_length=2000, description="why it is not the same device all the time, or its own"),
    ] = None
    reason: Reason


class ReferIn(_In):
    code: Annotated[Word, Field(description="/api/v1/incidents/kinds has them")]
    to: Annotated[str, Field(max_length=200)]
    reference: Annotated[str, Field(max_length=200, description="theirs, if they gave one")] = ""
    reason: Reason


class AlsoFitsOut(_Out):
    kind: str
    why: str
    source: str
    actions: list[str]


class SuggestionOut(_Out):
    """Suggested, and never done: two people choose (S182, S183)."""

    actions: list[str]
    says: Annotated[dict[str, str], Field(description="each action in words")]
    basis: Annotated[list[str], Field(description="lines of the written policy")]
    also: Annotated[list[AlsoFitsOut], Field(description="other rows of the table that fit")]
    earlier: Annotated[int, Field(description="earlier incidents of this person that had substance")]
    of_kind: Annotated[int, Field(description="of them of the same kind")]
    reported_in_time: Annotated[bool | None, Field(description="by themselves; null: nobody can know")]
    no_blame: bool
    support: Annotated[str, Field(description="what to do instead, where nobody is blamed")]
