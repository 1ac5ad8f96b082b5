"""The change log in plain English: one sentence for each kind of line, for people who never read JSON."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from audit_api import times
from audit_api.account_sentences import TELL as ACCOUNTS
from audit_api.behind import NOTHING, Behind
from audit_api.incident_sentences import TELL as INCIDENTS
from audit_api.list_sentences import lists_told
from audit_api.log_review_sentences import TELL as LOG_REVIEWS
from audit_api.names import SYSTEM, Names
from audit_api.people_sentences import register_told as _people
from audit_api.protecting_sentences import TELL as PROTECTING
from audit_api.restoring_sentences import TELL as RESTORING
from audit_api.review_sentences import TELL as REVIEWS
from audit_api.row_sentences import (
    aside_removed,
    cases_removed,
    hour_stated,
    incidents_removed,
    part_removed,
    totals_removed,
)
from audit_api.unblock_sentences import left_out, sites_told, when_told
from audit_log.change_log import UNREADABLE, Entry
from filter_policy.model import Role

NO_ROLE = ("the sealed envelope", "somebody no longer on the register", "another person")
ODD = (ValueError, KeyError, TypeError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, and what is needed to tell it: names as this reader may see them, the school's zone."""

    entry: Entry
    names: Names
    zone: ZoneInfo
    behind: Behind = NOTHING

    @property
    def who(self) -> str:
        return _with_role(self.names.name(self.entry.actor), self.entry.role)

    @property
    def detail(self) -> Mapping[str, Any]:
        return self.entry.detail

    @property
    def asker(self) -> str:
        """With the role they had when they asked, where that line is known."""
        id_, begun = str(self.detail.get("proposed_by", "")), self.behind.begun.get(self.entry.object_id)
        sealed = begun.role if begun and begun.actor == id_ else self.names.role(id_)
        return _with_role(self.names.name(id_), sealed or "")

    @property
    def because(self) -> str:
        return self.behind.because(self.entry.object_id)

    @property
    def remark(self) -> str:
        return self.behind.remark(self.entry)

    def quoted(self, entry: Entry | None) -> str:
        """What another line says, where it was looked up."""
        return f" (“{sentence(entry, self.names, self.zone)}”)" if entry else ""

    def at(self, field: str) -> datetime | None:
        value = self.detail.get(field)
        return times.with_zone(datetime.fromisoformat(value), self.zone) if isinstance(value, str) else None


def _with_role(name: str, role: str) -> str:
    """A pupil is told as one already, and "a technician" is no name."""
    tell = role in set(Role) and role != Role.PUPIL and role not in name and name not in NO_ROLE
    return f"{name} ({role})" if tell else name


def sentence(entry: Entry, names: Names, zone: ZoneInfo, behind: Behind = NOTHING) -> str:
    """`behind`: what was looked up beside it; without that nothing is told that people wrote."""
    line = Line(entry, names, zone, behind)
    try:
        told = TELL.get(entry.event, _plainly)(line)
    except ODD:  # one line that is not as ours are must not hide all the others
        told = _plainly(line)
    return told[:1].upper() + told[1:]


def _plainly(line: Line) -> str:
    return f"{line.who}: {line.entry.event.replace(':', ' ')} ({line.entry.object_id})."


def people_in(entry: Entry) -> Iterable[str]:
    """The ids that telling this entry needs names for."""
    detail = entry.detail
    yield entry.actor
    yield entry.object_id
    for field in ("proposed_by", "about", "person", "right_person", "supervised_by"):
        if isinstance(detail.get(field), str):
            yield detail[field]
    people = detail.get("people")
    for each in people if isinstance(people, list) else ():
        named = each.get("person") if isinstance(each, Mapping) else each
        if isinstance(named, str):
            yield named


def _what(line: Line) -> str:
    """The sites of an unblock (those agreed to, from then on), for whom and when."""
    whom = _and(_whom(line)) or "nobody"
    return f"{_and(sites_told(line.detail))} for {whom}, {when_told(line.detail, line.zone)}"


def _supervised(line: Line) -> str:
    """Said where it is somebody else than the one who asks."""
    by = line.detail.get("supervised_by")
    return f" {line.names.name(by)} supervises." if isinstance(by, str) and by != line.entry.actor else ""


def _whom(line: Line) -> Iterable[str]:
    yield from (f"class {name}" for name in line.detail.get("classes", ()))
    yield from (f"the group {name}" for name in line.detail.get("filter_groups", ()))
    yield from (line.names.name(each) for each in line.detail.get("people", ()))


