"""Does a change open anything, for anybody, at any time? Worked out by asking `decide` before and after.

Nobody is asked what he thinks he changed, and no words are compared: whatever a policy says, what counts is
what it answers. Only a change of which no cell is more open, and which hides nothing that decisions do not
show (`unseen.py`), is a tightening. In doubt it opens.

Each cell is asked in up to four ways: as it stands; where a member of staff has opened it; where a lesson's
unblock is in force; and where both are. So a kind that is locked no more is more open, though nobody sees it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from filter_lists.names import Site, Url
from filter_policy.cells import (
    CLASS,
    Instants,
    Said,
    Side,
    What,
    When,
    Who,
    covering,
    groups_said,
    kinds_of_site,
    places,
    said_of,
    sites_said,
    whens,
    whos,
)
from filter_policy.decide import decide
from filter_policy.model import Decision, Opening, Person, Policy, Request, SiteRule, Unblock
from filter_policy.unseen import unseen

MOST_EXAMPLES = 12
MOST_OF_ONE = 3  # examples for one person
MOST_ASKED = 200_000  # questions; what cannot be compared with so many is said to open
MOST_TIMES = 50_000  # stretches of terms, times periods, times periods
MOST_PLACES = 1_000_000  # sets of groups, times sites
MOST_USUAL_KINDS = 400
LONG_AGO, FAR_OFF = datetime(1990, 1, 1, tzinfo=UTC), datetime(2400, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Example:
    """One cell that is answered in another way, in words; `rules` are those that decided."""

    who: str
    what: str
    when: str
    how: str
    before: str
    after: str
    rules: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a change does. `hides`: what no decision shows and nobody could prove to shut."""

    more_open: int = 0
    less_open: int = 0
    cells: int = 0
    asked: int = 0
    is_whole: bool = True  # False: there was too much to ask, so it counts as opening
    hides: tuple[str, ...] = ()
    opens: tuple[Example, ...] = ()
    shuts: tuple[Example, ...] = ()

    @property
    def loosening(self) -> bool:
        return bool(self.more_open or self.hides or not self.is_whole)


class Mode(NamedTuple):
    """In which way everything is asked. `like`: that which comes to the same where staff can open nothing."""

    name: str
    before: Policy
    after: Policy
    like: str = ""


class Place(NamedTuple):
    """An address that stands for all which the same rules for sites cover."""

    url: Url
    says: str
    stands_for: int
    before: tuple[SiteRule, ...]
    after: tuple[SiteRule, ...]


@dataclass(frozen=True, slots=True)
class World:
    """All that is asked about, whoever asks."""

    old: Policy
    new: Policy
    hosts: tuple[str, ...]  # of all places
    places: tuple["Place", ...]
    kinds: tuple[tuple[str, ...], ...]
    instants: Instants

    @classmethod
    def of(cls, old: Policy, new: Policy, category_sets: Iterable[Iterable[str]]) -> "World":
        kinds = kinds_of_site(old, new, category_sets)
        hosts = tuple(dict.fromkeys(url.host for url, _ in places(old, new)))
        instants = Instants(whens(old.timetable, new.timetable))
        return cls(old, new, hosts, _covered(old, new), kinds, instants)

    @property
    def cells(self) -> int:
        """For one person, in one way."""
        return sum(each.stands_for for each in self.places) * len(self.kinds) * len(self.instants.all)


class Cell(NamedTuple):
    who: Who
    what: What
    when: When
    mode: Mode


@dataclass(slots=True)
class Tally:
    more: int = 0
    less: int = 0
    asked: int = 0
    opens: list[Example] = field(default_factory=list)
    shuts: list[Example] = field(default_factory=list)
    told: Counter[tuple[str, bool]] = field(default_factory=Counter)
    seen: set[tuple[str, str, bool]] = field(default_factory=set)

    @property
    def is_full(self) -> bool:
        return self.asked >= MOST_ASKED


