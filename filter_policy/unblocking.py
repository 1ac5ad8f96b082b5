"""What a teacher may ask for a lesson, and what nobody can be given (A169, S69 to S73)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from filter_lists.names import NameFault, Site, Url, is_ip, parse_site
from filter_policy.decide import is_illegal
from filter_policy.endings import is_ending, is_range
from filter_policy.model import Listing, Policy

MOST_SITES = 50
MOST_NAMES = 100
LONGEST_NAME = 64  # characters
LONGEST_TEXT = 2000
FURTHEST = timedelta(days=366)  # how long before a lesson it may be asked for
Lookup = Callable[[Url], Iterable[Listing]]


@dataclass(frozen=True, slots=True)
class UnblockAsk:
    """Which sites, for whom, from when until when, for which lesson and why. Times are aware UTC."""

    sites: tuple[Site, ...]
    classes: frozenset[str]
    filter_groups: frozenset[str]
    people: frozenset[str]
    starts_at: datetime
    ends_at: datetime
    subject: str
    reason: str


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
    sites = _sites(raw.get("sites"), faults)
    classes, groups, people = _for_whom(raw.get("for"), policy, faults)
    starts_at = _instant(raw.get("starts_at"), "starts_at", policy, faults)
    ends_at = _instant(raw.get("ends_at"), "ends_at", policy, faults)
    if starts_at is not None and ends_at is not None:
        _check_stretch(starts_at, ends_at, policy, now, faults)
    subject, reason = (_text(raw.get(field), field, faults) for field in ("subject", "reason"))
    if faults or starts_at is None or ends_at is None:
        raise AskError(faults)
    return UnblockAsk(sites, classes, groups, people, starts_at, ends_at, subject, reason)


def refusal(ask: UnblockAsk, policy: Policy, lookup: Lookup) -> str | None:
    """Why nobody may agree to this, or None: a site of it is of an illegal or locked kind (S135)."""
    for site in ask.sites:
        url = Url("https", site.host, 443, site.path)
        for listing in lookup(url):
            row = policy.access.get(listing.category)
            if is_illegal(listing, policy):
                return f"{site} is on a list of illegal content; nothing opens it"
            if row is not None and row.locked:
                return f"{site} is listed as {listing.category}, which the policy locks; no unblock opens it"
    return None


def _sites(value: object, faults: dict[str, str]) -> tuple[Site, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        faults["sites"] = "at least one site is needed, as a list of names like bbc.co.uk/bitesize"
        return ()
    if len(value) > MOST_SITES:
        faults["sites"] = f"{len(value)} sites; one request may name {MOST_SITES}"
        return ()
    found, wrong = [], []
    for text in value:
        try:
            found.append(_site(text))
        except NameFault as fault:
            wrong.append(str(fault))
    if wrong:
        faults["sites"] = "; ".join(wrong)
    return tuple(dict.fromkeys(found))


def _site(text: str) -> Site:
    if is_range(text):
        raise NameFault(text, "a range of addresses cannot be unblocked; name the site")
    site = parse_site(text.strip().removeprefix("*."))
    if is_ip(site.host):
        raise NameFault(text, "an address cannot be unblocked; name the site")
    if is_ending(site):
        raise NameFault(text, "this is not one site but the ending of many")
    return site


def _for_whom(
    value: object, policy: Policy, faults: dict[str, str]
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    empty: frozenset[str] = frozenset()
    if not isinstance(value, Mapping):
        faults["for"] = "say for whom: classes, filter_groups or people"
        return empty, empty, empty
    if unknown := set(value) - {"classes", "filter_groups", "people"}:
        faults["for"] = (
            f"no such words: {', '.join(sorted(map(str, unknown)))}; allowed: classes, filter_groups, people"
        )
    found = [_names(value.get(field), field, faults) for field in ("classes", "filter_groups", "people")]
    if missing := found[1] - set(policy.filter_groups):
        faults["for.filter_groups"] = f"no such filter group: {', '.join(sorted(missing))}"
    if not any(found) and not any(field.startswith("for") for field in faults):
        faults["for"] = "say for whom: at least one class, filter group or person"
    return found[0], found[1], found[2]


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


def _instant(value: object, field: str, policy: Policy, faults: dict[str, str]) -> datetime | None:
    """ISO 8601; without a zone it is school time."""
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value or ""))
    except ValueError:
        faults[field] = "a time like 2026-11-24T10:00:00Z is needed"
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=policy.timetable.zone)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        faults[field] = "this time is out of range"
        return None


def _check_stretch(
    starts_at: datetime, ends_at: datetime, policy: Policy, now: datetime, faults: dict[str, str]
) -> None:
    longest = policy.limits.longest_days
    if ends_at <= starts_at:
        faults["ends_at"] = "must be after starts_at"
    elif ends_at - starts_at > timedelta(days=longest):
        faults["ends_at"] = f"an unblock lasts at most {longest} days"
    elif ends_at <= now:
        faults["ends_at"] = "is already past"
    elif starts_at > now + FURTHEST:
        faults["starts_at"] = f"is more than {FURTHEST.days} days ahead"


def _text(value: object, field: str, faults: dict[str, str]) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        faults[field] = "is needed"
    elif (not text.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in text)) or "\0" in text:
        faults[field] = "holds characters that cannot be kept"
    elif len(text) > LONGEST_TEXT:
        faults[field] = f"has {len(text)} characters; at most {LONGEST_TEXT} are kept"
    return text
