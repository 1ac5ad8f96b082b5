"""What a reader asks of the filtering log: by whom, of what, when, and how it is to be shown."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from audit_api.shapes import Paging, _In
from audit_api.window import Visit
from audit_log.filtering_log import Filter
from audit_log.search_filter import named
from filter_lists.names import NameFault
from filter_lists.search_terms import tidy
from filter_policy.model import Reason, Verdict

Kind = Literal["request", "connect", "tunnel", "websocket", "handshake", "unparsed", "event", "canary"]
Word = Annotated[str, Field(max_length=253)]
YesNo = Literal["yes", "no"]
LONGEST_PASTED = 8192
# Who and why are told in other words, and these say nothing of what was read.
NOT_FILTERS = {"person", "purpose", "names", "search_terms", "cursor", "limit", "format"}


def _host(said: str) -> str:
    """Of what was typed or pasted. A form sends "" for what is left out."""
    try:
        return named(said) if said else ""
    except NameFault:
        raise PydanticCustomError("host", "a host like www.bbc.co.uk is needed, or an IP address") from None


def _words(said: str) -> str:
    tidied = tidy(said)
    if said and not tidied:
        raise PydanticCustomError("words", "there is nothing in it to look for")
    return tidied


Host = Annotated[str, Field(max_length=LONGEST_PASTED), AfterValidator(_host)]
Words = Annotated[Word, AfterValidator(_words)]


class Sought(_In):
    """`from` and `to` are half-open."""

    from_: Annotated[Word | None, Field(alias="from", description="ISO 8601")] = None
    to: Annotated[Word | None, Field(description="ISO 8601; not included")] = None
    group: Word | None = None
    class_: Annotated[Word | None, Field(alias="class")] = None
    host: Annotated[
        Host | None, Field(description="and all below it; of an address (URL), the host in it")
    ] = None
    below: Annotated[YesNo, Field(description="no: `host` alone")] = "yes"
    category: Word | None = None
    verdict: Verdict | None = None
    reason: Reason | None = None
    kind: Kind | None = None
    unblock: Word | None = None
    reference: Annotated[Word | None, Field(description="as it stands on a block page")] = None
    parts: Annotated[
        YesNo, Field(description="yes: parts of pages too, not only what a person opened or what was blocked")
    ] = "no"
    search_terms: Annotated[
        Words | None, Field(description="words in what was searched for; a reading by name")
    ] = None
    names: Annotated[YesNo, Field(description="yes needs a purpose, and is recorded")] = "no"
    person: Annotated[Word | None, Field(description="user name or id; needs a purpose, and is recorded")] = (
        None
    )
    purpose: Annotated[str | None, Field(max_length=2000, description="why somebody's browsing is read")] = (
        None
    )

    @property
    def by_name(self) -> bool:
        """Words in what was searched for may be a child's name; and who looks for one wants to know whose."""
        return self.names == "yes" or bool(self.person) or bool(self.search_terms)


class Wanted(Paging, Sought):
    """A page."""


class ToExport(Sought):
    format: Annotated[Literal["csv", "jsonl"], Field(description="csv, or a line of JSON for each row")] = (
        "csv"
    )


def in_words(asked: Sought) -> str:
    """The filters, for the line in the change log; whom it is about stands there by id alone."""
    told = asked.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude_defaults=True, exclude=NOT_FILTERS
    )
    words = [f"{name} {value}" for name, value in told.items() if value]
    if asked.search_terms:
        words.append("words in search terms")
    if not words:
        return "everything"
    return ", ".join([*words, "a further page"] if getattr(asked, "cursor", None) else words)


def filter_of(visit: Visit, asked: Sought) -> Filter:
    return Filter(
        from_at=visit.instant("from", asked.from_),
        to_at=visit.instant("to", asked.to),
        filter_group=asked.group or None,
        class_name=asked.class_ or None,
        host=asked.host if asked.host and asked.below == "yes" else None,
        host_exact=asked.host if asked.host and asked.below == "no" else None,
        category=asked.category or None,
        verdict=asked.verdict,
        reason=asked.reason,
        unblock_id=asked.unblock or None,
        kind=asked.kind,
        reference=asked.reference or None,
        search_terms=asked.search_terms or None,
        pages_only=asked.parts == "no",
    )
