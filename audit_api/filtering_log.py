"""The filtering log as a reader may see it: nameless unless names are asked for, with a purpose that is kept.

Filters behind which a few people stand are a reading by name as well, and so is looking for words in what was
searched for: rows without a name would not show them, and who looks for a word wants to know whose it was.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from audit_api.answers import LogRowOut
from audit_api.few import FEW, OF_FEW, Narrowing, whom
from audit_api.log_rows import Named, Nameless, illegal_in
from audit_api.log_wanted import Sought, Wanted, filter_of, in_words
from audit_api.looked_at import About, abouts, few_of, people_found, people_of, roles_behind
from audit_api.names import a_role
from audit_api.problems import Problem
from audit_api.rights import APPROVING
from audit_api.rows import NO_CURSOR, read_instant
from audit_api.staff_rows import ADULT_ROLES, reads_staff, require_readable, staff_among
from audit_api.times import iso
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.filtering_log import Filter, Page, last_seal, search
from audit_log.people import person_by_id, person_by_username
from change_control.looks import Reading, record_look
from filter_policy.model import Person, Role

__all__ = ["Behind", "Look", "Shown", "Wanted", "look_at_all", "page_of"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A page. `searched_to`: how far back it looked, where it is short and yet not the last. `seal`: the
    newest there was."""

    rows: list[LogRowOut]
    next: str | None
    searched_to: str | None
    seal: int | None = None


def page_of(visit: Visit, asked: Wanted) -> Shown:
    """Newest first. Raises Problem. A reading by name is recorded before anything is shown (S17, S101)."""
    with reading(visit.desk.engine) as conn:
        look = look_at(conn, visit, asked)
        seal, found = last_seal(conn), _search(conn, look.what, asked)
        whose = [people_of(row) for row in found.rows]
        if not look.by_name and asked.reference and any(whose) and _may_see(conn, visit, whose):
            look = look.of_few(visit, asked)
        rows = list(look.view.shown(conn, found.rows))
    if look.by_name:
        _record(visit, asked, look, whose)
    return Shown(rows, found.next, iso(found.searched_to) if found.searched_to else None, seal)


@dataclass(frozen=True, slots=True)
class Behind:
    """Whom the filters are about: all of them, and those of them whom nameless rows can be about now."""

    narrowing: Narrowing
    everybody: Sequence[Person]  # on the register
    people: frozenset[str]
    now: frozenset[str]

    @property
    def few(self) -> bool:
        """Nobody at all is not few: then only what nobody signed in for is shown."""
        return 0 < len(self.now) <= FEW


@dataclass(frozen=True, slots=True)
class Look:
    """A reading that may be made, with its filter, and how its rows are shown."""

    what: Filter
    behind: Behind
    view: Named | Nameless

    @property
    def by_name(self) -> bool:
        return isinstance(self.view, Named)

    def of_few(self, visit: Visit, asked: Sought) -> "Look":
        """It turns out to be about a few people. Raises Problem."""
        _may_look_at_few(visit, asked)
        what = _less_staff(visit, replace(self.what, without_roles=frozenset()))
        return replace(self, what=what, view=_named(visit))

    def recorded(self, asked: Sought, shown: Collection[str] = ()) -> Reading:
        """As the change log tells of it. `shown`: whose rows are, where that is known beforehand."""
        about = self.what.person_id or self._narrowed()
        people = few_of({*shown, *self.sought}) or few_of(self.sought)
        return Reading(
            what=in_words(asked),
            purpose=asked.purpose or "",
            about=about,
            people=() if people == (about,) else people,
            by_name=self.by_name,
            search_terms=asked.search_terms or "",
        )

    @property
    def sought(self) -> Collection[str]:
        """The few that the filters lead to, whether they have rows or not."""
        if self.what.person_id is not None:
            return (self.what.person_id,)
        return few_of(self.behind.people)

    def abouts(self, whose: Sequence[Collection[str]]) -> Sequence[About]:
        """Whom the change log says was looked at: the people when they are few, else the class or group."""
        return abouts(whose, self.what.person_id or self._narrowed(), self.sought)

    def shown_to(self, conn: Connection) -> Collection[str]:
        """Whose rows it will show by name; without names it shows nobody's."""
        return people_found(conn, self.what) if self.by_name else ()

    def _narrowed(self) -> str | None:
        """A class that nobody is in may be a name that somebody typed, so it is not sealed."""
        return str(self.behind.narrowing) if self.behind.people else None


def look_at(conn: Connection, visit: Visit, asked: Sought) -> Look:
    """Raises Problem: this reader may not, or not without a purpose; or a filter is none."""
    if asked.by_name:
        _may_name(visit, asked)
    what = filter_of(visit, asked)
    if asked.person:
        what = replace(what, person_id=_person_id(conn, asked.person))
        require_readable(conn, visit.reader, str(what.person_id))
    behind = _behind(conn, visit, asked)
    if behind.few:
        _may_look_at_few(visit, asked)
    if asked.by_name or behind.few:
        return Look(_less_staff(visit, what), behind, _named(visit, whose=what.person_id))
    policy, approving = visit.window.bundle().policy, visit.reader.role in APPROVING
    view = Nameless(illegal_in(policy), behind.everybody, behind.narrowing, approving)
    bare = Look(replace(what, without_roles=view.left_out), behind, view)
    return _as_recorded(conn, bare, visit, asked)


