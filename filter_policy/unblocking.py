"""What a teacher may ask for a lesson, and what nobody can be given (A169, S69 to S74)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from filter_lists.names import NameFault, Site, Url, is_ip, parse_site
from filter_policy.decide import is_illegal
from filter_policy.endings import is_ending, is_range
from filter_policy.model import Listing, Policy, Window
from filter_policy.unblock_windows import parse_instant, parse_windows

MOST_SITES = 50
MOST_COMPANIONS = 30
MOST_NAMES = 100
LONGEST_NAME = 64  # characters
LONGEST_TEXT = 2000
FURTHEST = timedelta(days=366)  # how long before a lesson it may be asked for
Lookup = Callable[[Url], Iterable[Listing]]


@dataclass(frozen=True, slots=True)
class UnblockAsk:
    """Which sites, for whom, from when until when, for which lesson and why. Times are aware UTC.

    `companions` are hosts that the pages of the sites need; `objective` and `tried` may be left unsaid. With
    `windows` it is open within these alone, the first of which begins at `starts_at`.
    """

    sites: tuple[Site, ...]
    classes: frozenset[str]
    filter_groups: frozenset[str]
    people: frozenset[str]
    starts_at: datetime
    ends_at: datetime
    subject: str
    reason: str
    windows: tuple[Window, ...] = ()
    companions: tuple[Site, ...] = ()
    objective: str = ""
    tried: str = ""


class Times(NamedTuple):
    """From when until when; within `windows` alone, where there are some."""

    starts_at: datetime
    ends_at: datetime
    windows: tuple[Window, ...] = ()


class Whom(NamedTuple):
    """Names of classes and groups, and ids of people."""

    classes: frozenset[str] = frozenset()
    filter_groups: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()


class AskError(Exception):
    """What was asked cannot be understood; `faults` says why, by field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {why}" for field, why in faults.items()))
        self.faults = dict(faults)


def parse_ask(raw: Mapping[str, object], policy: Policy, now: datetime) -> UnblockAsk:
    """The request body, checked whole. Raises AskError naming every field at fault.

    `for.people` are opaque person ids; whoever calls has turned usernames into them.
    """
    faults: dict[str, str] = {}
    sites = parse_sites(raw.get("sites"), faults)
    companions = _companions(raw.get("companions"), sites, faults)
    whom = parse_whom(raw.get("for"), policy, faults)
    times = _times(raw, policy, now, faults)
    subject, reason = (_text(raw.get(field), field, faults) for field in ("subject", "reason"))
    objective, tried = (
        _text(raw.get(field), field, faults, needed=False) for field in ("objective", "tried")
    )
    if faults or times is None:
        raise AskError(faults)
    return UnblockAsk(sites, *whom, *times[:2], subject, reason, times.windows, companions, objective, tried)


def refusal(ask: UnblockAsk, policy: Policy, lookup: Lookup) -> str | None:
    """Why nobody may agree to this, or None: a site of it is of an illegal or locked kind (S135)."""
    for site in (*ask.sites, *ask.companions):
        if says := refusal_of(site, policy, lookup):
            return says
    return None


def refusal_of(site: Site, policy: Policy, lookup: Lookup) -> str | None:
    """The same of one site."""
    for listing in lookup(Url("https", site.host, 443, site.path)):
        row = policy.access.get(listing.category)
        if is_illegal(listing, policy):
            return f"{site} is on a list of illegal content; nothing opens it"
        if row is not None and row.locked:
            return f"{site} is listed as {listing.category}, which the policy locks; no unblock opens it"
    return None


