"""Unblocks as a reader may see them; the API and the console show the same."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from audit_api.agreeing import history, names_for
from audit_api.answers import ForOut, SiteOut, UnblockOut
from audit_api.names import Names
from audit_api.reader import Reader
from audit_api.rights import READING
from audit_api.rows import Cursor
from audit_api.times import iso_or_none
from audit_api.window import Visit
from audit_log.db import reading
from change_control.desk import Lists
from change_control.proposal import Proposal
from change_control.queries import list_proposals
from filter_lists.names import Url, parse_site

KIND = "unblock"


def page_of(
    visit: Visit,
    *,
    state: str | None = None,
    mine: bool = False,
    limit: int = 50,
    cursor: Cursor | None = None,
) -> tuple[list[UnblockOut], Cursor | None]:
    """Newest first. Staff see only what they asked for themselves."""
    own = mine or visit.reader.role not in READING
    with reading(visit.desk.engine) as conn:
        found = list_proposals(
            conn,
            visit.now,
            kind=KIND,
            state=state,
            mine=visit.reader.person_id if own else None,
            limit=limit,
            cursor=cursor,
        )
        return _shown(conn, visit.reader, found.rows), found.next


def one(visit: Visit, found: Proposal) -> UnblockOut:
    """With what its sites are listed as now: what the second person has to know."""
    with reading(visit.desk.engine) as conn:
        view = _shown(conn, visit.reader, [found])[0]
    return with_evidence(visit.desk.lists(), view)


def with_evidence(lists: Lists, view: UnblockOut) -> UnblockOut:
    return view.model_copy(update={"evidence": _evidence(lists, view.sites)})


def _shown(conn: Connection, reader: Reader, found: Sequence[Proposal]) -> list[UnblockOut]:
    names = names_for(conn, reader, found)
    return [_view(each, names(each)) for each in found]


def _evidence(lists: Lists, sites: Iterable[str]) -> list[SiteOut]:
    """Categories alone: no entry of a list, which for some lists nobody may read."""
    told = []
    for site in sites:
        parsed = parse_site(site)
        listings = lists.lookup(Url("https", parsed.host, 443, parsed.path))
        told.append(SiteOut(site=site, categories=sorted({listing.category for listing in listings})))
    return told


def _view(found: Proposal, names: Names) -> UnblockOut:
    return UnblockOut.model_validate(
        {
            **history(found, names),
            "sites": list(found.sites),
            "for": ForOut(
                classes=list(found.classes),
                filter_groups=list(found.filter_groups),
                people=[names.somebody(each) for each in found.people],
            ),
            "starts_at": iso_or_none(found.starts_at),
            "ends_at": iso_or_none(found.ends_at),
            "subject": found.subject,
        }
    )