def _as_recorded(conn: Connection, look: Look, visit: Visit, asked: Sought) -> Look:
    """The register knows who is in a class now; who was behind these filters then, only the log knows."""
    what, narrowing = look.what, look.behind.narrowing
    then = narrowing.whose and (what.from_at or what.to_at)
    if not then and not narrowing.personal:
        return look
    few, many = roles_behind(conn, _narrowest(what))
    if few and not many:
        return look.of_few(visit, asked)
    return replace(look, what=replace(what, without_roles=what.without_roles | few))


def _narrowest(what: Filter) -> Filter:
    """Of the filters, those that say about whom."""
    return Filter(
        from_at=what.from_at,
        to_at=what.to_at,
        filter_group=what.filter_group,
        class_name=what.class_name,
        unblock_id=what.unblock_id,
        reason=what.reason if what.reason in OF_FEW else None,
        pages_only=what.pages_only,
        without_roles=what.without_roles,
    )


def look_at_all(conn: Connection, visit: Visit, asked: Sought) -> Look:
    """As `look_at`, where it is not known yet which rows there are: a reference leads to one person."""
    look = look_at(conn, visit, asked)
    return look.of_few(visit, asked) if asked.reference else look


def _named(visit: Visit, whose: str | None = None) -> Named:
    """`whose`: of whom this reader may read, where that was asked for."""
    veiled = not reads_staff(visit.reader)
    return Named(illegal_in(visit.window.bundle().policy), veiled=veiled, whose=whose)


def _less_staff(visit: Visit, what: Filter) -> Filter:
    """By name, staff are in what the headteacher finds alone (S190); of one person that was asked before."""
    if what.person_id is not None or reads_staff(visit.reader):
        return what
    return replace(what, without_roles=what.without_roles | ADULT_ROLES)


def _may_see(conn: Connection, visit: Visit, whose: Sequence[Collection[str]]) -> bool:
    """A reference that a member of staff handed over is answered without their name."""
    return reads_staff(visit.reader) or not staff_among(conn, frozenset().union(*whose))


def _search(conn: Connection, what: Filter, asked: Wanted) -> Page:
    try:
        if asked.cursor:
            read_instant(asked.cursor.partition("~")[0])
        return search(conn, what, asked.limit, asked.cursor or None)
    except ValueError:  # CursorError is one
        raise Problem("bad-input", errors=NO_CURSOR) from None


def _behind(conn: Connection, visit: Visit, asked: Sought) -> Behind:
    everybody = [each.person for each in visit.window.bundle().accounts.values()]
    for_whom = whom(conn, [asked.unblock]).get(asked.unblock) if asked.unblock else None
    narrowing = Narrowing(asked.group, asked.class_, asked.unblock, for_whom, personal=asked.reason in OF_FEW)
    fit = [each for each in everybody if narrowing.whose and narrowing.fits(each)]
    now = [each for each in fit if each.ends_at is None or each.ends_at > visit.now]
    if asked.class_:  # rows of its teachers are left out
        now = [each for each in now if each.role is Role.PUPIL]
    return Behind(narrowing, everybody, frozenset(p.id for p in fit), frozenset(p.id for p in now))


def _may_look_at_few(visit: Visit, asked: Sought) -> None:
    if visit.reader.role not in APPROVING:
        raise Problem("wrong-role", f"At most {FEW} people stand behind this filter; choose a wider one.")
    if not (asked.purpose or "").strip():
        says = f"is needed, and is kept: at most {FEW} people stand behind this filter"
        raise Problem("bad-input", errors={"purpose": says})


def _may_name(visit: Visit, asked: Sought) -> None:
    if visit.reader.role not in APPROVING:
        what = "no search terms" if asked.search_terms else "no names"
        raise Problem("wrong-role", f"{a_role(visit.reader.role).capitalize()} sees {what} here.")
    if not (asked.purpose or "").strip():
        raise Problem("bad-input", errors={"purpose": "is needed to read by name, and is kept"})


def _record(visit: Visit, asked: Wanted, look: Look, whose: Sequence[Collection[str]]) -> None:
    """A line for each of the few that were looked at, with how many rows are theirs; or one for all."""
    what, purpose, terms = in_words(asked), asked.purpose or "", asked.search_terms or ""
    for about, theirs in look.abouts(whose):
        record_look(
            visit.desk, visit.reader.actor, about, what, purpose, visit.now, rows=theirs, search_terms=terms
        )


def _person_id(conn: Connection, named: str) -> str:
    found = person_by_username(conn, named.strip()) or person_by_id(conn, named.strip())
    if found is None:
        raise Problem("bad-input", errors={"person": "nobody of that name is on the register"})
    return found.id