def _suspended(line: Line) -> str:
    until = line.at("until")
    when = f"until {times.when(until, line.zone)}" if until else "until further notice"
    return f"{line.who} suspended {line.names.suspended(line.entry.object_id)} {when}."


def _opened(line: Line) -> str:
    ends_at = line.at("ends_at")
    until = f" until {times.clock(ends_at, line.zone)}, {times.day(ends_at, line.zone)}" if ends_at else ""
    classes = _and(line.detail.get("classes", ()))
    return f"{line.who} gave class {classes} what needs staff permission{until}."


def _closed(line: Line) -> str:
    opened = line.behind.begun.get(line.entry.object_id)
    classes = _and(opened.detail.get("classes", ())) if opened else ""
    told = f"class {classes} had been given (entry {opened.seq})" if opened else "a class had been given"
    return f"{line.who} shut again what {told}."


def _approved(line: Line) -> str:
    left = left_out(line.detail)
    less = f" Left out: {_and(left)}." if left else ""
    request = f"the request of {line.asker} to open {_what(line)}{line.because}"
    return f"{line.who} approved {request}.{less}{line.remark}"


def _looked(line: Line) -> str:
    whose = _looked_at(line)
    if whose is None:
        return f"{line.who} looked at the filtering log with names{_rows(line, ' ({})')}."
    return f"{line.who} looked at what {whose} browsed{_rows(line, ' ({})')}."


def _looked_at(line: Line) -> str | None:
    people, about = line.detail.get("people"), line.detail.get("about")
    if isinstance(people, list) and people:
        return _and(line.names.name(str(each)) for each in people)
    if not isinstance(about, str):
        return None
    return about if " " in about else line.names.name(about)  # "class 6B"; an id has no blanks


def _taken(line: Line) -> str:
    return f"{line.who} exported {_rows(line, '{} of ')}the filtering log{_of_whom(line)}."


def _watched(line: Line) -> str:
    return f"{line.who} began to watch the filtering log{_of_whom(line)} as it grows."


def _of_whom(line: Line) -> str:
    how = "with names" if line.detail.get("by_name") else "without names"
    whose = _looked_at(line)
    return f" {how}" if whose is None else f" of {whose} {how}"


def _watched_until(line: Line) -> str:
    ended = {"time": ", when its time was over", "right": ", with the right to it", "fault": ", by a fault"}
    how = ended.get(str(line.detail.get("ended")), "")
    seen = _rows(line, " {} had been shown.")
    began = line.entry.object_id
    quoted = line.quoted(line.behind.lines.get(int(began)) if began.isdecimal() else None)
    return f"The watching of the filtering log that entry {began} tells of{quoted} ended{how}.{seen}"


def _rows(line: Line, words: str) -> str:
    rows = line.detail.get("rows")
    return words.format(f"{rows:,} {'row' if rows == 1 else 'rows'}") if isinstance(rows, int) else ""


def _password(line: Line) -> str:
    which = "browsing" if line.detail.get("which") == "proxy" else "console"
    return f"{line.who} changed their {which} password."


def _sites(line: Line) -> str:
    return lists_told(line.detail)


def _rows_of(line: Line) -> str:
    return line.behind.rows(line.entry)


def _lists_of(line: Line) -> str:
    """Whose they were: an update is nobody's proposal."""
    if line.detail.get("proposed_by") == SYSTEM:
        return "an update of the lists that was held"
    return f"the lists that {line.asker} proposed"


def _lists_withdrawn(line: Line) -> str:
    if line.entry.actor == SYSTEM:
        return "An update of the lists that was held is no longer needed: the lists are as those in force."
    return f"{line.who} took back their proposal of other lists."


def _and(words: Iterable[str]) -> str:
    *some, last = list(words) or [""]
    return f"{', '.join(some)} and {last}" if some else last


