"""How many people could it be? Behind at most three, everybody in a school knows who it was (invariant 9).

A filter behind which so few stand is a reading by name; a word in a row that leaves so few is not shown.
Nor may what is not shown tell: rows of all of a class are shown in the same way, so that nobody stands out
by a gap.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from sqlalchemy import Connection, select

from audit_log.filtering_log import LogRow
from audit_log.tables import proposal, who_set
from filter_policy.model import Person, Reason, Role

FEW = 3
# Many people have these; of the others a school may have only one.
SHARED_BY_MANY = frozenset({Role.PUPIL, Role.STAFF, Role.GUEST, Role.COMMUNITY})
# These speak of the person, not of the site. A row without a name says so much and no more.
PERSONAL = frozenset(
    (Reason.SUSPENDED, Reason.ENDED, Reason.NOT_YET_ALLOWED, Reason.PASSWORD_MUST_CHANGE, Reason.NOT_SELECTED)
)
# These are of a case, which few may know of (S15). A row without a name says so, and not of which case.
OF_A_CASE = frozenset((Reason.INVESTIGATION, Reason.ISOLATED))
OF_FEW = PERSONAL | OF_A_CASE
ABOUT_THE_PERSON = "about-the-person"
# As roles are left out: "" is that of a row that nobody signed in for.
NO_PUPILS = frozenset({*Role, ""} - {Role.PUPIL})


@dataclass(frozen=True, slots=True)
class Whom:
    """For whom an unblock was asked."""

    classes: frozenset[str]
    filter_groups: frozenset[str]
    people: frozenset[str]

    def covers(self, person: Person) -> bool:
        groups, classes = person.filter_groups, person.classes
        return (
            person.id in self.people
            or not self.classes.isdisjoint(classes)
            or not self.filter_groups.isdisjoint(groups)
        )


def whom(conn: Connection, unblock_ids: Iterable[str]) -> dict[str, Whom]:
    wanted = sorted(set(unblock_ids))
    rows = conn.execute(
        select(proposal.c.id, proposal.c.payload).where(
            proposal.c.id.in_(wanted), proposal.c.kind == "unblock"
        )
    )
    return {row.id: _whom(row.payload) for row in rows}


def _whom(payload: Mapping[str, Sequence[str]]) -> Whom:
    classes, groups, people = (
        frozenset(payload.get(key, ())) for key in ("classes", "filter_groups", "people")
    )
    return Whom(classes, groups, people)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Those of the filters that say about whom: everything else says about what."""

    group: str | None = None
    class_name: str | None = None
    unblock_id: str | None = None
    whom: Whom | None = None  # of that unblock; None: there is none
    personal: bool = False  # by a reason that speaks of the person: only the log knows of whom

    @property
    def whose(self) -> bool:
        """Whether the register tells whom it is about."""
        return bool(self.group or self.class_name or self.unblock_id)

    def fits(self, person: Person) -> bool:
        return (
            (not self.group or self.group in person.filter_groups)
            and (not self.class_name or self.class_name in person.classes)
            and (not self.unblock_id or (self.whom is not None and self.whom.covers(person)))
        )

    def __str__(self) -> str:
        said = (
            ("class {}", self.class_name),
            ("the group {}", self.group),
            ("the people of request {}", self.unblock_id),
        )
        return ", ".join(words.format(name) for words, name in said if name)


def shared_role(role: str | None) -> str | None:
    """The role as a row without a name tells it."""
    return role if role is None or role in SHARED_BY_MANY else Role.STAFF.value


@dataclass(frozen=True, slots=True)
class Recorded:
    """With what roles, groups and classes there ever was a row."""

    role: str
    filter_groups: frozenset[str]
    classes: frozenset[str]


def recorded(conn: Connection) -> frozenset[Recorded]:
    found = conn.execute(select(who_set.c.role, who_set.c.filter_groups, who_set.c.classes))
    return frozenset(Recorded(role, frozenset(groups), frozenset(classes)) for role, groups, classes in found)


@dataclass(frozen=True, slots=True)
class Alike:
    """What all people share whom a row could be about; `wholly`: they have no other groups."""

    filter_groups: frozenset[str] = frozenset()
    wholly: bool = False


