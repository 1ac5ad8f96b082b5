"""Would this be blocked? The one place that answers, for the gate, `explain`, previews and tests alike.

Pure: the same request, policy and time give the same answer anywhere. The order of the questions is the
school's promise (docs/policy.md): illegal content first and never opened (S135), then a device that is
evidence (S174), the person, what two seniors look into for a case (S167), locked kinds, words that nobody may
search for, the lesson's unblock (S71), the school's own sites, the kinds of site, and what is on no list.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from filter_policy import timetable
from filter_policy.bearing import (
    for_person,
    in_force,
    instants,
    investigations_for,
    isolations_on,
    names_for,
    near,
    openings_for,
    sites_by_host,
    unblocks_by_host,
)
from filter_policy.harbours import harbour_of, rule_of
from filter_policy.model import (
    Access,
    CategoryAccess,
    Decision,
    Listing,
    Person,
    Policy,
    Reason,
    Request,
    Rule,
    SiteRule,
    Verdict,
)
from filter_policy.shapes import BY_HOST, only_shuts
from filter_policy.terms import forbidden

Note = Callable[[str, bool, str], None]  # rule, hit, what it says

NOT_ALLOWED = Rule(Access.NOT_ALLOWED)
OPENNESS = (  # from most open to least, when none of a person's groups may go there now
    Access.ALLOWED,
    Access.AT_CERTAIN_TIMES,
    Access.SELECTED_USERS,
    Access.WITH_STAFF_PERMISSION,
    Access.NOT_ALLOWED,
    Access.ILLEGAL,
)
MOST_INSTANTS = 12  # tried for `valid_until`
SHUT_BECAUSE = {
    Access.AT_CERTAIN_TIMES: Reason.NOT_AT_THIS_TIME,
    Access.SELECTED_USERS: Reason.NOT_SELECTED,
    Access.WITH_STAFF_PERMISSION: Reason.NEEDS_STAFF_PERMISSION,
    Access.NOT_ALLOWED: Reason.CATEGORY_NOT_ALLOWED,
    Access.ILLEGAL: Reason.ILLEGAL,
}


class Cell(NamedTuple):
    """What one group's row says of one kind of site, now."""

    opened: bool
    name: str
    rule: Rule


class Asked(NamedTuple):
    """One question: the request, under a policy, at an instant; `note` hears each rule looked at."""

    request: Request
    policy: Policy
    now: datetime
    note: Note | None


def decide(request: Request, policy: Policy, now: datetime, note: Note | None = None) -> Decision:
    """The first answer that applies. `now` is aware UTC; `note`, if given, hears every rule looked at."""
    decision = _answer(Asked(request, policy, now, note))
    until = _valid_until(request, policy, decision, now)
    return replace(decision, valid_until=until) if until else decision


def is_illegal(listing: Listing, policy: Policy) -> bool:
    """What no policy opens: a kind that it marks as illegal, and whatever is on a sealed list (D9)."""
    row = policy.access.get(listing.category)
    return listing.is_sealed or (row is not None and row.illegal)


def _answer(asked: Asked) -> Decision:
    for question in QUESTIONS:
        if decision := question(asked):
            return decision
    return _made(asked, Verdict.BLOCK, Reason.NO_RULE, "no rule")


def _illegal(asked: Asked) -> Decision | None:
    for listing in asked.request.listings:
        rule = f"access.{listing.category}"
        if is_illegal(listing, asked.policy):
            _note(asked, rule, True, "illegal: never opened by anyone")
            return _made(asked, Verdict.BLOCK, Reason.ILLEGAL, rule, listing)
        _note(asked, rule, False, "not an illegal kind")
    return None


def _isolated(asked: Asked) -> Decision | None:
    """A device that is evidence is left as it is: nothing goes out from it, for nobody (A406)."""
    if not asked.policy.isolations:
        return None
    for isolation in isolations_on(asked.policy, asked.request.address):
        hit, rule = in_force(isolation, asked.now), f"isolation.{isolation.id}"
        _note(asked, rule, hit, "this device is kept as evidence" if hit else "not now")
        if hit:
            return _made(asked, Verdict.BLOCK, Reason.ISOLATED, rule)
    return None


def _investigation(asked: Asked) -> Decision | None:
    """What two seniors look into for a case (A390); never what is illegal, which was asked before."""
    if not asked.policy.investigations:
        return None
    for each in investigations_for(asked.policy, asked.request):
        hit, rule = in_force(each, asked.now), f"investigation.{each.incident_id}"
        _note(asked, rule, hit, "two seniors look into a case" if hit else "not now")
        if hit:
            first = asked.request.listings[0] if asked.request.listings else None
            return _made(asked, Verdict.ALLOW, Reason.INVESTIGATION, rule, first)
    return None


