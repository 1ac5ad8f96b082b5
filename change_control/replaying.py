"""What was asked, asked again: under the policy and lists in force, and under those that are proposed.

Whoever answers is `decide`, by the way that the gate goes (`judge_url`). Two questions that must get the same
answers are asked once: without a rule of the school's own near a site, an answer goes by the kinds that the
site is of, the person's groups and the slot of school time, and by nothing else.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy import Engine, select

from audit_log import replay
from audit_log.db import reading
from audit_log.replay import ALL, Group, Stretch, Tell, Wanted, Whose
from audit_log.rows import host_key, site_of
from audit_log.tables import person as person_table
from change_control.replay_counts import Groups, Replayed
from filter_lists.listing import NOT_SHOWN, Listing
from filter_lists.names import NameFault, Url, canonical_host, parse_url
from filter_policy.bearing import near, sites_by_host
from filter_policy.carried import carried
from filter_policy.judge import judge_url, stands_alone
from filter_policy.model import Person, Policy, Reason
from filter_policy.readings import readings
from filter_policy.stretches import stretches

MOST_PLACES = 200_000  # addresses remembered
MOST_ANSWERS = 1_000_000
CANDIDATES = 2000  # sites of which people are counted, each way and in each share


class Listed(Protocol):
    """One generation of the lists."""

    @property
    def generation(self) -> str: ...

    def lookup(self, url: Url) -> Iterable[Listing]: ...

    def has_parts(self, host: str) -> bool: ...


class Side(NamedTuple):
    policy: Policy  # without unblocks and openings: they are the same on both sides
    lists: Listed


class Span(NamedTuple):
    """Half-open, aware UTC; not empty."""

    starts_at: datetime
    ends_at: datetime


def quietly(_done: int, _of: int) -> None:
    """Nobody asks how far it is."""


class Place(NamedTuple):
    """What was kept of an address; places of one kind get the same answers."""

    url: Url
    kind: int
    site: str
    unsure: bool  # not all of it was kept, and the rest may bear on the answer


class Answer(NamedTuple):
    """Whether it is open: in force now, and as proposed. `hidden`: it is illegal; nobody is told where."""

    old: bool
    new: bool
    hidden: bool


class Judge:
    """Remembers its answers. `whose`: of the numbers in the log; `usernames`: of those told apart, by id."""

    def __init__(
        self,
        old: Side,
        new: Side,
        instants: tuple[datetime, ...],
        whose: Mapping[int, Whose],
        usernames: Mapping[str, str],
    ) -> None:
        self._old, self._new, self._instants = old, new, instants
        self._whose, self._usernames = whose, usernames
        self._groups: dict[Groups, int] = {}
        self._who = {number: self._number_of(one.filter_groups) for number, one in whose.items()}
        self._kinds: dict[object, int] = {}
        self._places: dict[str, Place | None] = {}
        self._answers: dict[tuple[int, int, str | None, int], Answer] = {}
        self._same_lists = old.lists.generation == new.lists.generation

    def place(self, kept: str | None) -> Place | None:
        """None where no name was kept."""
        if kept is None:
            return None
        if kept not in self._places:
            if len(self._places) >= MOST_PLACES or len(self._kinds) >= MOST_PLACES:
                self._places.clear()
                self._kinds.clear()
                self._answers.clear()
            self._places[kept] = self._meet(kept)
        return self._places[kept]

    def answer(self, place: Place, who: int, person: str | None, slot: int) -> Answer:
        told_apart = person if person in self._usernames else None
        key = (place.kind, self._who[who], told_apart, slot)
        if key not in self._answers:
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            somebody, at = self._person(who, told_apart), self._instants[slot]
            both = [
                judge_url(place.url, somebody, side.policy, side.lists.lookup, at) for side in self._sides
            ]
            old, new = (not each.is_block for each in both)
            self._answers[key] = Answer(old, new, any(each.reason is Reason.ILLEGAL for each in both))
        return self._answers[key]

    def knows(self, who: int) -> bool:
        """False: written for the first time while this goes on."""
        return who in self._who

    def groups(self, who: int) -> Groups:
        return tuple(sorted(self._whose[who].filter_groups))

    def _number_of(self, groups: Groups) -> int:
        return self._groups.setdefault(groups, len(self._groups))

    def _person(self, who: int, told_apart: str | None) -> Person:
        one = self._whose[who]
        username = self._usernames.get(told_apart, "") if told_apart else ""
        return Person(told_apart or "", username, None, one.filter_groups, one.classes)

    def _meet(self, kept: str) -> Place | None:
        url = url_kept(kept)
        if url is None:
            return None
        ways = readings(url)
        named = any(near(sites_by_host(side.policy), way.url) for side in self._sides for way in ways)
        named = named or any(stands_alone(url, side.policy) for side in self._sides)
        kind: object = kept if named else tuple((way.strict, *self._listed(way.url)) for way in ways)
        number = self._kinds.setdefault(kind, len(self._kinds))
        return Place(url, number, site_of(url.host), self._is_unsure(url))

    def _listed(self, url: Url) -> tuple[frozenset[tuple[str, bool]], ...]:
        old = _kinds(self._old.lists.lookup(url))
        return old, old if self._same_lists else _kinds(self._new.lists.lookup(url))

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self._old, self._new

    def _is_unsure(self, url: Url) -> bool:
        if not url.query and any(carried(url, side.policy).known for side in self._sides):
            return True
        if url.path != "/" or url.query:
            return False
        if any(side.lists.has_parts(url.host) for side in self._sides):
            return True
        rules = (rule for side in self._sides for rule in near(sites_by_host(side.policy), url))
        return any(rule.site.path != "/" for rule in rules)


def url_kept(kept: str) -> Url | None:
    """Of a request its address, cut or not; of a connection `host:port`."""
    try:
        return parse_url(kept)
    except NameFault:
        host, _, port = kept.rpartition(":")
    try:
        return Url("https", canonical_host(host), int(port)) if port.isdecimal() else None
    except NameFault:
        return None


def replayed(  # noqa: PLR0917  # between what, of when, which share, and who hears of it
    engine: Engine, old: Side, new: Side, span: Span, share: tuple[int, int] = ALL, tell: Tell = quietly
) -> Replayed:
    """`share`: which of how many; together they are all of it. `tell` hears how far it is."""
    cut = stretches(old.policy.timetable, new.policy.timetable, span.starts_at, span.ends_at)
    with reading(engine) as conn:
        names = _usernames(old.policy, new.policy)
        found = conn.execute(select(person_table.c.id, person_table.c.username)).all()
        usernames = {id_: username.lower() for id_, username in found if username.lower() in names}
        whose = replay.whose(conn)
    judge = Judge(old, new, cut.instants, whose, usernames)
    begins = tuple(Stretch(*each) for each in cut.begins)
    wanted = Wanted(begins, span.ends_at, people=tuple(sorted(usernames)))
    made = Replayed()
    hosts = _count(judge, replay.groups(engine, wanted, share, tell), made)
    if hosts:
        keys = tuple(sorted({host_key(host) or "" for host in hosts}))
        again = Wanted(begins, span.ends_at, everybody=True, host_keys=keys)
        _count_people(judge, replay.groups(engine, again, share, tell), made)
    return made


def _usernames(*policies: Policy) -> frozenset[str]:
    return frozenset(
        name for policy in policies for users in policy.selected_users.values() for name in users
    )


def _count(judge: Judge, found: Iterable[tuple[Group, int]], made: Replayed) -> set[str]:
    """The hosts of which any answer is another one."""
    hosts: set[str] = set()
    for (who, slot, person, kept, page, blocked, reason), rows in found:
        if reason is not None:
            made.leave_out(reason, rows)
            continue
        place = judge.place(kept) if judge.knows(who) else None
        if place is None:
            made.nameless += rows
            continue
        old, new, hidden = judge.answer(place, who, person, slot)
        made.requests += rows
        made.otherwise += rows if old == blocked else 0
        made.unsure += rows if place.unsure else 0
        if old is not new:
            hosts.add(place.url.host)
            turned = made.opens if new else made.shuts
            for told in turned.of(NOT_SHOWN if hidden else place.site, judge.groups(who)):
                told.add(rows, rows if page else 0)
    return hosts


def _count_people(judge: Judge, found: Iterable[tuple[Group, int]], made: Replayed) -> None:
    opens, shuts = (frozenset(turned.top(CANDIDATES)) for turned in (made.opens, made.shuts))
    for (who, slot, person, kept, *_), _rows in found:
        place = judge.place(kept) if person is not None and judge.knows(who) else None
        if place is None or person is None:
            continue
        old, new, hidden = judge.answer(place, who, person, slot)
        if old is new:
            continue
        turned = made.opens if new else made.shuts
        name = NOT_SHOWN if hidden else place.site
        total, site, groups = turned.of(name, judge.groups(who))
        total.people.add(person)
        groups.people.add(person)
        if name in (opens if new else shuts):
            site.people.add(person)


def _kinds(listings: Iterable[Listing]) -> frozenset[tuple[str, bool]]:
    return frozenset((each.category, each.is_sealed) for each in listings)
