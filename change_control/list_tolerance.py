"""How far an update of the lists may go by itself: what loosens, and how much of it two people agreed to.

Pure: it is given the policy, lists.yaml as agreed and what would change, and says where that goes further. An
update loosens by taking sites from a kind that is not open to everybody, since what is on no list may be;
and by putting sites into a kind that is more open for somebody than what is on no list. Within `loses` it is
the agreement at work, past it two people are asked; past `gains`, or where a kind shrinks that is open to
everybody, one is. Many small steps are no way round: they are added up since two people last agreed, less
what the list has made good (docs/adr/0014).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from filter_lists.diffing import Change, Place
from filter_lists.lists_model import Trust
from filter_policy.model import Access, CategoryAccess, FilterGroup, Policy, Rule

NOTHING = Trust(loses=Fraction(0), gains=Fraction(0))  # for a list that nobody agreed on
ALL = Fraction(1)  # whoever lets a list lose all of it at once does not mind how often
ADDED_UP = Fraction(10, 100)  # of what there was when two people agreed; or `loses`, where that is more
NOT_ALLOWED = Rule(Access.NOT_ALLOWED)


class Why(StrEnum):
    """What goes further than was agreed. Those in LOOSENING need two people, the others one."""

    VANISHED = "vanished"
    LOSES = "loses"
    ADDS_UP = "adds-up"
    EXPRESSIONS = "expressions"
    SHRINKS = "shrinks"
    GAINS = "gains"
    ROLLED_BACK = "rolled-back"


LOOSENING = frozenset({Why.VANISHED, Why.LOSES, Why.ADDS_UP, Why.EXPRESSIONS})
SAYS = {
    Why.VANISHED: "nothing is left of {before} entries",
    Why.LOSES: "{count} sites would be less shut than now, of {before} entries",
    Why.ADDS_UP: "{count} in all since two people last agreed, when there were {before} entries",
    Why.EXPRESSIONS: "{count} of {before} expressions, each of which stands for any number of sites",
    Why.SHRINKS: "{count} of {before} entries would go",
    Why.GAINS: "{count} would be added to {before} entries",
    Why.ROLLED_BACK: "this version of the list was rolled back",
}


@dataclass(frozen=True, slots=True)
class Overstep:
    """One list and category that would go further than was agreed. Counts alone, never an entry."""

    list_id: str
    category: str  # empty: all of the list
    why: Why
    count: int = 0
    before: int = 0

    @property
    def loosens(self) -> bool:
        return self.why in LOOSENING

    def __str__(self) -> str:
        where = f"{self.list_id}, {self.category}" if self.category else self.list_id
        return f"{where}: {SAYS[self.why].format(count=self.count, before=self.before)}"


@dataclass(frozen=True, slots=True)
class Since:
    """What updates did to one list and category since two people last agreed on the lists."""

    at_agreement: int  # entries at that time
    opened: int = 0
    shut: int = 0

    def and_then(self, change: Change) -> "Since":
        return Since(self.at_agreement, self.opened + opened_by(change), self.shut + shut_by(change))


@dataclass(frozen=True, slots=True)
class Expressed:
    """Of the expressions alone, which are few and far-reaching: they are measured among themselves."""

    before: int = 0
    opened: int = 0
    shut: int = 0


def opened_by(change: Change) -> int:
    """At least what it shrank by: of a sealed list nobody can tell which entries went."""
    return max(change.opened, change.before - change.after)


def shut_by(change: Change) -> int:
    return max(change.shut, change.after - change.before)


def oversteps(
    policy: Policy,
    trusts: Mapping[str, Trust],
    changes: Iterable[Change],
    expressions: Mapping[Place, Expressed],
    since: Mapping[Place, Since],
) -> tuple[Overstep, ...]:
    """Nothing: all of it is what two people agreed on."""
    found: list[Overstep] = []
    for change in changes:
        trust = trusts.get(change.list_id, NOTHING)
        place = (change.list_id, change.category)
        found += _of_change(policy, trust, change, since.get(place, Since(change.before)))
        found += _of_expressions(policy, trust, place, expressions.get(place, Expressed()))
    return tuple(found)


def _of_change(policy: Policy, trust: Trust, change: Change, since: Since) -> Iterator[Overstep]:
    where, before = (change.list_id, change.category), change.before
    opens = opening(policy, change.category, opened_by(change), shut_by(change))
    then = since.and_then(change)
    in_all = net_opening(policy, change.category, then)
    is_more = in_all > net_opening(policy, change.category, since)
    if before and not change.after:
        yield Overstep(*where, Why.VANISHED, before, before)
    elif opens > trust.loses * before:
        yield Overstep(*where, Why.LOSES, opens, before)
    elif is_more and _adds_up(trust, in_all, since.at_agreement):
        yield Overstep(*where, Why.ADDS_UP, in_all, since.at_agreement)
    elif opened_by(change) > trust.loses * before:
        yield Overstep(*where, Why.SHRINKS, opened_by(change), before)
    if shut_by(change) > trust.gains * before:
        yield Overstep(*where, Why.GAINS, shut_by(change), before)


def _adds_up(trust: Trust, in_all: int, at_agreement: int) -> bool:
    """Where two people agreed on nothing, its going again takes nothing from what they agreed on."""
    if trust.loses >= ALL or not at_agreement:
        return False
    return in_all > max(trust.loses, ADDED_UP) * at_agreement


def _of_expressions(policy: Policy, trust: Trust, where: Place, found: Expressed) -> Iterator[Overstep]:
    opens = opening(policy, where[1], found.opened, found.shut)
    if opens > trust.loses * found.before:
        yield Overstep(*where, Why.EXPRESSIONS, opens, found.before)
    elif found.shut > trust.gains * found.before:
        yield Overstep(*where, Why.GAINS, found.shut, found.before)


def opening(policy: Policy, category: str, opened: int, shut: int) -> int:
    """How many sites may be less shut for somebody, when so many leave a kind and so many come to it."""
    by_going = opened if is_shut_to_somebody(policy, category) else 0
    return by_going + (shut if opens_to_somebody(policy, category) else 0)


def net_opening(policy: Policy, category: str, since: Since) -> int:
    """The same of all updates together: a list that exchanges its entries opens nothing in the long run."""
    net = since.opened - since.shut
    return opening(policy, category, max(0, net), max(0, -net))


def is_shut_to_somebody(policy: Policy, category: str) -> bool:
    """Then a site that is taken from this kind may open: to him, at some time."""
    row = policy.access.get(category)
    if row is None or row.locked or row.illegal:
        return True
    groups = policy.filter_groups.values()
    return any(_rule(row, group).access is not Access.ALLOWED for group in groups)


def opens_to_somebody(policy: Policy, category: str) -> bool:
    """Then a site that was on no list may open when it is put into this kind."""
    row = policy.access.get(category)
    if row is None or row.illegal:
        return False
    return any(_is_more_open(_rule(row, group), group.unlisted) for group in policy.filter_groups.values())


def _rule(row: CategoryAccess, group: FilterGroup) -> Rule:
    """As `decide` takes it: a narrower name before a wider one."""
    for name in (group.name, group.kind, "everyone"):
        if name is not None and name in row.rules:
            return row.rules[name]
    return NOT_ALLOWED


def _is_more_open(rule: Rule, than: Rule) -> bool:
    """At some time, for somebody; when in doubt it is."""
    if than.access is Access.ALLOWED or rule.access in (Access.NOT_ALLOWED, Access.ILLEGAL):
        return False
    return rule.access is not than.access or not set(rule.names) <= set(than.names)
