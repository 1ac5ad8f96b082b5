"""Unblocks as a reader may see them; the API and the console show the same."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from audit_api.agreeing import as_it_is, find, history, names_for
from audit_api.answers import AgreedOut, ForOut, SiteOut, UnblockOut, WindowOut
from audit_api.names import Names
from audit_api.reader import Reader
from audit_api.rights import READING
from audit_api.rows import Cursor
from audit_api.times import iso, iso_or_none
from audit_api.unblock_words import lapses_at
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.unblock_use import was_used
from change_control import proposals
from change_control.desk import Lists
from change_control.in_force import parsed_policy
from change_control.proposal import Proposal
from change_control.queries import list_proposals
from change_control.unblocks import Agreed
from filter_lists.names import Url, parse_site
from filter_policy.life_cycle import State

KIND = "unblock"
WAS_AGREED = frozenset({State.APPROVED, State.ENDED, State.REVOKED})


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
        return _shown(conn, visit, found.rows), found.next


def one(visit: Visit, found: Proposal) -> UnblockOut:
    """With what its sites are listed as now: what the second person has to know."""
    with reading(visit.desk.engine) as conn:
        view = as_it_is(visit, found, _shown(conn, visit, [found])[0])
    return with_evidence(visit.desk.lists(), view)


def with_evidence(lists: Lists, view: UnblockOut) -> UnblockOut:
    return view.model_copy(update={"evidence": evidence(lists, [*view.sites, *view.companions])})


def evidence(lists: Lists, sites: Iterable[str]) -> list[SiteOut]:
    """Categories alone: no entry of a list, which for some lists nobody may read."""
    return [SiteOut(site=site, categories=categories_of(lists, site)) for site in sites]


def categories_of(lists: Lists, site: str) -> list[str]:
    parsed = parse_site(site)
    listings = lists.lookup(Url("https", parsed.host, 443, parsed.path))
    return sorted({listing.category for listing in listings})


def approve(
    visit: Visit, id_: str, reason: str, sites: Sequence[str] | None, companions: Sequence[str] | None
) -> Proposal:
    """Raises Problem not-found or ChangeError."""
    find(visit, KIND, id_)
    only = None if sites is None and not companions else Agreed(sites, companions or ())
    return proposals.approve(visit.desk, visit.reader.actor, id_, reason, visit.now, only)


def windows_of(found: Proposal) -> list[tuple[datetime, datetime]]:
    """As they were asked for; the whole stretch where none were."""
    named = found.payload.get("windows") or ()
    windows = [(datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in named]
    if not windows and found.starts_at and found.ends_at:
        return [(found.starts_at, found.ends_at)]
    return windows


def opened_sites(found: Proposal) -> list[str]:
    """What was agreed to: sites, then companions."""
    agreed = found.payload.get("agreed")
    return [*agreed["sites"], *agreed["companions"]] if agreed else list(found.sites)


def use_of(conn: Connection, found: Proposal, now: datetime) -> str | None:
    """yes, no or not yet; None: it was never agreed to, or nothing of that time is kept any more."""
    if found.state not in WAS_AGREED or not found.starts_at or not found.ends_at:
        return None
    until = found.ended_at if found.state == State.REVOKED and found.ended_at else found.ends_at
    if found.starts_at <= now and was_used(conn, found.id, (found.starts_at, found.ends_at)):
        return "yes"
    if until > now:
        return "not yet"
    kept = min((each.days for each in parsed_policy(conn).record.values()), default=0)
    return "no" if kept and found.starts_at > now - timedelta(days=kept) else None


def _shown(conn: Connection, visit: Visit, found: Sequence[Proposal]) -> list[UnblockOut]:
    names = names_for(conn, visit.reader, found)
    supervisors = _supervisors(conn, visit.reader, found)
    hours = parsed_policy(conn).limits.lapse_after_hours
    told = []
    for each in found:
        view = _view(each, names(each), supervisors)
        lapses = None
        if each.state == State.REQUESTED and each.ends_at:
            lapses = iso(lapses_at(each.proposed_at, each.ends_at, hours))
        told.append(view.model_copy(update={"used": use_of(conn, each, visit.now), "lapses_at": lapses}))
    return told


def _supervisors(conn: Connection, reader: Reader, found: Sequence[Proposal]) -> Names:
    """Adults, so everybody who sees the request may know who they are."""
    return Names.of(conn, [each.payload.get("supervised_by") for each in found], pupils=False)


def _view(found: Proposal, names: Names, supervisors: Names) -> UnblockOut:
    said: Mapping[str, str] = found.payload
    return UnblockOut.model_validate(
        {
            **history(found, names),
            "sites": list(found.sites),
            "companions": list(found.payload.get("companions", ())),
            "agreed": AgreedOut.model_validate(said["agreed"]) if said.get("agreed") else None,
            "for": ForOut(
                classes=list(found.classes),
                filter_groups=list(found.filter_groups),
                people=[names.somebody(each) for each in found.people],
            ),
            "starts_at": iso_or_none(found.starts_at),
            "ends_at": iso_or_none(found.ends_at),
            "windows": [
                WindowOut(starts_at=iso(first), ends_at=iso(last)) for first, last in windows_of(found)
            ]
            if found.payload.get("windows")
            else [],
            "subject": found.subject,
            "objective": said.get("objective") or None,
            "tried": said.get("tried") or None,
            "supervised_by": supervisors.somebody_or_none(said.get("supervised_by")),
            "extends": said.get("extends"),
        }
    )
