"""How many people could it be? Behind at most three, everybody in a school knows who it was (invariant 9).

A filter behind which so few stand is a reading by name; a word in a row that leaves so few is not shown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, select

from audit_log.filtering_log import LogRow
from audit_log.tables import proposal
from filter_policy.model import Person, Role

FEW = 3
# Many people have these; of the others a school may have only one.
SHARED_BY_MANY = frozenset({Role.PUPIL, Role.STAFF, Role.GUEST, Role.COMMUNITY})


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

    def __bool__(self) -> bool:
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


@dataclass(slots=True)
class Veil:
    """Takes from a row without a name what would leave only a few whom it could be about."""

    people: Sequence[Person]
    narrowing: Narrowing
    whom: Mapping[str, Whom]
    _hidden: dict[object, tuple[bool, bool, bool]] = field(default_factory=dict)
    _left_out: dict[str, bool] = field(default_factory=dict)

    def leaves_out(self, row: LogRow) -> bool:
        """A row of one of the few of that role whom the filters fit: of the one teacher of a class, say."""
        role = shared_role(row.role)
        if role is None or not self.narrowing:
            return False
        if role not in self._left_out:
            peers = _with(self.people, lambda each: shared_role(each.role) == role)
            self._left_out[role] = len(_with(peers, self.narrowing.fits)) <= FEW
        return self._left_out[role]

    def over(self, row: LogRow) -> LogRow:
        if row.role is None:  # nobody signed in
            return row
        key = (row.role, row.classes, row.filter_groups, row.unblock_id)
        if key not in self._hidden:
            self._hidden[key] = self._hides(row)
        role, (classes, groups, unblock) = shared_role(row.role), self._hidden[key]
        if not (classes or groups or unblock) and role == row.role:
            return row
        named = groups and any(name in (row.rule or "") for name in row.filter_groups)
        return replace(
            row,
            role=role,
            classes=() if classes else row.classes,
            filter_groups=() if groups else row.filter_groups,
            unblock_id=None if unblock else row.unblock_id,
            rule=None if unblock or named else row.rule,
        )

    def _hides(self, row: LogRow) -> tuple[bool, bool, bool]:
        """Whether its classes, its groups and its unblock are hidden."""
        pupil = row.role == Role.PUPIL
        role = shared_role(row.role)
        peers = _with(self.people, lambda each: shared_role(each.role) == role)
        left, classes = _with(peers, self.narrowing.fits), True
        if pupil:
            in_class = _with(peers, lambda each: set(row.classes) <= set(each.classes))
            classmates = _with(in_class, self.narrowing.fits)
            classes = len(classmates) <= FEW and len(classmates) < len(in_class)
            left = left if classes else classmates
        within = _with(left, lambda each: set(row.filter_groups) <= set(each.filter_groups))
        groups = _tells(left, within, pupil=pupil)
        return classes, groups, self._hides_unblock(row, left if groups else within, pupil=pupil)

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
