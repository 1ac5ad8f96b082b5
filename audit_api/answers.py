"""What the API answers: one shape for each thing it tells. What it takes stands in shapes.py."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from filter_policy.model import Role

Instant = Annotated[str, Field(description="ISO 8601, UTC", examples=["2026-11-24T10:00:00Z"])]


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PageOut[T](_Out):
    """`next` is the cursor of the next page; null: that was the last one."""

    rows: list[T]
    next: str | None


class SessionOut(_Out):
    token: Annotated[str, Field(repr=False, description="Send it as `Authorization: Bearer …`. Shown once.")]
    username: str
    name: str
    role: Role
    must_change_password: bool
    must_set_second_factor: bool = False
    ends_at: Instant


class ReportTakenOut(_Out):
    says: str


class EnrolledOut(_Out):
    username: str
    name: str
    role: Role


class WhoOut(_Out):
    username: str
    name: str
    role: Role
    must_change_password: bool
    must_set_second_factor: bool = False
    zone: Annotated[str, Field(description="the school's time zone")]


class OwnSessionOut(_Out):
    started_at: Instant
    seen_at: Instant
    ends_at: Instant
    here: Annotated[bool, Field(description="the one that asks")]


class OwnSessionsOut(_Out):
    rows: list[OwnSessionOut]


class FactorOut(_Out):
    is_set: bool
    is_wanted: Annotated[bool, Field(description="the policy wants one of this role")]


class FactorBegunOut(_Out):
    """Shown once. Nothing is kept until a code of it comes back with `begun`."""

    secret: Annotated[str, Field(repr=False, description="base 32, to be typed into the telephone")]
    address: Annotated[str, Field(repr=False, description="the same as otpauth://, for a QR code")]
    begun: Annotated[str, Field(repr=False)]


class TokenOut(_Out):
    """What it may is its scopes and what its owner's role may now, whichever is less."""

    id: str
    name: str
    owner: "SomebodyOut"
    scopes: list[str]
    addresses: list[str]
    made_at: Instant
    ends_at: Instant
    last_used_at: Instant | None
    ended_at: Instant | None
    works: bool


class TokenMadeOut(TokenOut):
    token: Annotated[str, Field(repr=False, description="Send it as `Authorization: Bearer …`. Shown once.")]


class TokensOut(_Out):
    rows: list[TokenOut]
    scopes: Annotated[list[str], Field(description="those that you may give")]


class SomebodyOut(_Out):
    """A person as this reader may see them. Pupils are "a pupil of 6B" to those who need no more."""

    id: str | None
    name: str


class ForOut(_Out):
    classes: list[str]
    filter_groups: list[str]
    people: list[SomebodyOut]


class SiteOut(_Out):
    site: str
    categories: list[str]


class WindowOut(_Out):
    starts_at: Instant
    ends_at: Instant


class AgreedOut(_Out):
    sites: list[str]
    companions: list[str]


class UnblockOut(_Out):
    id: str
    state: str
    loosening: Annotated[bool, Field(description="always: it opens something, and takes two people")] = True
    sites: list[str]
    companions: Annotated[list[str], Field(description="other hosts that the pages need, as asked for")]
    agreed: Annotated[
        AgreedOut | None,
        Field(description="what was agreed to and opens; null: nothing yet, or all its sites"),
    ] = None
    for_: Annotated[ForOut, Field(alias="for")]
    starts_at: Instant
    ends_at: Instant
    windows: Annotated[
        list[WindowOut], Field(description="open within these alone; empty: from the start to the end")
    ]
    subject: str
    reason: str
    objective: Annotated[str | None, Field(description="what the class will learn; null: not said")] = None
    tried: Annotated[str | None, Field(description="what else was tried; null: not said")] = None
    supervised_by: Annotated[SomebodyOut | None, Field(description="null: not said")] = None
    extends: Annotated[str | None, Field(description="the request that this one goes on from")] = None
    used: Annotated[str | None, Field(description="yes, no, or not yet; null: it was never agreed to")] = None
    lapses_at: Annotated[Instant | None, Field(description="when it lapses if nobody answers")] = None
    asked_by: SomebodyOut
    asked_at: Instant
    decided_by: SomebodyOut | None = None
    decided_at: Instant | None = None
    decision_reason: str | None = None
    ended_by: SomebodyOut | None = None
    ended_at: Instant | None = None
    ended_reason: str | None = None
    not_in_force: Annotated[
        str | None, Field(description="agreed, and no gate knows of it: why; null: nothing of the kind")
    ] = None
    evidence: Annotated[list[SiteOut] | None, Field(description="What the sites are listed as now")] = None


class ProposalOut(_Out):
    id: str
    kind: str
    state: str
    loosening: Annotated[
        bool, Field(description="two people; False: it only shuts, one person did it, and others look at it")
    ] = True
    reason: str
    asked_by: SomebodyOut
    asked_at: Instant
    decided_by: SomebodyOut | None = None
    decided_at: Instant | None = None
    decision_reason: str | None = None
    ended_by: SomebodyOut | None = None
    ended_at: Instant | None = None
    ended_reason: str | None = None
    not_in_force: Annotated[
        str | None, Field(description="agreed, and no gate knows of it: why; null: nothing of the kind")
    ] = None


