"""What goes in and out of the API about unblocks beyond the request itself (audit_api/answers.py)."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from audit_api.answers import Instant, WindowOut, _Out
from audit_api.shapes import ForWhom, InBounds, Paging, Remark, _In
from filter_policy.life_cycle import State

Site = Annotated[str, Field(max_length=2000)]
Stretch = Annotated[str, InBounds]


class UnblockIn(_In):
    """Asked for a lesson (A169). `for` names at least one class, filter group or person.

    When: `starts_at` and `ends_at`, or `windows`. What is not needed may be left out; whoever decides sees
    that it was not said.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "sites": ["racism-history.example/sources"],
                "for": {"classes": ["6B"]},
                "starts_at": "2026-11-24T10:00:00Z",
                "ends_at": "2026-11-24T11:00:00Z",
                "subject": "History",
                "reason": "Primary sources for the lesson on the Bristol bus boycott",
            }
        },
    )
    sites: list[str]
    for_: Annotated[ForWhom, Field(alias="for")]
    starts_at: Annotated[Stretch | None, Field(description="ISO 8601; without a zone it is school time")] = (
        None
    )
    ends_at: Annotated[Stretch | None, Field(description="ISO 8601; shut from this instant on")] = None
    windows: Annotated[
        Any,
        Field(
            json_schema_extra={"anyOf": [{"type": "array"}, {"type": "object"}, {"type": "null"}]},
            description='[{"starts_at", "ends_at"}], or {"every": {"days": ["tue"], "from": "10:00", "to": '
            '"11:00", "weeks": 4}}, or {"period": "lessons", "days": ["tue"], "weeks": 4}; with "starts_on" '
            "from another day than today; slots are in term only",
        ),
    ] = None
    companions: Annotated[
        list[str] | None, Field(description="other hosts that the pages need; each is agreed to by name")
    ] = None
    subject: str
    reason: str
    objective: Annotated[str | None, Field(description="what the class will learn")] = None
    tried: Annotated[str | None, Field(description="what else was tried")] = None
    supervised_by: Annotated[
        str | None, Field(max_length=200, description="user name or id of an adult; else whoever asks")
    ] = None
    extends: Annotated[
        str | None, Field(max_length=64, description="the id of the request that this goes on from")
    ] = None


class AgreeIn(Remark):
    """What is agreed to: all sites where none are named; of the companions only those named."""

    sites: Annotated[list[Site] | None, Field(max_length=100)] = None
    companions: Annotated[list[Site] | None, Field(max_length=100)] = None


AGREED_WHOLE = AgreeIn()


class Wanted(Paging):
    state: State | None = None
    mine: bool = False


class CheckIn(_In):
    """Would they see this? `at`: then, besides now."""

    sites: list[str]
    for_: Annotated[ForWhom, Field(alias="for")]
    at: Annotated[Stretch | None, Field(description="ISO 8601; without a zone it is school time")] = None


class CompanionsOf(_In):
    site: Annotated[str, Field(max_length=2000)]
    class_: Annotated[list[str] | None, Field(alias="class", max_length=50)] = None
    group: Annotated[list[str] | None, Field(max_length=50)] = None


class SeenOut(_Out):
    open: bool
    reason: str
    says: Annotated[str, Field(description="why, in words")]
    until: Annotated[Instant | None, Field(description="when time alone could next change it")]


class SeenByOut(_Out):
    """People with the same filter groups; nobody in particular."""

    who: str
    role: str | None
    filter_groups: list[str]
    classes: list[str]
    now: SeenOut
    then: SeenOut | None


class CheckedOut(_Out):
    site: str
    categories: list[str]
    refusal: Annotated[str | None, Field(description="why it cannot be asked for; null: it can")]
    seen_by: list[SeenByOut]
    says: Annotated[str, Field(description="all of it in a sentence")]


class CheckOut(_Out):
    now: Instant
    then: Instant | None
    sites: list[CheckedOut]


class CompanionOut(_Out):
    host: str
    categories: list[str]
    says: Annotated[str, Field(description="why it would be blocked")]


class CompanionsOut(_Out):
    site: str
    since: Annotated[Instant, Field(description="the log was read from then on")]
    companions: list[CompanionOut]


class HostUseOut(_Out):
    host: str
    requests: int
    pages: Annotated[int, Field(description="of the requests, what people opened themselves")]


class WindowUseOut(WindowOut):
    requests: int
    pages: int


class PagesOut(_Out):
    name: str
    pages: int


class BesidesOut(_Out):
    """What the people who used it opened besides, in the same windows: each by at least four of them."""

    sites: list[PagesOut]
    categories: list[PagesOut]
    other_pages: Annotated[int, Field(description="of sites that fewer than four of them opened")]


class UseOut(_Out):
    id: str
    used: Annotated[str | None, Field(description="yes, no or not yet; null: no longer on record")]
    few: Annotated[
        bool, Field(description="it is for at most three people: how they used it is not told here")
    ]
    requests: int
    pages: int
    people: Annotated[int | None, Field(description="who used it; null: somebody, but fewer than four")]
    hosts: list[HostUseOut]
    unused: Annotated[list[str], Field(description="agreed to, and never used")]
    windows: list[WindowUseOut]
    besides: Annotated[
        BesidesOut | None, Field(description="null: fewer than four people used it, so it is not told")
    ]
    complete: Annotated[bool, Field(description="false: there is more than could be counted")]
    says: Annotated[list[str], Field(description="the report in sentences")]


class MonthIn(_In):
    month: Annotated[
        str | None,
        Field(max_length=10, description="2026-11, in the school's time zone; this month if left out"),
    ] = None


class FiguresOfUnblocksOut(_Out):
    month: str
    asked: int
    answered: Annotated[int, Field(description="agreed or declined in the month")]
    agreed: int
    declined: int
    lapsed: Annotated[int, Field(description="nobody answered in time")]
    never_used: Annotated[int, Field(description="agreed to, over in this month, and never used")]
    waited_minutes: Annotated[int | None, Field(description="half of the answers took no longer")]
