"""What the journal gets: one row per request, cut beforehand to what the policy keeps of that person.

Of what is illegal nothing is written that tells where it is: neither the entry nor the address nor the search
terms, but a keyed hash that is the same for the same address (I7, invariant 10).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from filter_lists.names import NameFault, Url, parse_url
from filter_lists.sealed_key import PREFIX
from filter_lists.search_terms import search_terms, without_terms
from filter_policy.decide import is_illegal
from filter_policy.keeping import Kept, kept_of_groups
from filter_policy.model import Decision, Person, Policy, Reason, Record, Verdict
from proxy_addon.unnamed import Asked, is_unnamed, unnamed

Row = dict[str, Any]
Hide = Callable[[Url], str]

WHOLE = Record("url", address=True, search_terms=True)
NO_POLICY = Kept("everyone", Record(address=False))
LONGEST_URL = 8192  # characters, as in the filtering log: no client chooses how long a record is
LONGEST_RULE = 200
STATUSES = range(100, 1000)  # HTTP's: an origin may say anything


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why, when no decision of the policy says so: a refusal by the gate itself."""

    reason: Reason
    rule: str = "gate"
    verdict: Verdict = Verdict.BLOCK


@dataclass(slots=True)
class Happening:
    """What a row is about; `url` is None when what came named none.

    `hidden`: it is the address of something illegal, though it was refused for another reason. `page`: as far
    as can be told, a person opened it (opened.py).
    """

    id: str
    at: datetime
    kind: str
    person: Person
    address: str
    method: str
    url: Url | None = None
    hidden: bool = False
    page: bool = True
    opened: bool = False  # surely by a person
    of_anybody: bool = False  # nobody was asked who they are (harbour.py)
    searched: Url | None = None  # with the form that was sent, where a search is asked in that way


def parsed(console: str) -> Url | None:
    try:
        return parse_url(console) if console else None
    except NameFault:
        return None


def nameless(_url: Url) -> str:
    """Where there is no key to tell one hidden address from another."""
    return PREFIX


class Rows:
    """Builds rows for one gate. `hide`: what is written for the address of something illegal; `console`: its
    address, as its users reach it, where somebody may report something."""

    def __init__(self, gate: str, hide: Hide = nameless, console: str = "") -> None:
        self.gate = gate
        self._hide = hide
        self._console = parsed(console)

    def opened(self, what: Happening, why: Decision | Outcome, policy: Policy | None) -> Row:
        """The row as it stands before anything goes out or is answered."""
        keep = keep_of(policy, what.person)
        kept, url = keep.record, what.url
        if why.reason is Reason.INVESTIGATION:
            kept = WHOLE  # what was looked at for a case is shown to have been, whatever is kept else (A408)
        row: Row = {
            "t": "open",
            "id": what.id,
            "at": iso(what.at),
            "kind": what.kind,
            "gate": self.gate,
            "person": what.person.id or None,
            "role": what.person.role,
            "groups": what.person.filter_groups,
            "classes": what.person.classes,
            "address": what.address if kept.address else None,
            "method": what.method[:16],
            "url": cut_url(url, kept, what.kind),
            "host": url.host if url else None,  # 253 characters at most
            "verdict": why.verdict,
            "reason": why.reason,
            "rule": why.rule[:LONGEST_RULE],
            "keep": keep.keep,
            "page": what.page or why.verdict is Verdict.BLOCK,
        }
        _add_evidence(row, why, policy)
        if url is not None and (what.hidden or why.reason is Reason.ILLEGAL):
            row |= {"url": self._hide(url), "host": None, "entry": None}
        elif kept.search_terms and url is not None and (terms := _searched(what.searched or url, what.kind)):
            row["terms"] = terms
        asked = Asked(why.reason, why.rule, what.person, what.of_anybody, isinstance(why, Outcome))
        if not what.hidden and is_unnamed(asked, url, policy, self._console):
            row = unnamed(row, url, policy)
        return row

    def whole(self, what: Happening, why: Decision | Outcome, policy: Policy | None, status: int) -> Row:
        """A row that is answered at once: the answer is in it."""
        row = self.opened(what, why, policy)
        row |= {"t": "whole", "status": status, "up": 0, "down": 0, "ms": 0, "outcome": "done"}
        return row

    @staticmethod
    def closed(
        event_id: str, at: datetime, *, status: int | None, sizes: tuple[int, int], ms: int, outcome: str
    ) -> Row:
        """How it ended: done, failed or cut."""
        up, down = sizes
        return {
            "t": "close",
            "id": event_id,
            "at": iso(at),
            "status": status if status in STATUSES else None,
            "up": up,
            "down": down,
            "ms": ms,
            "outcome": outcome,
        }


def _add_evidence(row: Row, why: Decision | Outcome, policy: Policy | None) -> None:
    listing = why.listing if isinstance(why, Decision) else None
    row["category"] = listing.category if listing else None
    row["list"] = listing.list_id if listing else None
    row["entry"] = listing.entry if listing and policy and not is_illegal(listing, policy) else None
    row["unblock"] = why.unblock_id if isinstance(why, Decision) else None
    decided = why.policy_revision if isinstance(why, Decision) else None
    row["revision"] = decided or (policy.revision if policy else "")


def _searched(url: Url, kind: str) -> str | None:
    return search_terms(url) if kind == "request" else None


def cut_url(url: Url | None, kept: Record, kind: str) -> str | None:
    if url is None:
        return None
    if kind == "connect":
        return f"{url.host}:{url.port}"
    if kept.url == "host":
        return str(Url(url.scheme, url.host, url.port))
    if not kept.search_terms:
        url = without_terms(url)
    if kept.url == "path":
        url = Url(url.scheme, url.host, url.port, url.path)
    return str(url)[:LONGEST_URL]


def keep_of(policy: Policy | None, person: Person) -> Kept:
    """What is kept of this person, and how long."""
    return kept_of_groups(policy, person.filter_groups) if policy else NO_POLICY


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
