"""What goes in and out of the routes about reviews and the sealed envelope (S34, S84)."""

from typing import Annotated

from pydantic import Field

from audit_api.answers import Instant, ProposalOut, SomebodyOut, _Out
from audit_api.shapes import Why, _In

Code = Annotated[
    str, Field(min_length=1, max_length=200, repr=False, description="as it is on the two halves")
]


class SignIn(_In):
    agrees: Annotated[bool, Field(description="false: it stays open, and red, until you do")]
    note: Annotated[str, Field(min_length=1, max_length=2000, description="What you looked at, or why not.")]


class SignatureOut(_Out):
    by: SomebodyOut
    at: Instant
    agrees: bool
    note: Annotated[str | None, Field(description="of reviews that are open, and where one is asked for")]


class ReviewOut(_Out):
    id: str
    kind: Annotated[str, Field(description="tightening, or break-glass")]
    says: Annotated[str, Field(description="what was done, as the change log tells it")]
    reason: str | None
    about: Annotated[int, Field(description="the entry of the change log")]
    by: SomebodyOut
    opened_at: Instant
    due_at: Instant
    overdue: bool
    needed: Annotated[int, Field(description="how many others have to agree")]
    done_at: Instant | None
    signatures: Annotated[list[SignatureOut], Field(description="the last word of each")]
    link: Annotated[str | None, Field(description="the page of what was done, where your role may open it")]
    what: Annotated[list[str], Field(description="of a policy: each difference in words; of one review only")]
    yours: Annotated[bool, Field(description="you did this, or it was done for you: others sign")]


class EnvelopeOut(_Out):
    ready: Annotated[bool, Field(description="it was made, and not used")]
    made_by: SomebodyOut | None = None
    agreed_by: SomebodyOut | None = None
    made_at: Instant | None = None
    used_by: SomebodyOut | None = None
    used_at: Instant | None = None


class EnvelopeProposalOut(ProposalOut):
    half: Annotated[
        str | None, Field(repr=False, description="told once: your half of the code, for the envelope")
    ] = None
    which: Annotated[str | None, Field(description="first or second: which half that is")] = None


class ApproveWithIn(Why):
    proposal: Annotated[str, Field(min_length=1, max_length=64, description="the id of what is to be agreed")]
    code: Code


class CodeIn(Why):
    """For when nobody can sign in any more."""

    username: Annotated[str, Field(min_length=1, max_length=200, description="of somebody who may approve")]
    code: Code


class CodeOut(_Out):
    username: str
    code: Annotated[str, Field(repr=False, description="an enrolment code: told once, works once")]


class ApprovedOut(_Out):
    id: str
    kind: str
    state: str
    review: Annotated[str, Field(description="what two others have to sign")]
