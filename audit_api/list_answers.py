"""What the API answers about lists: counts, ages and names of lists, never an entry."""

from typing import Annotated

from pydantic import Field

from audit_api.answers import Instant, ListingOut, PageOut, ProposalOut, SomebodyOut, _Out


class LinesOut(_Out):
    """Lines of a list of one kind: how many, and the first of them."""

    what: str
    count: int
    first_line: int


class CountOut(_Out):
    category: str
    entries: int
    exceptions: int
    expressions: int


class ListOut(_Out):
    list_id: str
    categories: list[str]
    format: str
    licence: str
    source: Annotated[str | None, Field(description="null for a list of illegal content")]
    entries: int
    counts: list[CountOut]
    lines: int
    understood: int
    not_understood: Annotated[list[LinesOut], Field(description="each line that was skipped, by reason")]
    noted: Annotated[list[LinesOut], Field(description="understood, but wider or narrower than it stands")]
    left_out: Annotated[list[str], Field(description="its own categories that lists.yaml does not name")]
    sha256: str
    sealed: Annotated[bool, Field(description="illegal content: kept as keyed hashes alone")]
    checked_at: Annotated[Instant | None, Field(description="when its source last said that it is this")]
    fetched_at: Instant | None
    every: Annotated[str | None, Field(description="how often it is to be fetched; null: it has no schedule")]
    due_at: Annotated[Instant | None, Field(description="when it is fetched next, if all goes well")]
    due: bool
    overdue: Annotated[bool, Field(description="older than its schedule and a half")]
    fault: Annotated[str | None, Field(description="why it could not be fetched the last time")]


class ProgressOut(_Out):
    stage: str
    done: int
    total: Annotated[int, Field(description="0: nobody knows")]


class ListOutcomeOut(_Out):
    list_id: str
    result: Annotated[str, Field(description="fetched, unchanged, not-due, local or failed")]
    why: str
    bytes: int


class ListChangeOut(_Out):
    """Entries of one list in one category, before and after."""

    list_id: str
    category: str
    before: int
    after: int
    added: int
    removed: int
    opened: Annotated[int, Field(description="what it shuts no more: removed, and new exceptions")]
    shut: Annotated[int, Field(description="what it shuts now: added, and exceptions that went")]


class OverstepOut(_Out):
    """Where a change goes further than two people agreed for that list."""

    list_id: str
    category: str
    why: str
    says: str


class TaskOut(_Out):
    """Fetching and compiling, which takes a while: ask again until `state` is not `running`."""

    id: str
    work: Annotated[str, Field(description="update, proposal or rollback")]
    state: Annotated[str, Field(description="running, done or failed")]
    by: SomebodyOut
    started_at: Instant
    ended_at: Instant | None
    progress: ProgressOut | None
    came: Annotated[str, Field(description="in-force, held, nothing, proposed or failed; empty: it runs")]
    says: str
    proposal: Annotated[str | None, Field(description="that it made, or that waits because of it")]
    generation: str | None
    lists: list[ListOutcomeOut]
    changes: list[ListChangeOut]
    faults: list[str]


class IllegalListOut(_Out):
    """Who has such lists, and whether the school has one: nobody can be given it by a program."""

    provider: str
    title: str
    category: str
    installed: bool
    says: str


class ListsOut(PageOut[ListOut]):
    generation: str
    since: Annotated[Instant | None, Field(description="in force since; null before lists had rows")]
    is_agreed: Annotated[bool, Field(description="false: as the school was set up, agreed by nobody yet")]
    agreement: Annotated[str, Field(description="the proposal that two people agreed on")]
    waiting: Annotated[list[str], Field(description="ids of proposals and held updates to answer")]
    differs: Annotated[bool, Field(description="lists.yaml on the server is not the one agreed")]
    illegal_content: list[IllegalListOut]
    task: TaskOut | None


class GenerationOut(_Out):
    """Once for each time that it came into force."""

    generation: str
    what: Annotated[str, Field(description="founding, proposal, update, held or rollback")]
    in_force: bool
    since: Instant
    until: Instant | None
    by: SomebodyOut | None
    reason: str
    entries: int
    on_disk: Annotated[bool, Field(description="false: removed, so that nobody can go back to it")]
    proposal: str


class ListsProposalOut(ProposalOut):
    """A lists.yaml and the generation made from it; or an update that is held."""

    what: Annotated[str, Field(description="proposal, update, held or rollback")]
    text: Annotated[str | None, Field(description="lists.yaml; not in lists")] = None
    generation: str
    base: Annotated[str | None, Field(description="the generation that it would replace")] = None
    base_id: Annotated[str | None, Field(description="the proposal that brought that one")] = None
    held: Annotated[str | None, Field(description="the update that was taken up as this proposal")] = None
    changes: list[ListChangeOut]
    because: Annotated[list[OverstepOut], Field(description="why an update did not come into force alone")]
    needs: Annotated[str, Field(description="confirm: one person; take-up: one proposes it, another agrees; "
                                            "agree: somebody else than who proposed it")]  # fmt: skip
    overtaken: Annotated[
        bool, Field(description="other lists came into force since: nobody can agree to these any more")
    ] = False


class LookupOut(_Out):
    url: str
    generation: str
    listings: list[ListingOut]