def _safe_harbour(asked: Asked) -> Decision | None:
    """Whoever asks, and however they stand: a suspended pupil needs help no less than another."""
    harbour = harbour_of(asked.policy, asked.request.url)
    if harbour is None:
        return None
    _note(asked, rule_of(harbour), True, "a place of help: open to everybody, recorded without whoever asked")
    return _made(asked, Verdict.ALLOW, Reason.SAFE_HARBOUR, rule_of(harbour))


def _person(asked: Asked) -> Decision | None:
    reason = _person_shut(asked.request.person, asked.now)
    _note(asked, "person", reason is not None, reason.value if reason else "may use the web")
    return _made(asked, Verdict.BLOCK, reason, "person") if reason else None


def _person_shut(person: Person, now: datetime) -> Reason | None:
    if person.ends_at is not None and now >= person.ends_at:
        return Reason.ENDED
    if not person.agreement_signed or (person.starts_at is not None and now < person.starts_at):
        return Reason.NOT_YET_ALLOWED
    begun = person.suspended_from is not None and now >= person.suspended_from
    if begun and (person.suspended_until is None or now < person.suspended_until):
        return Reason.SUSPENDED
    if person.password_ends_at is not None and now >= person.password_ends_at:
        return Reason.PASSWORD_MUST_CHANGE
    return None


def _locked(asked: Asked) -> Decision | None:
    for listing in asked.request.listings:
        row = asked.policy.access.get(listing.category)
        if row is None or not row.locked:
            continue
        cell = _cell(asked, listing.category, row)
        _note(asked, cell.name, not cell.opened, "locked: no unblock opens it" if not cell.opened else "open")
        if not cell.opened:
            return _made(asked, Verdict.BLOCK, Reason.LOCKED, cell.name, listing)
    return None


def _terms(asked: Asked) -> Decision | None:
    """Which of the words it was is said by its number alone: what somebody searched for is not for all to
    read."""
    if not asked.request.searched:
        return None
    names = names_for(asked.policy, asked.request.person)
    number = forbidden(asked.request.searched, asked.policy, names)
    _note(
        asked, f"terms.{number or '*'}", number is not None, "searched for" if number else "not searched for"
    )
    return _made(asked, Verdict.BLOCK, Reason.TERM, f"terms.{number}") if number else None


def _unblock(asked: Asked) -> Decision | None:
    for unblock in near(unblocks_by_host(asked.policy), asked.request.url):
        hit = in_force(unblock, asked.now) and for_person(unblock, asked.request.person)
        hit = hit and any(site.covers(asked.request.url) for site in unblock.sites)
        _note(
            asked,
            f"unblock.{unblock.id}",
            hit,
            "in force for this person" if hit else "not for this, or not now",
        )
        if hit:
            first = asked.request.listings[0] if asked.request.listings else None
            made = _made(asked, Verdict.ALLOW, Reason.UNBLOCK, f"unblock.{unblock.id}", first)
            return replace(made, unblock_id=unblock.id)
    return None


def _sites(asked: Asked) -> Decision | None:
    names = names_for(asked.policy, asked.request.person)
    best: SiteRule | None = None
    for rule in near(sites_by_host(asked.policy), asked.request.url):
        hit = bool(rule.for_ & names) and rule.site.covers(asked.request.url)
        _note(asked, _site_name(rule), hit, rule.reason)
        if hit and (best is None or _weight(rule) > _weight(best)):
            best = rule
    if best is None:
        return None
    reason = Reason.SITE_ALLOWED if best.verdict is Verdict.ALLOW else Reason.SITE_BLOCKED
    first = asked.request.listings[0] if asked.request.listings else None
    return _made(asked, best.verdict, reason, _site_name(best), first)


def _weight(rule: SiteRule) -> tuple[tuple[int, int], bool]:
    return rule.site.exactness, rule.verdict is Verdict.BLOCK


def _site_name(rule: SiteRule) -> str:
    return f"sites.{rule.verdict.value}.{rule.site}"


