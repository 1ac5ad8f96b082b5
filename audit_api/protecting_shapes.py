"""What goes in and out of the routes about corrections, legal holds and erasing (S103, S104)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from audit_api.answers import Instant, LogPersonOut, ProposalOut, SomebodyOut
from audit_api.shapes import Why

Named = Annotated[str, Field(min_length=1, max_length=64, description="user name or id")]
At = Annotated[
    str, Field(min_length=1, max_length=40, description="ISO 8601; without a zone it is school time")
]


class CorrectionIn(Why):
    """Rows recorded as `person` in [from, to) were asked by `right_person`; null: by nobody who is known."""

    person: Named
    right_person: Named | None
    from_: Annotated[At, Field(alias="from")]
    to: At
    client_address: Annotated[
        str | None, Field(max_length=64, repr=False, description="only rows from this address")
    ] = None


class HoldIn(Why):
    """Rows of [from, to) stay, of one person or (null) of everybody."""

    person: Named | None
    from_: Annotated[At, Field(alias="from")]
    to: At


class ErasureIn(Why):
    """Somebody who has left. `texts`: what people wrote that names them goes; or all that is about them."""

    person: Named
    texts: Literal["naming", "about"] = "naming"


class CorrectionOut(ProposalOut):
    person: Annotated[LogPersonOut, Field(description="as recorded")]
    right_person: Annotated[LogPersonOut | None, Field(description="null: nobody who is known")]
    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
    client_address: str | None


class HoldOut(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    person: Annotated[LogPersonOut | None, Field(description="null: everybody")]
    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
    reason: Annotated[str | None, Field(description="null: erased")]
    placed_by: SomebodyOut
    placed_at: Instant
    released_at: Annotated[Instant | None, Field(description="null: in force")]


class ReleaseOut(ProposalOut):
    hold: HoldOut


class TextOut(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seq: Annotated[int, Field(description="the line of the change log that it stands beside")]
    field: str
    text: Annotated[str | None, Field(description="null: gone")]


class ErasureOut(ProposalOut):
    person: LogPersonOut
    texts: Annotated[list[TextOut] | None, Field(description="what goes with the name; not in lists")] = None
    stays: Annotated[str | None, Field(description="what may name them afterwards; not in lists")] = None
