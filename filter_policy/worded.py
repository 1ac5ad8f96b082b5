"""What differs between two policies, in the words of the school's own table and not in those of a file.

Nothing that differs is passed over: a part of a policy that has no words here is named by its section.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any, NamedTuple

from filter_policy import worded_gate, worded_incidents
from filter_policy.model import (
    CategoryAccess,
    Check,
    FilterGroup,
    Network,
    Period,
    Policy,
    Record,
    Rule,
    SiteRule,
)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NONE = "none"
# No part of what a school writes:
NO_WORDS = frozenset({"revision", "undecided", "unblocks", "openings", "investigations", "isolations"})
SECTIONS = {
    "egress_allow": "egress",
    "limits": "unblocks",
    "second_factor": "sign_in",
}  # as policy.yaml has them
FIELDS = {
    "longest_days": "longest, in days",
    "lapse_after_hours": "lapse when nobody answered, in hours",
    "url": "of addresses",
    "address": "of devices' addresses",
    "search_terms": "of search terms",
    "days": "for days",
    "tightening_days": "of what one person did, in days",
    "break_glass_days": "of the sealed envelope, in days",
    "change_log_days": "of the change log, in days",
}
COLUMNS = {"unlisted": "sites on no list", "block_page": "block page"}


class Worded(NamedTuple):
    """One difference. `before` or `after` is "none" where it comes or goes."""

    section: str
    what: str
    before: str
    after: str

    @property
    def says(self) -> str:
        if self.before == self.after:
            return f"{self.what}: changes"
        return f"{self.what}: {self.before} -> {self.after}"


def worded(old: Policy, new: Policy) -> tuple[Worded, ...]:
    """Every difference, in the order of policy.yaml."""
    found: list[Worded] = []
    for each in fields(Policy):
        if each.name in NO_WORDS:
            continue
        section = SECTIONS.get(each.name, each.name)
        before, after = getattr(old, each.name), getattr(new, each.name)
        told = [
            Worded(section, *one) for one in TELLING.get(each.name, _silent)(old, new) if one[1] != one[2]
        ]
        if not told and not _same(before, after):
            told = [Worded(section, section.replace("_", " "), "", "")]
        found += told
    return tuple(found)


type Told = Iterator[tuple[str, str, str]]


def _silent(_old: Policy, _new: Policy) -> Told:
    """Of a part that has no words here."""
    yield from ()


def _same(before: Any, after: Any) -> bool:
    """A timetable is compared by its parts: it is no other because it was read again."""
    if is_dataclass(before) and type(before) is type(after):
        return all(_same(getattr(before, each.name), getattr(after, each.name)) for each in fields(before))
    return bool(before == after)


def _school(old: Policy, new: Policy) -> Told:
    yield "name of the school", old.school, new.school


def _timetable(old: Policy, new: Policy) -> Told:
    yield "time zone", old.timetable.zone.key, new.timetable.zone.key
    before, after = ({f"{a} to {b}" for a, b in each.timetable.terms} for each in (old, new))
    for term in sorted(before ^ after):
        yield "term", *(_if(term, term in before), _if(term, term in after))
    yield from _rows("period", old.timetable.periods, new.timetable.periods, _period)


def _period(period: Period) -> str:
    days = " ".join(DAYS[day] for day in sorted(period.days))
    less = f" except {', '.join(period.except_)}" if period.except_ else ""
    return f"{days} {period.starts:%H:%M} to {period.ends:%H:%M}{less}"


def _groups(old: Policy, new: Policy) -> Told:
    for name in _both(old.filter_groups, new.filter_groups):
        before, after = old.filter_groups.get(name), new.filter_groups.get(name)
        if before is None or after is None:
            yield f"group {name}", _group(before), _group(after)
            continue
        for each in fields(FilterGroup):
            column = COLUMNS.get(each.name, each.name)
            yield f"{column} for {name}", _cell(getattr(before, each.name)), _cell(getattr(after, each.name))


def _group(group: FilterGroup | None) -> str:
    return (
        NONE if group is None else f"{group.role or 'nobody signed in'}, on no list {_cell(group.unlisted)}"
    )


def _access(old: Policy, new: Policy) -> Told:
    for category in _both(old.access, new.access):
        kind = category.replace("-", " ")
        before, after = old.access.get(category), new.access.get(category)
        for name in _both(_rules(before), _rules(after)):
            yield f"{kind} for {name}", _holds(old, before, name), _holds(new, after, name)
        for each in fields(CategoryAccess):
            if each.name != "rules":
                yield f"{kind}, {each.name}", _word(before, each.name), _word(after, each.name)
        if (before is None) != (after is None) and not _rules(before or after):
            yield f"row {kind}", NONE if before is None else "there", NONE if after is None else "there"


def _rules(row: CategoryAccess | None) -> Mapping[str, Rule]:
    return {} if row is None else row.rules


def _holds(policy: Policy, row: CategoryAccess | None, name: str) -> str:
    """What holds for them, by a row of their own or by that of all who they are among."""
    group = policy.filter_groups.get(name)
    for wider in (name, group.kind if group else None, "everyone"):
        if wider is not None and wider in _rules(row):
            return _cell(_rules(row)[wider])
    return "undecided (not allowed)"


def _cell(value: object) -> str:
    if isinstance(value, Rule):
        words = value.access.value.replace("_", " ")
        return f"{words} ({', '.join(value.names)})" if value.names else words
    return NONE if value is None else str(value)


def _word(row: CategoryAccess | None, name: str) -> str:
    value = None if row is None else getattr(row, name)
    return {True: "yes", False: "no", None: "no"}.get(value, str(value)) if name != "source" else _cell(value)


def _selected(old: Policy, new: Policy) -> Told:
    def told(users: frozenset[str]) -> str:
        return ", ".join(sorted(users)) or "nobody"

    yield from _rows("list of selected users", old.selected_users, new.selected_users, told)


def _networks(old: Policy, new: Policy) -> Told:
    def by_range(policy: Policy) -> Mapping[str, Network]:
        return {str(each.addresses): each for each in policy.networks}

    yield from _rows(
        "devices at", by_range(old), by_range(new), lambda each: f"{each.filter_group} ({each.label})"
    )


def _egress(old: Policy, new: Policy) -> Told:
    yield from _members("own server", _servers(old), _servers(new))


def _servers(policy: Policy) -> Iterator[str]:
    return (f"{address} port {port}" for address, port in policy.egress_allow)


def _ports(old: Policy, new: Policy) -> Told:
    yield from _members("port", map(str, old.connect_ports), map(str, new.connect_ports))


def _members(what: str, before: Iterable[str], after: Iterable[str]) -> Told:
    was, will_be = set(before), set(after)
    for each in sorted(was ^ will_be):
        yield f"{what} {each}", _if("open", each in was), _if("open", each in will_be)


def _numbers(what: str, name: str, old: Policy, new: Policy) -> Told:
    yield from _fields(what, getattr(old, name), getattr(new, name))


def _fields(what: str, before: Any, after: Any) -> Told:
    for each in fields(after):
        says = f"{what} {FIELDS.get(each.name, each.name)}"
        yield says, str(getattr(before, each.name)), str(getattr(after, each.name))


def _record(old: Policy, new: Policy) -> Told:
    for name in _both(old.record, new.record):
        before, after = old.record.get(name), new.record.get(name)
        if before is None or after is None:
            yield f"what is kept of {name}", _kept(before), _kept(after)
        else:
            yield from _fields(f"what is kept of {name},", before, after)


def _kept(row: Record | None) -> str:
    told = () if row is None else _fields("", row, row)
    return ", ".join(f"{what.strip()} {value}" for what, value, _ in told) or NONE


def _notify(old: Policy, new: Policy) -> Told:
    yield from _rows("told by mail:", old.notify, new.notify, lambda each: ", ".join(each) or "nobody")


def _checks(old: Policy, new: Policy) -> Told:
    before, after = (list(map(_check, each.checks)) for each in (old, new))
    for says in dict.fromkeys([*before, *after]):
        yield "check", _if(says, says in before), _if(says, says in after)


def _check(check: Check) -> str:
    during = f" during {check.during}" if check.during else ""
    see = "sees" if check.verdict.value == "allow" else "does not see"
    return f"{check.filter_group} {see} {check.site}{during} ({check.why})"


def _sites(old: Policy, new: Policy) -> Told:
    def by_site(policy: Policy) -> Mapping[str, list[SiteRule]]:
        found: dict[str, list[SiteRule]] = {}
        for each in sorted(policy.sites, key=_site):
            found.setdefault(str(each.site), []).append(each)
        return found

    yield from _rows("site", by_site(old), by_site(new), lambda rules: "; ".join(map(_site, rules)))


def _site(rule: SiteRule) -> str:
    return f"{rule.verdict.value} for {', '.join(sorted(rule.for_))} ({rule.reason})"


def _rows[Row](what: str, old: Mapping[str, Row], new: Mapping[str, Row], tell: Callable[[Row], str]) -> Told:
    for name in _both(old, new):
        before = tell(old[name]) if name in old else NONE
        after = tell(new[name]) if name in new else NONE
        if before == after and old.get(name) != new.get(name):
            after += ", otherwise changed"
        yield f"{what} {name}", before, after


def _both(old: Iterable[str], new: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*old, *new]))


def _if(says: str, there: bool) -> str:
    return says if there else NONE


TELLING: Mapping[str, Callable[[Policy, Policy], Told]] = {
    "school": _school,
    "timetable": _timetable,
    "filter_groups": _groups,
    "access": _access,
    "selected_users": _selected,
    "networks": _networks,
    "egress_allow": _egress,
    "connect_ports": _ports,
    "limits": partial(_numbers, "unblocks:", "limits"),
    "record": _record,
    "retention": partial(_numbers, "rows kept", "retention"),
    "reviews": partial(_numbers, "reviews", "reviews"),
    "notify": _notify,
    "checks": _checks,
    **worded_gate.TELLING,
    **worded_incidents.TELLING,
    "sites": _sites,
}
