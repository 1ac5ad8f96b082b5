"""What a month's report answers. There is no person in it, and nothing that points at one."""

from typing import Annotated

from pydantic import Field

from audit_api.answers import Instant, _Out
from audit_api.shapes import _In


class Asked(_In):
    month: Annotated[
        str | None,
        Field(max_length=10, description="2026-11, in the school's time zone; this month if left out"),
    ] = None


class FiguresOut(_Out):
    requests: int
    pages: Annotated[int, Field(description="of the requests, what people opened themselves")]
    blocked: Annotated[int, Field(description="of the requests")]


class ComparedOut(FiguresOut):
    before: Annotated[FiguresOut | None, Field(description="the month before; null: nothing is on record")]


class KindOut(ComparedOut):
    name: str


class GroupOut(FiguresOut):
    name: Annotated[str, Field(description="all filter groups of a person together")]


class SiteOut(_Out):
    site: str
    blocked: int


class UnblocksOut(_Out):
    asked: int
    agreed: int
    declined: int
    waited_minutes: Annotated[int | None, Field(description="half of the answers came within this")]
    lapsed: Annotated[int, Field(description="nobody answered in time")]
    never_used: Annotated[int, Field(description="agreed to, over in this month, and never used")]


class RoleOut(_Out):
    role: str
    times: int


class ReadingsOut(_Out):
    """How often browsing was read by name."""

    by_name: int
    by_role: list[RoleOut]
    accesses: Annotated[
        int, Field(description="of these, how often everything kept about one person was taken out for them")
    ]
    exports: Annotated[int, Field(description="how often rows were taken away, by name or not")]


class ReportOut(_Out):
    month: str
    name: str
    from_: Annotated[Instant, Field(alias="from")]
    to: Annotated[Instant, Field(description="not included")]
    zone: str
    complete: Annotated[bool, Field(description="false: the month is not over")]
    before: str
    next: Annotated[str | None, Field(description="null: it has not begun")]
    says: Annotated[list[str], Field(description="the report in sentences")]
    total: ComparedOut
    kinds: Annotated[list[KindOut], Field(description="kinds of site")]
    groups: Annotated[list[GroupOut], Field(description="groups of few people are told as one")]
    sites: Annotated[list[SiteOut], Field(description="most blocked, without those blocked a few times")]
    other_sites_blocked: int
    unblocks: UnblocksOut
    unblocks_before: UnblocksOut
    readings: ReadingsOut
    silent_hours: Annotated[
        list[Instant], Field(description="hours of lessons in which nothing was recorded")
    ]
