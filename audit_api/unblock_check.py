"""Would Year 5 see this? What the gates would answer to a class, and whether it can be asked for at all.

The same `decide` as the gates', for typical people. An address on a list of illegal content leaves the same
line as asking for it does, and gets the same answer: this is no way to read such a list out (I7).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from audit_api.lists import opened
from audit_api.problems import Problem
from audit_api.reasons import REASONS
from audit_api.times import iso, iso_or_none
from audit_api.unblock_shapes import CheckedOut, CheckIn, CheckOut, SeenByOut, SeenOut
from audit_api.unblock_typical import Typical, typical
from audit_api.unblock_words import and_
from audit_api.unblocks import categories_of
from audit_api.window import Visit
from audit_log.db import reading
from change_control.desk import Lists
from change_control.errors import ChangeError
from change_control.probes import record_probe
from change_control.unblocks import check_names, with_ids
from filter_lists.names import Site, Url
from filter_policy.bundle import Bundle
from filter_policy.decide import is_illegal
from filter_policy.judge import judge_url, listings_of
from filter_policy.model import Decision, Policy
from filter_policy.unblocking import Whom, parse_sites, parse_whom, refusal_of


def checked(visit: Visit, asked: CheckIn) -> CheckOut:
    """Raises Problem bad-input naming each field, or ChangeError refused as the request itself would."""
    bundle = visit.window.bundle()
    faults: dict[str, str] = {}
    sites = parse_sites(asked.sites, faults)
    whom = whom_of(visit, asked.for_.model_dump(), bundle.policy, faults)
    if faults:
        raise Problem("bad-input", errors=faults)
    then = visit.instant("at", asked.at)
    lists = opened(visit.desk, bundle.lists)
    refuse_illegal(visit, sites, lists, bundle.policy)
    seen_by = typical(bundle, whom, visit.now)
    return CheckOut(
        now=iso(visit.now),
        then=iso_or_none(then),
        sites=[_checked(site, seen_by, bundle, lists, (visit.now, then)) for site in sites],
    )


def whom_of(visit: Visit, raw: Mapping[str, object], policy: Policy, faults: dict[str, str]) -> Whom:
    """Classes, groups and people that there are; people by user name or id."""
    with reading(visit.desk.engine) as conn:
        check_names(conn, raw, faults)
        named = with_ids(conn, {"for": raw}, faults)
    return parse_whom(named["for"], policy, faults)


def refuse_illegal(visit: Visit, sites: Iterable[Site], lists: Lists, policy: Policy) -> None:
    """Raises ChangeError refused after the line is written, as for a request."""
    for site in sites:
        url = url_of(site)
        found = listings_of(url, lists.lookup, policy)
        record_probe(visit.desk, visit.reader.actor, url, found, policy, visit.now)
        if any(is_illegal(each, policy) for each in found):
            raise ChangeError("refused", f"{site} is on a list of illegal content; nothing opens it")


def url_of(site: Site) -> Url:
    return Url("https", site.host, 443, site.path)


def _checked(
    site: Site,
    seen_by: Sequence[Typical],
    bundle: Bundle,
    lists: Lists,
    instants: tuple[datetime, datetime | None],
) -> CheckedOut:
    refusal = refusal_of(site, bundle.policy, lists.lookup)
    rows = [_seen_by(site, each, bundle.policy, lists, instants) for each in seen_by]
    return CheckedOut(
        site=str(site),
        categories=categories_of(lists, str(site)),
        refusal=refusal,
        seen_by=rows,
        says=_says(str(site), rows, refusal),
    )


def _seen_by(
    site: Site, each: Typical, policy: Policy, lists: Lists, instants: tuple[datetime, datetime | None]
) -> SeenByOut:
    now, then = instants
    return SeenByOut(
        who=each.who,
        role=None if each.named else each.person.role,
        filter_groups=[] if each.named else list(each.person.filter_groups),
        classes=[] if each.named else list(each.person.classes),
        now=_seen(decision_for(site, each, policy, lists, now)),
        then=_seen(decision_for(site, each, policy, lists, then)) if then else None,
    )


def decision_for(site: Site, each: Typical, policy: Policy, lists: Lists, at: datetime) -> Decision:
    return judge_url(url_of(site), each.person, policy, lists.lookup, at)


def _seen(made: Decision) -> SeenOut:
    return SeenOut(
        open=not made.is_block,
        reason=made.reason,
        says=REASONS[made.reason],
        until=iso_or_none(made.valid_until),
    )


def _says(site: str, rows: Sequence[SeenByOut], refusal: str | None) -> str:
    """At the time that was asked about, where one was."""
    if refusal:
        return f"{refusal}. It cannot be asked for."
    answers = [(row, row.then or row.now) for row in rows]
    told = []
    for word, is_open in (("open", True), ("blocked", False)):
        for why in dict.fromkeys(answer.says for _, answer in answers if answer.open == is_open):
            who = and_(row.who for row, answer in answers if answer.open == is_open and answer.says == why)
            told.append(f"{word} for {who}: {why}")
    if not told:
        return f"{site}: nobody is in that class or group."
    return f"{site} is {'; '.join(told)}."