def compare(
    old: Policy, new: Policy, people: Iterable[Person], category_sets: Iterable[Iterable[str]]
) -> Comparison:
    """From the policy in force to another: `people` of the register, kinds that sites are of together."""
    known, hides = list(people), unseen(old, new)
    if _is_too_large(old, new, known):
        return Comparison(is_whole=False, hides=hides)
    world = World.of(old, new, category_sets)
    modes = ways(world)
    tally = Tally()
    everybody = whos(old, new, known)
    for who in everybody:
        weigh(world, who, modes, tally)
    return _comparison(world.cells * len(modes) * len(everybody), tally, hides)


def _is_too_large(old: Policy, new: Policy, people: Sequence[Person]) -> bool:
    """No school's; but one person could keep the server busy with it."""
    terms = sum(len(each.timetable.terms) + 1 for each in (old, new))
    periods = sum(len(each.timetable.periods) for each in (old, new))
    groups = {(each.role, each.filter_groups) for each in people} | {*old.filter_groups, *new.filter_groups}
    users = {name for each in (old, new) for named in each.selected_users.values() for name in named}
    sites = sum(len(each.sites) for each in (old, new))
    everybody = len(groups) * (len(users - {each.username for each in people}) + 1)
    return terms * periods**2 > MOST_TIMES or everybody * (sites + MOST_USUAL_KINDS) > MOST_PLACES


def compare_people(
    policy: Policy, pairs: Iterable[Who], category_sets: Iterable[Iterable[str]]
) -> Comparison:
    """Of people who change, under one policy: the same person before and after. Classes and groups count, in
    whose name unblocks and openings are made; what time does to an account is not looked at here.
    """
    world = World.of(policy, policy, category_sets)
    tally, cells = Tally(), 0
    for who in dict.fromkeys(pairs):
        modes = ways_of_classes(world, who)
        cells += world.cells * len(modes)
        weigh(world, who, modes, tally)
    return _comparison(cells, tally, ())


def _comparison(cells: int, tally: Tally, hides: tuple[str, ...]) -> Comparison:
    return Comparison(
        more_open=tally.more,
        less_open=tally.less,
        cells=cells,
        asked=tally.asked,
        is_whole=not tally.is_full,
        hides=hides,
        opens=tuple(tally.opens),
        shuts=tuple(tally.shuts),
    )


# --- in which ways


def ways(world: World) -> tuple[Mode, ...]:
    opening = _opening(CLASS)
    unblocks = _unblocks(world, people={"somebody"})
    return (
        _mode(world, "", ()),
        _mode(world, "opened by staff", (opening,), like=""),
        _mode(world, "with an unblock", (), unblocks),
        _mode(world, "opened by staff, with an unblock", (opening,), unblocks, like="with an unblock"),
    )


def ways_of_classes(world: World, who: Who) -> tuple[Mode, ...]:
    classes = sorted({*who.before.classes, *who.after.classes})
    groups = sorted({*who.before.filter_groups, *who.after.filter_groups})
    found = [_mode(world, "", ())]
    for name in classes:
        told = _unblocks(world, classes={name})
        found.append(_mode(world, f"opened by staff for {name}", (_opening(name),), like=""))
        found.append(_mode(world, f"with an unblock for {name}", (), told))
    for name in groups:
        told = _unblocks(world, filter_groups={name})
        found.append(_mode(world, f"with an unblock for {name}", (), told))
    return tuple(found)


def _mode(
    world: World,
    name: str,
    openings: tuple[Opening, ...],
    unblocks: tuple[Unblock, ...] = (),
    like: str | None = None,
) -> Mode:
    before = replace(world.old, openings=openings, unblocks=unblocks)
    after = before if world.new is world.old else replace(world.new, openings=openings, unblocks=unblocks)
    return Mode(name, before, after, name if like is None else like)


def _opening(class_: str) -> Opening:
    return Opening("opened", "", frozenset({class_}), LONG_AGO, FAR_OFF)


def _unblocks(
    world: World,
    people: Iterable[str] = (),
    classes: Iterable[str] = (),
    filter_groups: Iterable[str] = (),
) -> tuple[Unblock, ...]:
    """One for each host, and so for every place."""
    whom = frozenset(classes), frozenset(filter_groups), frozenset(people)
    return tuple(Unblock("unblock", (Site(host),), LONG_AGO, FAR_OFF, *whom) for host in world.hosts)