class PolicyProposalOut(ProposalOut):
    text: Annotated[str | None, Field(description="the proposed policy.yaml; not in lists")] = None
    base: Annotated[str | None, Field(description="the proposal whose policy this one would replace")] = None
    overtaken: Annotated[
        bool, Field(description="another policy came into force since: nobody can agree to this one any more")
    ] = False
    overtaken_at: Annotated[Instant | None, Field(description="since when that policy is in force")] = None


class PeopleProposalOut(ProposalOut):
    rows: Annotated[list[dict[str, Any]] | None, Field(description="what would change; not in lists")] = None
    notes: Annotated[list[str], Field(description="user names that look like others; while it waits")] = []
    first_passwords: Annotated[
        dict[str, dict[str, str]] | None,
        Field(repr=False, description="told once, to be changed at first use"),
    ] = None
    code_halves: Annotated[
        dict[str, str] | None,
        Field(repr=False, description="told once: half of an enrolment code, by user name"),
    ] = None


class PolicyOut(_Out):
    revision: Annotated[str, Field(description="content hash of policy and lists; on every row of the log")]
    school: str
    text: str
    undecided: Annotated[list[str], Field(description="rows the school has not decided: not allowed")]


class PersonOut(_Out):
    id: str
    username: str
    name: str
    role: Role
    filter_groups: list[str]
    classes: list[str]
    agreement_signed: bool
    starts_at: Instant | None
    ends_at: Instant | None
    suspended_from: Instant | None
    suspended_until: Instant | None
    active: Annotated[bool, Field(description="may browse and sign in now")]


class OpeningOut(_Out):
    id: str
    classes: list[str]
    starts_at: Instant
    ends_at: Instant
    reason: str
    opened_by: SomebodyOut


class ListingOut(_Out):
    category: str
    list_id: str
    entry: Annotated[str | None, Field(description="null for illegal content: no entry is read out")]
    licence: str
    source: Annotated[str, Field(description="where the list comes from; empty for illegal content")]


class StepOut(_Out):
    rule: str
    hit: Annotated[bool, Field(description="it bears on this request")]
    says: str


class DecisionOut(_Out):
    verdict: str
    reason: str
    rule: str
    listing: ListingOut | None
    unblock_id: str | None
    policy_revision: str
    valid_until: Annotated[Instant | None, Field(description="when time alone could next change it")]


class ExplanationOut(_Out):
    user: str
    url: str
    at: Instant
    filter_groups: list[str]
    classes: list[str]
    generation: Annotated[str, Field(description="of the lists")]
    listings: list[ListingOut]
    steps: list[StepOut]
    decision: DecisionOut


class ChangeOut(_Out):
    seq: int
    at: Annotated[Instant | None, Field(description="null: the line cannot be read")]
    event: str
    actor: SomebodyOut
    role: str
    object: str
    says: Annotated[str, Field(description="the line in plain English")]
    texts: Annotated[dict[str, str | None], Field(description="what people wrote; null: erased by law")]
    detail: dict[str, Any]
    sealed: str
    prev: str
    leaf: str


class VerificationOut(_Out):
    whole: bool
    entries: int
    first_bad: int | None
    says: str


class CheckpointOut(_Out):
    size: int
    made_at: Instant
    note: str


class ProofOut(_Out):
    """RFC 6962 inclusion: leaf = sha256(0x00 + prev + sealed) leads to the root of `size` entries."""

    seq: int
    size: int
    sealed: str
    prev: str
    leaf: str
    proof: list[str]
    root: str
    checkpoint: str | None  # of this size, where one was signed


class ConsistencyOut(_Out):
    """RFC 6962 consistency: the tree of `from` entries is the beginning of the tree of `to` entries."""

    from_: int = Field(alias="from")
    to: int
    proof: list[str]
    from_root: str
    to_root: str
    from_checkpoint: str | None
    to_checkpoint: str | None


class KeyOut(_Out):
    """The public key of the checkpoints; `verifier_key` as C2SP's signed-note spells it."""

    origin: str
    algorithm: str
    public_key: str
    fingerprint: Annotated[str, Field(description="SHA-256 of its 32 bytes")]
    key_id: str
    verifier_key: str


class LogPersonOut(_Out):
    id: str
    username: str | None
    name: str


class LogRowOut(_Out):
    """One request. What the policy does not keep, and what this reader may not see, is null."""

    id: str
    reference: Annotated[str, Field(description="as it stands on the block page")]
    at: Instant
    kind: str
    page: Annotated[bool, Field(description="what a person opened; false: a part of a page")]
    who: Annotated[str, Field(description="in words; nameless unless names were asked for")]
    person: Annotated[LogPersonOut | None, Field(description="whose it is; only when read by name")]
    recorded_as: Annotated[
        LogPersonOut | None,
        Field(description="who stands in the log, where a correction says that it was not them"),
    ]
    role: str | None
    groups: list[str]
    classes: list[str]
    client_address: Annotated[str | None, Field(description="only when read by name")]
    method: str | None
    url: str | None
    host: str | None
    search_terms: Annotated[str | None, Field(description="only when read by name")]
    category: str | None
    list: str | None
    entry: str | None
    verdict: str
    reason: str
    rule: str | None
    unblock_id: str | None
    policy_revision: str
    status: int | None
    bytes_up: int | None
    bytes_down: int | None
    duration_ms: int | None
    outcome: Annotated[str | None, Field(description="null while it is open")]


class LogPageOut(PageOut[LogRowOut]):
    """`searched_to`: how far back it looked, where a page is short and yet not the last; else null."""

    searched_to: str | None
