"""Do these sealed lines say that what the bundle holds was agreed on? Nothing else is asked.

Of each kind the last line counts. What two people agreed on needs both: the line of whoever proposed it and
that of whoever approved it, about the same thing. What only shuts needs one; an update of the lists needs
none, as long as it is two people's agreement at work.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from filter_policy.model import Opening, Person, Policy, Role, Unblock

FOUNDED = "school:found"
FOUND_LISTS = "found_lists"
SYSTEM = "system"
BREAK_GLASS = "break-glass"
POLICY = frozenset({"policy:approve", "policy:tighten", FOUNDED})
BY_ONE = frozenset({"lists:confirm", "lists:rollback", "lists:tighten"})
UNBLOCK_ENDS = ("unblock:revoke", "unblock:end")
CLOSE = "opening:close"
# A line that sets one of these of somebody shuts what they opened.
LEAVES_NOTHING_OPEN = frozenset({"role", "classes", "agreement_signed", "starts_at", "ends_at"})
LISTS = frozenset({"lists:approve", "lists:update", *BY_ONE})
PEOPLE = frozenset({"people:approve", "people:tighten"})
NEW: Mapping[str, Any] = {
    "role": None, "filter_groups": [], "classes": [], "agreement_signed": True,
    "starts_at": None, "ends_at": None, "suspended_from": None, "suspended_until": None,
}  # fmt: skip
ERASED: Mapping[str, Any] = {
    "filter_groups": [], "classes": [], "agreement_signed": False,
    "starts_at": None, "suspended_from": None, "suspended_until": None,
}  # fmt: skip


class LinesFault(ValueError):
    """The lines do not bear the bundle out; the message names what, by ids, and never a person."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the change log that is known to be in it."""

    seq: int
    event: str
    actor: str
    object_id: str
    at: str
    detail: Mapping[str, Any]


def line_of(seq: int, entry: Mapping[str, Any]) -> Line:
    """Raises LinesFault, KeyError or TypeError for what is no entry with that number."""
    words = (entry["event"], entry["actor"], entry["object"], entry["at"])
    if entry["seq"] != seq or not all(isinstance(word, str) for word in words):
        raise LinesFault(f"entry {seq} is none")
    return Line(seq, *words, dict(entry["detail"]))


@dataclass(slots=True)
class Lines:
    """In their order. `found`: the line of the founding, where it is among them."""

    of: dict[tuple[str, str], Line] = field(default_factory=dict)  # the last of an event about an object
    all: list[Line] = field(default_factory=list)
    used: set[str] = field(default_factory=set)  # the proposals where break-glass stood in

    @classmethod
    def in_order(cls, lines: Iterable[Line]) -> "Lines":
        made = cls()
        for line in sorted(lines, key=lambda each: each.seq):
            made.all.append(line)
            made.of[line.event, line.object_id] = line
            if line.event == "break-glass:use" and line.detail.get("for") == "approve":
                made.used.add(str(line.detail.get("proposal")))
        return made

    def last(self, events: frozenset[str]) -> Line | None:
        return next((line for line in reversed(self.all) if line.event in events), None)

    def require_two(self, approved: Line) -> None:
        """Two people, and the same thing. Raises LinesFault."""
        kind = approved.event.partition(":")[0]
        who = approved.detail["proposed_by"]
        asked = self.of.get((f"{kind}:propose", approved.object_id))
        if asked is None or asked.seq > approved.seq or asked.actor != who or SYSTEM in (who, approved.actor):
            raise LinesFault(f"entry {approved.seq} approves what no person proposed")
        if approved.actor == who:
            raise LinesFault(f"entry {approved.seq}: one person proposed and approved")
        if approved.actor == BREAK_GLASS and approved.object_id not in self.used:
            raise LinesFault(
                f"entry {approved.seq} was approved by break-glass, and no entry says who used it"
            )
        if any(approved.detail.get(name) != value for name, value in asked.detail.items()):
            raise LinesFault(f"entry {approved.seq} approves something else than entry {asked.seq} proposed")


def policy_line(lines: Lines, text: str) -> Line:
    line = lines.last(POLICY)
    if line is None or line.detail.get("policy_sha256") != hashlib.sha256(text.encode()).hexdigest():
        raise LinesFault("no entry brought this policy into force")
    if line.event == "policy:approve":
        lines.require_two(line)
    return line


def lists_line(lines: Lines, policy: Line, generation: str, sealed_lists: frozenset[str]) -> Line:
    """`policy`: the line of the policy, which in logs of the first format names the lists too."""
    line = lines.last(LISTS)
    founded = next((each for each in lines.all if each.event == FOUNDED and FOUND_LISTS in each.detail), None)
    line = line or founded or policy
    named = line.detail.get(FOUND_LISTS) or line.detail
    found = named["lists" if line is policy and line is not founded else "generation"]
    if found != generation or set(named.get("sealed_lists", ())) != sealed_lists:
        raise LinesFault("no entry brought these lists into force")
    if line.event == "lists:approve":
        lines.require_two(line)
    elif line.event in LISTS and (line.detail.get("loosening") or _is_anybody_else(line)):
        raise LinesFault(f"entry {line.seq} opens more of the lists than one person may")
    return line


def _is_anybody_else(line: Line) -> bool:
    """An update is the system's own; what one person may do is no system's."""
    return (line.actor == SYSTEM) is not (line.event == "lists:update")