def parse_sites(value: object, faults: dict[str, str]) -> tuple[Site, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        faults["sites"] = "at least one site is needed, as a list of names like bbc.co.uk/bitesize"
        return ()
    return _named_sites(value, "sites", MOST_SITES, faults)


def _companions(value: object, sites: tuple[Site, ...], faults: dict[str, str]) -> tuple[Site, ...]:
    """What the sites open already needs no name."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        faults["companions"] = "a list of names like images.example is needed"
        return ()
    found = _named_sites(value, "companions", MOST_COMPANIONS, faults)
    urls = ((each, Url("https", each.host, 443, each.path)) for each in found)
    return tuple(each for each, url in urls if not any(site.covers(url) for site in sites))


def _named_sites(value: list[str], field: str, most: int, faults: dict[str, str]) -> tuple[Site, ...]:
    if len(value) > most:
        faults[field] = f"{len(value)} sites; one request may name {most}"
        return ()
    found, wrong = [], []
    for text in value:
        try:
            found.append(site_asked(text))
        except NameFault as fault:
            wrong.append(str(fault))
    if wrong:
        faults[field] = "; ".join(wrong)
    return tuple(dict.fromkeys(found))


def site_asked(text: str) -> Site:
    """One site that may be asked for. Raises NameFault."""
    if is_range(text):
        raise NameFault(text, "a range of addresses cannot be unblocked; name the site")
    site = parse_site(text.strip().removeprefix("*."))
    if is_ip(site.host):
        raise NameFault(text, "an address cannot be unblocked; name the site")
    if is_ending(site):
        raise NameFault(text, "this is not one site but the ending of many")
    return site


def parse_whom(value: object, policy: Policy, faults: dict[str, str]) -> Whom:
    if not isinstance(value, Mapping):
        faults["for"] = "say for whom: classes, filter_groups or people"
        return Whom()
    if unknown := set(value) - {"classes", "filter_groups", "people"}:
        faults["for"] = (
            f"no such words: {', '.join(sorted(map(str, unknown)))}; allowed: classes, filter_groups, people"
        )
    found = [_names(value.get(field), field, faults) for field in ("classes", "filter_groups", "people")]
    if missing := found[1] - set(policy.filter_groups):
        faults["for.filter_groups"] = f"no such filter group: {', '.join(sorted(missing))}"
    if not any(found) and not any(field.startswith("for") for field in faults):
        faults["for"] = "say for whom: at least one class, filter group or person"
    return Whom(*found)


def _names(value: object, field: str, faults: dict[str, str]) -> frozenset[str]:
    if value is None:
        return frozenset()
    if isinstance(value, list) and len(value) <= MOST_NAMES and all(_is_name(item) for item in value):
        return frozenset(item.strip() for item in value)
    faults[f"for.{field}"] = (
        f"a list of at most {MOST_NAMES} names, each of at most {LONGEST_NAME} characters"
    )
    return frozenset()


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_NAME and value.isprintable()


def _times(raw: Mapping[str, object], policy: Policy, now: datetime, faults: dict[str, str]) -> Times | None:
    """One stretch, or windows: then from the first of them until the last."""
    asked, table = raw.get("windows"), policy.timetable
    if asked is None or asked == []:
        starts_at, ends_at = (
            parse_instant(raw.get(name), name, table, faults) for name in ("starts_at", "ends_at")
        )
        if starts_at is None or ends_at is None:
            return None
        return _checked(Times(starts_at, ends_at), policy, now, faults)
    if raw.get("starts_at") or raw.get("ends_at"):
        faults["windows"] = "give windows, or starts_at and ends_at, and not both"
        return None
    windows = parse_windows(asked, table, now, faults)
    if not windows:
        return None
    return _checked(Times(windows[0][0], windows[-1][1], windows), policy, now, faults)


def _checked(times: Times, policy: Policy, now: datetime, faults: dict[str, str]) -> Times:
    starts_at, ends_at, windows = times
    first, last = ("windows", "windows") if windows else ("starts_at", "ends_at")
    longest = policy.limits.longest_days
    if ends_at <= starts_at:
        faults[last] = "must be after starts_at"
    elif ends_at - starts_at > timedelta(days=longest):
        faults[last] = f"an unblock lasts at most {longest} days"
    elif ends_at <= now:
        faults[last] = "is already past"
    elif starts_at > now + FURTHEST:
        faults[first] = f"is more than {FURTHEST.days} days ahead"
    return times


def _text(value: object, field: str, faults: dict[str, str], *, needed: bool = True) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        if needed or not (value is None or isinstance(value, str)):
            faults[field] = "is needed" if needed else "a text is needed"
    elif (not text.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in text)) or "\0" in text:
        faults[field] = "holds characters that cannot be kept"
    elif len(text) > LONGEST_TEXT:
        faults[field] = f"has {len(text)} characters; at most {LONGEST_TEXT} are kept"
    return text
