"""The lists in force, those before them, and what they say of a site."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from audit_api.agreeing import names_for
from audit_api.answers import ListingOut
from audit_api.list_ages import Age, ages, config_of, told
from audit_api.list_answers import GenerationOut, IllegalListOut, ListOut, ListsOut, LookupOut
from audit_api.list_tasks import task_out
from audit_api.problems import Problem
from audit_api.times import iso, iso_or_none
from audit_api.typed import typed_url
from audit_api.window import Visit
from audit_log.db import reading
from change_control.desk import Desk, Lists
from change_control.errors import ChangeError
from change_control.lists import AgreedLists, agreed_lists
from change_control.probes import record_probe
from change_control.proposal import Proposal
from change_control.queries import get_proposal, list_proposals
from filter_lists.generations import folder_of
from filter_lists.listing import Listing
from filter_lists.lists_config import ListsConfig
from filter_lists.names import NameFault, Url
from filter_lists.providers import provider_status
from filter_lists.sealed import HasLists
from filter_lists.summary import IndexFault
from filter_policy.judge import listings_of
from filter_policy.life_cycle import State
from filter_policy.model import Policy

KIND = "lists"
MOST_GENERATIONS = 100
WAS_IN_FORCE = (State.APPROVED, State.SUPERSEDED)


def ages_in_force(desk: Desk, agreed: AgreedLists, now: datetime) -> dict[str, Age]:
    return ages(config_of(agreed.config_text, desk.lists_folder), desk.state, now)


def opened(desk: Desk, generation: str) -> Lists:
    """Raises Problem where they are missing or damaged: nothing takes their place."""
    try:
        return desk.lists_of(generation)
    except IndexFault as fault:
        raise Problem("no-lists", f"{generation[:12]}: {fault.why}.") from fault


def in_force(visit: Visit) -> ListsOut:
    desk = visit.desk
    with reading(desk.engine) as conn:
        agreed = agreed_lists(conn)
        row = get_proposal(conn, agreed.id, visit.now) if agreed.row_id else None
        waiting = list_proposals(conn, visit.now, kind=KIND, state=State.REQUESTED, limit=MOST_GENERATIONS)
    index = opened(desk, agreed.generation)
    return ListsOut(
        generation=agreed.generation,
        since=iso(_since(row)) if row else None,
        is_agreed=agreed.is_agreed,
        agreement=agreed.agreement_id,
        waiting=[each.id for each in waiting.rows],
        differs=differs(desk, agreed),
        illegal_content=illegal_content(config_of(agreed.config_text, desk.lists_folder), index),
        task=task_out(visit),
        rows=_rows_of(visit, agreed, index),
        next=None,
    )


def _rows_of(visit: Visit, agreed: AgreedLists, index: Lists) -> list[ListOut]:
    known = ages_in_force(visit.desk, agreed, visit.now)
    return [told(each, known.get(each.list_id)) for each in index.lists]


def illegal_content(config: ListsConfig | None, index: HasLists) -> list[IllegalListOut]:
    """Honestly: without a licensed list it says so (D10)."""
    return [
        IllegalListOut(
            provider=each.name,
            title=each.title,
            category=each.category,
            installed=each.installed,
            says=each.says,
        )
        for each in provider_status(config.lists if config else (), index)
    ]


def differs(desk: Desk, agreed: AgreedLists) -> bool:
    """What is on the server's disk is what somebody wants, and no more (invariant 4)."""
    try:
        return desk.lists_text() != agreed.config_text
    except ChangeError:
        return True


def generations(visit: Visit) -> list[GenerationOut]:
    """Each time that lists came into force, the last first."""
    with reading(visit.desk.engine) as conn:
        found = [each for state in WAS_IN_FORCE for each in _rows(conn, visit.now, state)]
        found.sort(key=_since, reverse=True)
        return _shown(conn, visit, [each for each in found if _came_into_force(each)])


def _rows(conn: Connection, now: datetime, state: State) -> Sequence[Proposal]:
    return list_proposals(conn, now, kind=KIND, state=state, limit=MOST_GENERATIONS).rows


def _came_into_force(each: Proposal) -> bool:
    """An update that was held, and gave way to a newer one, never did."""
    return each.decided_at is not None or each.payload["what"] != "held"


def _since(each: Proposal) -> datetime:
    return each.decided_at or each.proposed_at


def _shown(conn: Connection, visit: Visit, found: Sequence[Proposal]) -> list[GenerationOut]:
    names = names_for(conn, visit.reader, found)
    return [
        GenerationOut(
            generation=each.generation or "",
            what=each.payload["what"],
            in_force=each.state == State.APPROVED,
            since=iso(_since(each)),
            until=iso_or_none(each.ended_at),
            by=names(each).somebody(each.decided_by or each.proposed_by),
            reason=each.decision_reason or each.reason,
            entries=sum(row["entries"] for row in each.payload["lists"]),
            on_disk=folder_of(visit.desk.state, each.generation or "").is_dir(),
            proposal=each.id,
        )
        for each in found
    ]


def lookup(visit: Visit, address: str) -> LookupOut:
    """Raises Problem bad-input. A hit on a list of illegal content is recorded (I7)."""
    url = url_of(address)
    bundle = visit.window.bundle()
    lists, policy = opened(visit.desk, bundle.lists), bundle.policy
    found = listings_of(url, lists.lookup, policy)
    record_probe(visit.desk, visit.reader.actor, url, found, policy, visit.now)
    return LookupOut(
        url=str(url),
        generation=lists.generation,
        listings=[listing_out(each, lists, policy) for each in found],
    )


def listing_out(listing: Listing, lists: Lists, policy: Policy) -> ListingOut:
    """Entries of illegal lists are read out to nobody (invariants 3 and 10)."""
    row = policy.access.get(listing.category)
    secret = listing.is_sealed or (row is not None and row.illegal)
    summary = next((each for each in lists.lists if each.list_id == listing.list_id), None)
    return ListingOut(
        category=listing.category,
        list_id=listing.list_id,
        entry=None if secret else listing.entry,
        licence=summary.licence if summary else "",
        source=summary.source if summary and not summary.sealed else "",
    )


def url_of(address: str) -> Url:
    try:
        return typed_url(address)
    except NameFault as fault:
        raise Problem("bad-input", errors={"url": fault.why}) from None