def check_unblocks(lines: Lines, unblocks: Iterable[Unblock]) -> None:
    for unblock in unblocks:
        line = lines.of.get(("unblock:approve", unblock.id))
        if line is None:
            raise LinesFault(f"no entry approved unblock {unblock.id}")
        lines.require_two(line)
        ends = (lines.of.get((event, unblock.id)) for event in UNBLOCK_ENDS)
        if over := next((each for each in ends if each is not None and each.seq > line.seq), None):
            raise LinesFault(f"unblock {unblock.id} was over with entry {over.seq}")
        if wrong := [name for name, value in _unblock(unblock) if _sealed(line, name) != value]:
            raise LinesFault(f"unblock {unblock.id} is not what entry {line.seq} approved: its {wrong[0]}")


def _unblock(unblock: Unblock) -> Iterator[tuple[str, Any]]:
    yield "sites", sorted(str(site) for site in unblock.sites)
    yield "classes", sorted(unblock.classes)
    yield "filter_groups", sorted(unblock.filter_groups)
    yield "people", sorted(unblock.people)
    yield "starts_at", unblock.starts_at
    yield "ends_at", unblock.ends_at
    yield "windows", [list(window) for window in unblock.windows]


def _sealed(line: Line, name: str) -> Any:
    value = line.detail.get(name)
    if name.endswith("_at"):
        return _at(value)
    if name == "windows":
        return [[_at(end) for end in window] for window in value or ()]
    if name == "sites":
        return sorted(_agreed_sites(line.detail))
    return sorted(value or ())


def _agreed_sites(detail: Mapping[str, Any]) -> Iterator[str]:
    """All sites and no companion, unless the line says which were agreed on; never one not asked for."""
    agreed = detail.get("agreed") or {"sites": detail["sites"], "companions": ()}
    for name in ("sites", "companions"):
        yield from (site for site in detail.get(name) or () if site in agreed[name])


def _at(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def check_openings(lines: Lines, openings: Iterable[Opening]) -> None:
    """Each may end sooner than was said, and none later than a line says that shut it."""
    shut = _shut(lines)
    for opening in openings:
        line = lines.of.get(("opening:open", opening.id))
        if line is None or line.actor != opening.opened_by:
            raise LinesFault(f"no entry of theirs made opening {opening.id}")
        told = (frozenset(line.detail["classes"]), _at(line.detail["starts_at"]))
        until = _at(line.detail["ends_at"])
        if told != (opening.classes, opening.starts_at) or until is None or opening.ends_at > until:
            raise LinesFault(f"opening {opening.id} is not what entry {line.seq} opened")
        if opening.id in shut and opening.ends_at > shut[opening.id]:
            raise LinesFault(f"opening {opening.id} was shut before that, and an entry says so")


def _shut(lines: Lines) -> dict[str, datetime]:
    """When each opening was shut early, by these lines."""
    found: dict[str, datetime] = {}
    opened: dict[str, list[str]] = {}
    for line in lines.all:
        if line.event == "opening:open":
            opened.setdefault(line.actor, []).append(line.object_id)
        for each in shut_by(line.event, line.object_id, line.detail, opened):
            at = datetime.fromisoformat(line.detail["ends_at"] if line.event == CLOSE else line.at)
            found[each] = min(at, found.get(each, at))
    return found


def shut_by(
    event: str, object_id: str, detail: Mapping[str, Any], opened: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """The openings that a line shuts; `opened`: those before it, by whoever opened them."""
    if event == CLOSE:
        yield object_id
    elif event in ("person:suspend", "person:end"):
        yield from detail.get("openings", ())
    elif event in PEOPLE:
        for one in detail["people"]:
            if not one["new"] and LEAVES_NOTHING_OPEN & one["set"].keys():
                yield from opened.get(one["person"], ())


def check_people(lines: Lines, people: Iterable[Person], policy: Policy) -> None:
    register = _register(lines)
    for person in people:
        told = register.get(person.id)
        if told is None:
            raise LinesFault(f"no entry brought account {person.id}")
        if wrong := [name for name in NEW if not _is_as_told(person, name, told[name], policy)]:
            raise LinesFault(f"account {person.id} is not what was agreed on: its {wrong[0]}")


def _is_as_told(person: Person, name: str, told: Any, policy: Policy) -> bool:
    value = getattr(person, name)
    if told is None and name == "filter_groups":  # founders of the first format: those of their role
        kinds = {policy.filter_groups[group].role for group in value if group in policy.filter_groups}
        return kinds <= {person.role, Role.STAFF}
    if name in ("filter_groups", "classes"):
        return sorted(value) == sorted(told)
    return bool(value == _at(told)) if isinstance(value, datetime) else bool(value == told)


def _register(lines: Lines) -> dict[str, dict[str, Any]]:
    """Who everybody is by these lines, and never by one person's word more than before."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines.all:
        match line.event:
            case "school:found":
                for one in line.detail["people"]:
                    groups = one.get("filter_groups")
                    found[one["person"]] = {**NEW, "role": one["role"], "filter_groups": groups}
            case "people:approve" | "people:tighten":
                if line.event == "people:approve":
                    lines.require_two(line)
                for one in line.detail["people"]:
                    _set(found, line, one)
            case "person:suspend":
                told = {"suspended_from": line.detail["from"], "suspended_until": line.detail["until"]}
                found.setdefault(line.object_id, dict(NEW)).update(told)
            case "person:end":
                found.setdefault(line.object_id, dict(NEW))["ends_at"] = line.detail["ends_at"]
            case "erasure:approve":
                found.setdefault(line.detail["person"], dict(NEW)).update(ERASED)
    return found


def _set(found: dict[str, dict[str, Any]], line: Line, one: Mapping[str, Any]) -> None:
    """Whoever is given the power to approve gets a code, and never by one person's word."""
    if line.event == "people:tighten" and one["code"]:
        raise LinesFault(f"entry {line.seq}: one person gave somebody the power to approve")
    known = NEW if one["new"] else found.get(one["person"], NEW)
    found[one["person"]] = {**known, **{name: one["set"][name] for name in NEW if name in one["set"]}}
