"""What two policies are held against each other over: who, what, and when; and which of it comes to the same.

A cell is one question: somebody with these groups asks for such a site at this instant. There are millions of
them, and few that differ: two sites of which both policies say the same to the same person get the same
answers. What is said here of sameness only saves asking; who answers is `decide`, always.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, pairwise
from typing import NamedTuple

from filter_lists.names import Site, Url, is_ip
from filter_policy import timetable
from filter_policy.bearing import names_for, near, sites_by_host
from filter_policy.model import Access, FilterGroup, Listing, Person, Policy, Rule, SiteRule, Timetable
from filter_policy.shapes import BY_HOST, OWN

CLASS = "a class"  # that everybody is in who is compared, so that something can be opened for them
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)  # nobody browses before or after
DAY = timedelta(days=1)
BELOW = "xq-below"  # a name below a named site; no school names one so


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody, as he would be before and after; where only the policy changes, the same person twice."""

    before: Person
    after: Person
    says: str


class What(NamedTuple):
    """A place, and the kinds of site that it is of."""

    url: Url
    categories: tuple[str, ...]
    place: str  # empty: a site that the school does not name

    @property
    def listings(self) -> tuple[Listing, ...]:
        return tuple(
            Listing(category, OWN if category in BY_HOST else "", self.url.host)
            for category in self.categories
        )

    @property
    def says(self) -> str:
        kinds = ", ".join(self.categories)
        if self.place:
            return f"{self.place}, listed as {kinds}" if kinds else f"{self.place}, on no list"
        return f"sites of {kinds}" if kinds else "sites on no list"


class When(NamedTuple):
    """An instant, and the periods that are open then by the one timetable and by the other."""

    at: datetime
    before: frozenset[str]
    after: frozenset[str]
    says: str


class Side(NamedTuple):
    policy: Policy
    person: Person


class Said(NamedTuple):
    """All that a policy says about one kind of site that can bear on one person."""

    row: tuple[object, ...]
    periods: frozenset[str]  # that it depends on
    staff: bool  # whether a member of staff could open it


# --- who


def whos(old: Policy, new: Policy, people: Iterable[Person]) -> tuple[Who, ...]:
    """Each set of groups that somebody has or a device may have, and whoever stands in a list by name.

    Who stands in a list and is in no register yet may be given any of these groups.
    """
    names = {name for policy in (old, new) for users in policy.selected_users.values() for name in users}
    known = list(people)
    listed = [replace(_anybody(one), username=one.username) for one in known if one.username in names]
    devices = [_device(name) for name in (*old.filter_groups, *new.filter_groups)]
    sets = list(dict.fromkeys([*map(_anybody, known), *devices, _device()]))
    unknown = names - {one.username for one in listed}
    listed += [replace(one, username=name) for name in sorted(unknown) for one in sets]
    found: dict[tuple[object, ...], Who] = {}
    for one in (*sets, *listed):
        lists = tuple(_lists_of(policy, one.username) for policy in (old, new))
        found.setdefault((one.role, one.filter_groups, lists), Who(one, one, _says(one, lists)))
    return tuple(found.values())


def _anybody(person: Person) -> Person:
    """Nobody in particular: what time does to an account is no matter of the policy."""
    return Person("somebody", "", person.role, tuple(sorted(set(person.filter_groups))), (CLASS,))


def _device(*groups: str) -> Person:
    return Person("somebody", "", None, groups, (CLASS,))


def _lists_of(policy: Policy, username: str) -> tuple[str, ...]:
    return tuple(sorted(name for name, users in policy.selected_users.items() if username in users))


def _says(person: Person, lists: Sequence[tuple[str, ...]]) -> str:
    groups = " and ".join(person.filter_groups) or "somebody in no group"
    before, after = lists
    if not before and not after:
        return groups
    if before == after:
        return f"{groups}, in the list {', '.join(after)}"
    added = [name for name in after if name not in before]
    return f"{groups}, new in the list {', '.join(added)}" if added else f"{groups}, no more in a list"