def _categories(asked: Asked) -> Decision | None:
    """The strictest of all kinds that the site is of; each kind taken at the person's most open group.

    What the gate alone sees (shapes.py) shuts where its row shuts; open, it leaves the question to the rest.
    """
    opened: tuple[Listing, Cell] | None = None
    shut: tuple[Listing, Cell] | None = None
    for listing in asked.request.listings:
        row = asked.policy.access.get(listing.category)
        if row is None and only_shuts(listing) and listing.category in BY_HOST:
            continue
        cell = _cell(asked, listing.category, row)
        _note(asked, cell.name, True, f"{cell.rule.access.value}: {'open' if cell.opened else 'shut'} now")
        if cell.opened:
            opened = opened or (None if only_shuts(listing) else (listing, cell))
        elif shut is None or _rank(cell) > _rank(shut[1]):
            shut = (listing, cell)
    if shut is not None:
        return _made(asked, Verdict.BLOCK, SHUT_BECAUSE[shut[1].rule.access], shut[1].name, shut[0])
    if opened is not None:
        return _made(asked, Verdict.ALLOW, Reason.CATEGORY_ALLOWED, opened[1].name, opened[0])
    return None


def _rank(cell: Cell) -> int:
    return OPENNESS.index(cell.rule.access)


def _unlisted(asked: Asked) -> Decision | None:
    cells = []
    for name in asked.request.person.filter_groups:
        if group := asked.policy.filter_groups.get(name):
            rule = f"filter_groups.{name}.unlisted"
            cells.append(Cell(_opens(asked, group.unlisted), rule, group.unlisted))
            _note(asked, rule, True, group.unlisted.access.value)
    if not cells:
        return None
    cell = _most_open(cells)
    if cell.opened:
        return _made(asked, Verdict.ALLOW, Reason.UNLISTED_ALLOWED, cell.name)
    plain = cell.rule.access is Access.NOT_ALLOWED
    reason = Reason.UNLISTED_NOT_ALLOWED if plain else SHUT_BECAUSE[cell.rule.access]
    return _made(asked, Verdict.BLOCK, reason, cell.name)


QUESTIONS = (
    _illegal,
    _isolated,
    _safe_harbour,
    _person,
    _investigation,
    _locked,
    _terms,
    _unblock,
    _sites,
    _categories,
    _unlisted,
)


def _made(
    asked: Asked, verdict: Verdict, reason: Reason, rule: str, listing: Listing | None = None
) -> Decision:
    return Decision(verdict, reason, rule, asked.policy.revision, listing)


def _note(asked: Asked, rule: str, hit: bool, says: str) -> None:
    if asked.note is not None:
        asked.note(rule, hit, says)


def _cell(asked: Asked, category: str, row: CategoryAccess | None) -> Cell:
    """The most open of the person's groups; a kind without a row is not allowed until the school decides."""
    if row is None:
        return Cell(False, f"access.{category} (undecided)", NOT_ALLOWED)
    cells = [_group_cell(asked, category, row, name) for name in asked.request.person.filter_groups]
    return _most_open(cells) if cells else Cell(False, f"access.{category} (no group)", NOT_ALLOWED)


def _group_cell(asked: Asked, category: str, row: CategoryAccess, group_name: str) -> Cell:
    group = asked.policy.filter_groups.get(group_name)
    if group is None:  # a group that the policy does not know opens nothing
        return Cell(False, f"access.{category} (unknown group {group_name})", NOT_ALLOWED)
    for name in (group_name, group.kind, "everyone"):
        if name is not None and (rule := row.rules.get(name)) is not None:
            return Cell(_opens(asked, rule), f"access.{category}.{name}", rule)
    return Cell(False, f"access.{category} (undecided for {group_name})", NOT_ALLOWED)


def _most_open(cells: list[Cell]) -> Cell:
    return min(cells, key=lambda cell: (not cell.opened, _rank(cell)))


def _opens(asked: Asked, rule: Rule) -> bool:
    person, policy, now = asked.request.person, asked.policy, asked.now
    if rule.access is Access.ALLOWED:
        return True
    if rule.access is Access.AT_CERTAIN_TIMES:
        return timetable.is_open(policy.timetable, rule.names, now)
    if rule.access is Access.SELECTED_USERS:
        return any(person.username in policy.selected_users.get(name, ()) for name in rule.names)
    if rule.access is Access.WITH_STAFF_PERMISSION:
        return any(in_force(opening, now) for opening in openings_for(policy, person))
    return False


def _valid_until(request: Request, policy: Policy, decision: Decision, now: datetime) -> datetime | None:
    """The first instant at which the verdict is another one; or an earlier one, where it is asked again.

    Earlier is always safe: whoever holds the answer asks again then. So few instants are tried, however
    many exceptions somebody made.
    """
    horizon = now + timedelta(days=timetable.HORIZON_DAYS)
    ahead = instants(request, policy, now)
    for _ in range(MOST_INSTANTS):
        if not ahead:
            return None
        instant = min(ahead)
        if instant >= horizon:
            return instant
        if _answer(Asked(request, policy, instant, None)).verdict is not decision.verdict:
            return instant
        ahead = {later for later in ahead if later > instant} | instants(request, policy, instant)
    return min(ahead, default=None)