TELL: Mapping[str, Callable[[Line], str]] = {
    UNREADABLE: lambda x: "This line cannot be read.",
    "school:found": lambda x: "The school was set up by one person; nobody has agreed to it yet.",
    "person:suspend": _suspended,
    "person:end": lambda x: f"{x.who} ended the account of {x.names.name(x.entry.object_id)}.",
    "password:change": _password,
    "unblock:propose": lambda x: f"{x.who} asked to open {_what(x)}.{_supervised(x)}",
    "unblock:approve": _approved,
    "unblock:decline": lambda x: f"{x.who} said no to opening {_what(x)}. {x.asker} had asked.",
    "unblock:revoke": lambda x: f"{x.who} shut {_what(x)}. {x.asker} had asked for it.",
    "unblock:withdraw": lambda x: f"{x.who} took back their request to open {_what(x)}.",
    "unblock:lapse": lambda x: (
        f"Nobody answered in time: the request of {x.asker} to open {_what(x)} lapsed."
    ),
    "unblock:end": lambda x: f"Time ran out: {_what(x)} is shut again. {x.asker} had asked for it.",
    "policy:propose": lambda x: f"{x.who} proposed a new policy{_rows_of(x)}.",
    "policy:tighten": lambda x: (
        f"{x.who} made the policy stricter{_rows_of(x)}. It is in force, for others to look at."
    ),
    "policy:approve": lambda x: (
        f"{x.who} agreed to the policy that {x.asker} proposed{_rows_of(x)}{x.because}. It is in force."
        f"{x.remark}"
    ),
    "policy:decline": lambda x: f"{x.who} said no to the policy that {x.asker} proposed.",
    "policy:withdraw": lambda x: f"{x.who} took back their proposal of a new policy.",
    "policy:lapse": lambda x: f"Nobody answered in time: the policy that {x.asker} proposed lapsed.",
    "lists:propose": lambda x: f"{x.who} proposed other lists: {_sites(x)}.",
    "lists:tighten": lambda x: f"{x.who} made the lists longer: {_sites(x)}. They are in force.",
    "lists:approve": lambda x: (
        f"{x.who} agreed to the lists that {x.asker} proposed: {_sites(x)}{x.because}. They are in force."
        f"{x.remark}"
    ),
    "lists:decline": lambda x: f"{x.who} said no to {_lists_of(x)}.",
    "lists:withdraw": _lists_withdrawn,
    "lists:lapse": lambda x: f"Nobody answered in time: the lists that {x.asker} proposed lapsed.",
    "lists:update": lambda x: f"The lists were updated, within what two people agreed on: {_sites(x)}.",
    "lists:hold": lambda x: (
        f"An update of the lists is held, since it goes further than was agreed on: {_sites(x)}."
    ),
    "lists:confirm": lambda x: f"{x.who} let in an update of the lists that was held: {_sites(x)}.",
    "lists:rollback": lambda x: f"{x.who} went back to earlier lists: {_sites(x)}.",
    "people:propose": lambda x: f"{x.who} proposed for the register: {_people(x)}.",
    "people:tighten": lambda x: f"{x.who} changed the register, which only shuts: {_people(x)}.",
    "people:approve": lambda x: (
        f"{x.who} agreed to what {x.asker} proposed for the register: {_people(x)}{x.because}.{x.remark}"
    ),
    "people:decline": lambda x: f"{x.who} said no to what {x.asker} proposed for the register: {_people(x)}.",
    "people:withdraw": lambda x: f"{x.who} took back what they proposed for the register: {_people(x)}.",
    "people:lapse": lambda x: (
        f"Nobody answered in time: what {x.asker} proposed for the register lapsed: {_people(x)}."
    ),
    **ACCOUNTS,
    **PROTECTING,
    **REVIEWS,
    **LOG_REVIEWS,
    **INCIDENTS,
    **RESTORING,
    "opening:open": _opened,
    "opening:close": _closed,
    "filtering-log:read": _looked,
    "filtering-log:export": _taken,
    "filtering-log:tail": _watched,
    "filtering-log:tail-end": _watched_until,
    "filtering-log:seal": lambda x: hour_stated(x.detail, x.zone),
    "retention:purge": lambda x: part_removed(x.detail),
    "retention:purge-totals": lambda x: totals_removed(x.detail),
    "retention:purge-cases": lambda x: cases_removed(x.detail),
    "retention:purge-incidents": lambda x: incidents_removed(x.detail),
    "retention:purge-aside": lambda x: aside_removed(x.detail),
    "journal:release": lambda x: (
        f"{x.who} let the recorder go on after {int(x.detail['bytes']):,} damaged bytes of the journal."
    ),
    "illegal-list:probe": lambda x: (
        f"{x.who} tried an address that is on a list of illegal content ({_and(x.detail['lists'])})."
    ),
    "change-text:erase": lambda x: (
        f"{x.who} erased the text '{x.detail.get('field')}' of entry {x.entry.object_id}."
    ),
}