# --- what


def places(old: Policy, new: Policy) -> tuple[tuple[Url, str], ...]:
    """A site that nobody named; each named one; and of each what is above and below, by host and by path."""
    found = {Url("https", f"site.{_ending(old, new)}", 443): ""}
    rules = dict.fromkeys(rule.site for policy in (old, new) for rule in policy.sites)
    hosts = {host for site in rules for host in _hosts_around(site.host)}
    by_host: dict[str, list[Site]] = {}
    for site in rules:
        by_host.setdefault(site.host, []).append(site)
    for host in sorted(hosts):
        url = Url("https", host, 443)
        paths = {path for site in near(by_host, url) for path in _paths_around(site.path)}
        for path in sorted({"/", *paths}):
            found[url._replace(path=path)] = host if path == "/" else host + path
    return tuple(found.items())


def _hosts_around(host: str) -> Iterator[str]:
    yield host
    if not is_ip(host):
        yield f"{BELOW}.{host}"
        if "." in host:
            yield host.partition(".")[2]


def _paths_around(path: str) -> Iterator[str]:
    stem = path.rstrip("/")
    if stem:
        yield from (stem, f"{stem}/{BELOW}", stem.rpartition("/")[0] or "/")


def _ending(old: Policy, new: Policy) -> str:
    """Of a site that no rule covers, not even one that holds for a whole ending."""
    used = {rule.site.host.rpartition(".")[2] for policy in (old, new) for rule in policy.sites}
    return next(name for number in count() if (name := f"unnamed{number}x") not in used)


def kinds_of_site(
    old: Policy, new: Policy, category_sets: Iterable[Iterable[str]]
) -> tuple[tuple[str, ...], ...]:
    """On no list; each kind by itself; and the kinds that some site is of together. The smallest first.

    What is told by the form of a host may be of any other kind besides.
    """
    together = {tuple(sorted(set(each))) for each in category_sets}
    alone = {(name,) for each in together for name in each}
    alone |= {(name,) for policy in (old, new) for name in policy.access}
    forms = [name for (name,) in alone if name in BY_HOST]
    together |= {tuple(sorted({form, name})) for form in forms for (name,) in alone if form != name}
    return tuple(sorted({(), *alone, *together}, key=lambda each: (len(each), each)))


# --- when


def whens(old: Timetable, new: Timetable) -> tuple[When, ...]:
    """One instant in each stretch in which no period of either timetable begins or ends: on each day of the
    week, in each stretch of days that are in the one calendar's term, in the other's, in both or in neither.
    """
    clock = {time(0)} | {
        at for each in (old, new) for p in each.periods.values() for at in (p.starts, p.ends)
    }
    found = {}
    for day in _days(old, new):
        for at in sorted(clock):
            for zone in dict.fromkeys((old.zone, new.zone)):
                instant = datetime.combine(day, at, zone).astimezone(UTC)
                found[instant] = _when(instant, old, new)
    return tuple(found[instant] for instant in sorted(found))


def _days(old: Timetable, new: Timetable) -> Iterator[date]:
    """The first week of each stretch of days on which nothing changes."""
    cuts = {FIRST_DAY, LAST_DAY}
    for first, last in (*old.terms, *new.terms):
        cuts |= {first, min(last, LAST_DAY) + DAY}
    edges = sorted(cut for cut in cuts if FIRST_DAY <= cut <= LAST_DAY)
    for first, after in pairwise(edges):
        for number in range(min(7, (after - first).days)):
            yield first + number * DAY


def _when(at: datetime, old: Timetable, new: Timetable) -> When:
    before, after = _open(old, at), _open(new, at)
    local = at.astimezone(new.zone)
    term = "in term" if timetable.in_term(new, local.date()) else "out of term"
    if timetable.in_term(old, local.date()) != timetable.in_term(new, local.date()):
        term += ", which changes"
    return When(at, before, after, f"{local:%A %H:%M}, {term} ({', '.join(sorted(after)) or 'in no period'})")