# --- asking


type _Kinds = frozenset[tuple[Said, Said]]
type _Sites = tuple[tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]]


def weigh(world: World, who: Who, modes: Sequence[Mode], tally: Tally) -> None:
    """All cells of one person; those that come to the same are asked once, and count as many as they are."""
    sides = Side(world.old, who.before), Side(world.new, who.after)
    groups = groups_said(sides[0]), groups_said(sides[1])
    kinds = list(_kinds(world, sides).items())
    for place, (url, place_says, place_count) in _places(world, sides).items():
        for kind, (categories, count) in kinds:
            what = What(url, categories, place_says)
            said = [*kind, groups]
            periods = [frozenset().union(*(pair[i].periods for pair in said)) for i in (0, 1)]
            is_same = place[0] == place[1] and all(before == after for before, after in said)
            has_staff = any(each.staff for pair in said for each in pair)
            same_person = who.before is who.after
            for mode, mode_count in _modes(modes, has_staff):
                times = place_count * count * mode_count
                for when, when_count in world.instants.differing(periods[0], periods[1]):
                    if is_same and same_person and when.before == when.after:
                        continue
                    if tally.is_full:
                        return
                    _ask(Cell(who, what, when, mode), tally, times * when_count)


def _modes(modes: Sequence[Mode], has_staff: bool) -> Iterator[tuple[Mode, int]]:
    for mode in modes:
        if has_staff:
            yield mode, 1
        elif mode.like == mode.name:
            yield mode, sum(other.like == mode.name for other in modes)


def _kinds(world: World, sides: tuple[Side, Side]) -> dict[_Kinds, tuple[tuple[str, ...], int]]:
    """Sets of kinds of which the same is said, by the first of them, with how many they are."""
    names = {name for each in world.kinds for name in each}
    said = {name: (said_of(sides[0], name), said_of(sides[1], name)) for name in names}
    found: dict[_Kinds, tuple[tuple[str, ...], int]] = {}
    for each in world.kinds:
        key = frozenset(said[name] for name in each)
        first, count = found.get(key, (each, 0))
        found[key] = first, count + 1
    return found


def _covered(old: Policy, new: Policy) -> tuple[Place, ...]:
    found: dict[tuple[tuple[SiteRule, ...], tuple[SiteRule, ...]], Place] = {}
    for url, says in places(old, new):
        key = covering(old, url), covering(new, url)
        place = found.get(key) or Place(url, says, 0, *key)
        found[key] = place._replace(stands_for=place.stands_for + 1)
    return tuple(found.values())


def _places(world: World, sides: tuple[Side, Side]) -> dict[_Sites, tuple[Url, str, int]]:
    found: dict[_Sites, tuple[Url, str, int]] = {}
    for place in world.places:
        key = sites_said(sides[0], place.before), sites_said(sides[1], place.after)
        first, says, count = found.get(key, (place.url, place.says, 0))
        found[key] = first, says, count + place.stands_for
    return found


def _ask(cell: Cell, tally: Tally, times: int) -> None:
    who, what, when, mode = cell
    before = decide(Request(who.before, what.url, what.listings), mode.before, when.at)
    after = decide(Request(who.after, what.url, what.listings), mode.after, when.at)
    tally.asked += 2
    if before.is_block == after.is_block:
        return
    opens = before.is_block
    if opens:
        tally.more += times
    else:
        tally.less += times
    key = (who.says, what.says, opens)
    if key in tally.seen or tally.told[who.says, opens] >= MOST_OF_ONE:
        return
    examples = tally.opens if opens else tally.shuts
    if len(examples) < MOST_EXAMPLES:
        tally.seen.add(key)
        tally.told[who.says, opens] += 1
        examples.append(_example(cell, before, after))


def _example(cell: Cell, before: Decision, after: Decision) -> Example:
    return Example(
        who=cell.who.says,
        what=cell.what.says,
        when=cell.when.says,
        how=cell.mode.name,
        before=f"{before.verdict} ({before.reason})",
        after=f"{after.verdict} ({after.reason})",
        rules=(before.rule, after.rule),
    )
