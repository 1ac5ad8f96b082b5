"""Rows of the filtering log as one reader may see them, by name or nameless.

Nameless means that nobody can be told from the row: no person, no address, no class of a teacher, no role
that only one adult has, and nothing that was searched for, since people search for themselves and for each
other. Governors see no path either (invariant 9).

However they are read, rows that an open case of what may be illegal holds have no address (S169, S172).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from audit_api.answers import LogPersonOut, LogRowOut
from audit_api.few import Narrowing, Recorded, Veil, Whom, recorded, whom
from audit_api.names import Names, a_pupil, a_role
from audit_api.times import iso
from audit_log.filtering_log import LogRow, without_people
from audit_log.illegal_rows import illegal_rows
from audit_log.people import Registered, people_by_ids
from change_control.incident_kinds import ADULTS
from filter_lists.names import NameFault, parse_url
from filter_lists.search_terms import search_terms
from filter_policy.model import Person, Policy, Role

NOBODY = "nobody signed in"
NOBODY_KNOWN = "nobody known"


@dataclass(slots=True)
class Nameless:
    """How the rows of one reading are shown, however many pages it has."""

    illegal: frozenset[str]
    people: Sequence[Person]  # on the register
    narrowing: Narrowing
    approving: bool  # else no path
    _whom: dict[str, Whom] = field(default_factory=dict)
    _veil: Veil = field(init=False)

    def __post_init__(self) -> None:
        self._veil = Veil(self.people, self.narrowing, self._whom)

    @property
    def left_out(self) -> frozenset[str]:
        """The roles whose rows only one of a few can have made: they are not searched for."""
        return self._veil.left_out

    def shown(self, conn: Connection, rows: Sequence[LogRow]) -> Iterator[LogRowOut]:
        """Of a search without the roles of `left_out`."""
        new = {row.unblock_id for row in rows if row.unblock_id} - self._whom.keys()
        self._whom |= whom(conn, new)
        if not self._veil.recorded or any(_recorded(row) not in self._veil.recorded for row in rows):
            self._veil.know(recorded(conn))
        held = illegal_rows(conn)
        for row in map(held.over, rows):
            bare = _without_terms(row) if self.approving else without_people(_without_terms(row))
            yield _nameless(self._veil.over(bare), self.illegal)


@dataclass(frozen=True, slots=True)
class Named:
    """With the name of whoever it was, and of whoever was recorded where that was somebody else."""

    illegal: frozenset[str]
    veiled: bool = False  # the staff are not named to this reader (S190)
    whose: str | None = None  # but this one may be

    def shown(self, conn: Connection, rows: Sequence[LogRow]) -> Iterator[LogRowOut]:
        ids = {row.person_id for row in rows} | {row.recorded_as for row in rows}
        known = people_by_ids(conn, (each for each in ids if each))
        names = Names(known, pupils=True)
        hidden = {id_ for id_, each in known.items() if self._hides(each)}
        held = illegal_rows(conn)
        for row in map(held.over, rows):
            if row.person_id in hidden:  # corrected to one of them since: their rows were left out
                yield _view(_less(row), Who(a_role(Role.STAFF)), self.illegal)
                continue
            person, recorded = (_somebody(each, known, names) for each in (row.person_id, row.recorded_as))
            who = person.name if person else NOBODY
            if recorded:
                was = a_role(Role.STAFF) if row.recorded_as in hidden else recorded.name
                who = f"recorded as {was}, corrected: {person.name if person else NOBODY_KNOWN}"
                recorded = None if row.recorded_as in hidden else recorded
            named = Who(who, person, recorded, row.client_address)
            yield _view(row, named, self.illegal)

    def _hides(self, person: Registered) -> bool:
        return self.veiled and person.role in ADULTS and person.id != self.whose


@dataclass(frozen=True, slots=True)
class Who:
    """`words` alone is all that a row without a name has."""

    words: str
    person: LogPersonOut | None = None
    recorded_as: LogPersonOut | None = None
    client_address: str | None = None


def _somebody(person_id: str | None, known: Mapping[str, Registered], names: Names) -> LogPersonOut | None:
    if person_id is None:
        return None
    found = known.get(person_id)
    return LogPersonOut(id=person_id, username=found.username if found else None, name=names.name(person_id))


def _less(row: LogRow) -> LogRow:
    """Of a member of staff, to somebody who does not read them by name."""
    told = without_people(_without_terms(row))
    return replace(told, role=Role.STAFF, classes=(), filter_groups=())


def _recorded(row: LogRow) -> Recorded:
    return Recorded(row.role or "", frozenset(row.filter_groups), frozenset(row.classes))


def illegal_in(policy: Policy) -> frozenset[str]:
    """The categories whose entries are read out to nobody."""
    return frozenset(name for name, row in policy.access.items() if row.illegal)


def _without_terms(row: LogRow) -> LogRow:
    """What was searched for stands in the address too: in its query, or, with some engines, in its path."""
    url = _bare(row.url, searched=row.search_terms is not None)
    return row if url == row.url and row.search_terms is None else replace(row, search_terms=None, url=url)


def _bare(url: str | None, *, searched: bool) -> str | None:
    if url is None or "://" not in url:  # not kept, or sealed
        return url
    scheme, _, rest = url.partition("://")
    if searched or _is_search(url):
        return f"{scheme}://{rest.partition('/')[0].partition('?')[0].partition('#')[0]}/"
    return url.partition("#")[0].partition("?")[0]


def _is_search(url: str) -> bool:
    """Whether there are words in it that the policy does not keep in a field of their own."""
    try:
        return search_terms(parse_url(url)) is not None
    except NameFault:
        return False


def _nameless(row: LogRow, illegal: frozenset[str]) -> LogRowOut:
    if row.role == Role.PUPIL:
        return _view(row, Who(a_pupil(row.classes)), illegal)
    return _view(row, Who(NOBODY if row.role is None else a_role(row.role)), illegal)


def _view(row: LogRow, who: Who, illegal: frozenset[str]) -> LogRowOut:
    return LogRowOut(
        id=row.event_id,
        reference=row.reference,
        at=iso(row.at),
        kind=row.kind,
        page=row.page,
        who=who.words,
        person=who.person,
        recorded_as=who.recorded_as,
        role=row.role,
        groups=list(row.filter_groups),
        classes=list(row.classes),
        client_address=who.client_address,
        method=row.method,
        url=row.url,
        host=row.host,
        search_terms=row.search_terms,
        category=row.category,
        list=row.list_id,
        entry=None if row.category in illegal else row.entry,
        verdict=row.verdict,
        reason=row.reason,
        rule=row.rule,
        unblock_id=row.unblock_id,
        policy_revision=row.policy_revision,
        status=row.status,
        bytes_up=row.bytes_up,
        bytes_down=row.bytes_down,
        duration_ms=row.duration_ms,
        outcome=row.outcome,
    )