def _open(table: Timetable, at: datetime) -> frozenset[str]:
    return frozenset(name for name in table.periods if timetable.is_open(table, (name,), at))


# --- what comes to the same


def said_of(side: Side, category: str) -> Said:
    """A field that is added to a row later is part of it; the line of the written policy is not."""
    row = side.policy.access.get(category)
    form = BY_HOST & {category}  # of these a row means something else (decide.py)
    if row is None:
        return Said((form,), frozenset(), False)
    names = names_for(side.policy, side.person)
    rules = {name: rule for name, rule in row.rules.items() if name in names}
    other = tuple(
        repr(getattr(row, each.name)) for each in fields(row) if each.name not in ("rules", "source")
    )
    told = tuple(sorted((name, rule_said(side, rule)) for name, rule in rules.items()))
    return Said((form, other, row.illegal, told), *_depends(rules.values()))


def groups_said(side: Side) -> Said:
    """Of the person's own groups: what they are, and what happens to a site on no list."""
    known = [(name, side.policy.filter_groups.get(name)) for name in side.person.filter_groups]
    rules = [group.unlisted for _, group in known if group is not None]
    return Said(tuple((name, _group_said(side, group)) for name, group in known), *_depends(rules))


def _group_said(side: Side, group: FilterGroup | None) -> tuple[object, ...] | None:
    if group is None:
        return None
    shown = (each.name for each in fields(group) if each.name not in ("unlisted", "block_page"))
    return (*(repr(getattr(group, name)) for name in shown), rule_said(side, group.unlisted))


def rule_said(side: Side, rule: Rule) -> tuple[str, ...]:
    """A rule for selected users says yes or no to this person."""
    if rule.access is not Access.SELECTED_USERS:
        return (rule.access.value, *rule.names)
    chosen = any(side.person.username in side.policy.selected_users.get(name, ()) for name in rule.names)
    return (rule.access.value, str(chosen))


def _depends(rules: Iterable[Rule]) -> tuple[frozenset[str], bool]:
    each = list(rules)
    periods = {name for rule in each if rule.access is Access.AT_CERTAIN_TIMES for name in rule.names}
    return frozenset(periods), any(rule.access is Access.WITH_STAFF_PERMISSION for rule in each)


def covering(policy: Policy, url: Url) -> tuple[SiteRule, ...]:
    return tuple(rule for rule in near(sites_by_host(policy), url) if rule.site.covers(url))


def sites_said(side: Side, rules: Iterable[SiteRule]) -> tuple[tuple[int, str], ...]:
    """Which of the rules hold for this person, from the least exact: how exact among each other, and what."""
    names = names_for(side.policy, side.person)
    mine = [rule for rule in rules if rule.for_ & names]
    order = sorted({rule.site.exactness for rule in mine})
    return tuple(sorted({(order.index(rule.site.exactness), rule.verdict.value) for rule in mine}))


class Instants:
    """The instants at which different ones of some periods are open, each with how many it stands for."""

    def __init__(self, all_: Sequence[When]) -> None:
        self.all = all_
        self._known: dict[tuple[frozenset[str], frozenset[str]], list[tuple[When, int]]] = {}

    def differing(self, before: frozenset[str], after: frozenset[str]) -> list[tuple[When, int]]:
        """Each `When` cut to the periods that matter."""
        if (before, after) not in self._known:
            counted: dict[tuple[frozenset[str], frozenset[str]], list[When]] = {}
            for when in self.all:
                counted.setdefault((when.before & before, when.after & after), []).append(when)
            self._known[before, after] = [
                (self._first(each)._replace(before=key[0], after=key[1]), len(each))
                for key, each in counted.items()
            ]
        return self._known[before, after]

    def _first(self, each: Sequence[When]) -> When:
        if len(each) == len(self.all):
            return each[0]._replace(says="at any time")
        return max(each, key=lambda when: (" in term" in when.says, -when.at.timestamp()))