@dataclass(slots=True)
class Veil:
    """Takes from a row without a name what would leave only a few whom it could be about.

    What it takes does not depend on the groups that the row has: so a row shows as those of all others do
    who have its role and classes.
    """

    people: Sequence[Person]
    narrowing: Narrowing
    whom: Mapping[str, Whom]
    recorded: Collection[Recorded] = ()
    _hidden: dict[object, tuple[bool, Alike, bool]] = field(default_factory=dict)

    @property
    def left_out(self) -> frozenset[str]:
        """The roles that only a few of the people have whom the filters fit: the one teacher of a class."""
        if not self.narrowing.whose:
            return frozenset()
        fit = [shared_role(each.role) for each in _with(self.people, self.narrowing.fits)]
        few = frozenset(role for role in Role if fit.count(shared_role(role)) <= FEW)
        return few | NO_PUPILS if self.narrowing.class_name else few

    def know(self, found: Collection[Recorded]) -> None:
        self.recorded = found
        self._hidden.clear()

    def over(self, row: LogRow) -> LogRow:
        if row.role is None:  # nobody signed in
            return row
        role = shared_role(row.role)
        key = (role, frozenset(row.classes), row.unblock_id)
        if key not in self._hidden:
            self._hidden[key] = self._hides(row)
        classes, alike, unblock = self._hidden[key]
        personal = row.reason in PERSONAL
        telling = (row.rule or "").startswith("access.") and not alike.wholly
        return replace(
            row,
            role=role,
            classes=() if classes else tuple(sorted(row.classes)),
            filter_groups=tuple(sorted(alike.filter_groups.intersection(row.filter_groups))),
            unblock_id=None if unblock else row.unblock_id,
            rule=None if unblock or telling or row.reason in OF_FEW else row.rule,
            reason=ABOUT_THE_PERSON if personal else row.reason,
        )

    def _hides(self, row: LogRow) -> tuple[bool, Alike, bool]:
        """Whether its classes are hidden, which groups are shown, and whether its unblock is hidden."""
        pupil = row.role == Role.PUPIL
        role = shared_role(row.role)
        peers = _with(self.people, lambda each: shared_role(each.role) == role)
        left, classes = _with(peers, self.narrowing.fits), True
        if pupil and not self.narrowing.personal:
            in_class = _with(peers, lambda each: set(row.classes) <= set(each.classes))
            classmates = _with(in_class, self.narrowing.fits)
            classes = len(classmates) <= FEW and len(classmates) < len(in_class)
            peers, left = (peers, left) if classes else (in_class, classmates)
        alike = self._alike(role, frozenset() if classes else frozenset(row.classes), peers)
        return classes, alike, self._hides_unblock(row, left, pupil=pupil)

    def _alike(self, role: str | None, classes: frozenset[str], peers: Sequence[Person]) -> Alike:
        """Of the register and of all that was ever recorded, so that each of their rows has them."""
        if not peers or (role != Role.PUPIL and len(peers) <= FEW):
            return Alike()
        sets = {frozenset(each.filter_groups) for each in peers} | {
            each.filter_groups
            for each in self.recorded
            if each.role and shared_role(each.role) == role and classes <= each.classes
        }
        return Alike(reduce(frozenset.intersection, sets), wholly=len(sets) == 1)

    def _hides_unblock(self, row: LogRow, left: Sequence[Person], *, pupil: bool) -> bool:
        if row.unblock_id is None:
            return False
        for_whom = self.whom.get(row.unblock_id)
        if for_whom is None or for_whom.people:
            return True
        return _tells(left, _with(left, for_whom.covers), pupil=pupil)


def _with(people: Iterable[Person], fits: Callable[[Person], bool]) -> list[Person]:
    return [each for each in people if fits(each)]


def _tells(before: Sequence[Person], after: Sequence[Person], *, pupil: bool) -> bool:
    """Whether a word leaves few. What all of a small class share tells no more than the class."""
    return len(after) <= FEW and not (pupil and before and len(after) == len(before))
