"""`policy.yaml` into a Policy, or every fault of it at once; a policy with a fault is refused whole.

Each fault reads "policy.yaml:12: access.gamblng...: what is wrong, and what is allowed".
"""

from collections.abc import Mapping

from filter_policy.model import Access, FilterGroup, Policy, Role, Rule, UnblockLimits
from filter_policy.parse_access import parse_access
from filter_policy.parse_gate import (
    parse_carriers,
    parse_passthrough,
    parse_safe_search,
    parse_second_factor,
    parse_terms,
    parse_watch,
)
from filter_policy.parse_harbour import parse_harbours
from filter_policy.parse_incidents import parse_incidents
from filter_policy.parse_network import parse_connect_ports, parse_egress, parse_networks
from filter_policy.parse_oversight import parse_checks, parse_notify, parse_reviews
from filter_policy.parse_record import parse_record, parse_retention
from filter_policy.parse_sites import parse_sites
from filter_policy.parse_timetable import parse_timetable
from filter_policy.reading import Reader
from filter_policy.yaml_lines import Lines, YamlFault, load_with_lines

SECTIONS = (
    "school", "timetable", "filter_groups", "access", "selected_users", "networks",
    "egress", "connect_ports", "unblocks", "record", "retention", "reviews", "notify",
    "checks", "passthrough", "carriers", "safe_search", "terms", "sign_in", "watch",
    "safe_harbour", "incidents", "sites",
)  # fmt: skip
BLOCK_PAGES = ("picture", "simple", "plain")


class PolicyError(Exception):
    """The policy cannot be used. `faults` holds every one, each with its line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


EARLIER = "earlier"  # what rows of the version before are kept as


def parse_policy(text: str, revision: str = "", file: str = "policy.yaml") -> Policy:
    """The policy that `text` writes down. Raises PolicyError with all faults; never a half policy."""
    try:
        raw, lines = load_with_lines(text)
    except YamlFault as fault:
        raise PolicyError([f"{file}:{fault.line}: {fault.why}"]) from fault
    read = Reader(file, lines)
    for line, key in lines.repeated:
        read.faults.append(f"{file}:{line}: {key}: stands twice; the second would silently win")
    policy = _policy(raw, revision, read, lines)
    if read.faults:
        raise PolicyError(read.faults)
    return policy


def _policy(raw: object, revision: str, read: Reader, lines: Lines) -> Policy:
    whole = read.mapping(raw, (), SECTIONS)
    school = read.mapping(whole.get("school"), ("school",), ("name", "timezone", "written_policy"))
    groups = _filter_groups(whole.get("filter_groups"), read)
    selected = _selected_users(whole.get("selected_users"), read)
    timetable = parse_timetable(whole.get("timetable"), school.get("timezone"), read)
    periods = frozenset(timetable.periods)
    access = parse_access(whole.get("access"), groups, periods, frozenset(selected), read)
    return Policy(
        revision=revision,
        school=read.text(school.get("name"), ("school", "name")),
        timetable=timetable,
        filter_groups=groups,
        access=access,
        selected_users=selected,
        networks=parse_networks(whole.get("networks"), groups, read),
        egress_allow=parse_egress(whole.get("egress"), read),
        connect_ports=parse_connect_ports(whole.get("connect_ports"), read),
        limits=_limits(whole.get("unblocks"), read),
        record=parse_record(whole.get("record"), groups, read),
        retention=parse_retention(whole.get("retention"), read),
        reviews=parse_reviews(whole.get("reviews"), read),
        notify=parse_notify(whole.get("notify"), read),
        checks=parse_checks(whole.get("checks"), groups, periods, read),
        passthrough=parse_passthrough(whole.get("passthrough"), groups, frozenset(access), read),
        carriers=parse_carriers(whole.get("carriers"), read),
        safe_search=parse_safe_search(whole.get("safe_search"), groups, read),
        terms=parse_terms(whole.get("terms"), groups, read),
        second_factor=parse_second_factor(whole.get("sign_in"), read),
        watch=parse_watch(whole.get("watch"), read),
        safe_harbour=parse_harbours(whole.get("safe_harbour"), read),
        incidents=parse_incidents(whole.get("incidents"), read),
        sites=parse_sites(whole.get("sites"), groups, read),
        undecided=_undecided(groups, {name: row.rules for name, row in access.items()}),
    )


def _filter_groups(value: object, read: Reader) -> dict[str, FilterGroup]:
    path = ("filter_groups",)
    found = {}
    for name, raw in read.mapping(value, path, None).items():
        here = (*path, name)
        row = read.mapping(raw, here, ("role", "unlisted", "block_page"))
        role = row.get("role")
        page = read.one_of(row.get("block_page", "plain"), (*here, "block_page"), BLOCK_PAGES)
        found[name] = FilterGroup(
            name=name,
            role=None if role is None else Role(read.one_of(role, (*here, "role"), tuple(Role))),
            unlisted=_unlisted(row, here, read),
            block_page=page,
        )
    for name, group in found.items():
        # A group named after its own kind is no riddle: a row for `pupils` holds for it either way.
        if name in ("pupils", "adults", "everyone") and name != group.kind:
            read.fault((*path, name), f"{name} already stands for a kind of group; choose another name")
        if name == EARLIER:
            read.fault((*path, name), f"{name} stands for rows of an earlier version; choose another name")
    if not found and value is not None:
        read.fault(path, "at least one filter group is needed")
    return found


def _unlisted(row: Mapping[str, object], here: tuple[str, ...], read: Reader) -> Rule:
    words = ("allowed", "with_staff_permission", "not_allowed")
    return Rule(Access(read.one_of(row.get("unlisted"), (*here, "unlisted"), words)))


def _selected_users(value: object, read: Reader) -> dict[str, frozenset[str]]:
    path = ("selected_users",)
    return {
        name: frozenset(user.lower() for user in read.texts(users, (*path, name)))
        for name, users in read.mapping(value, path, None, needed=False).items()
    }


def _limits(value: object, read: Reader) -> UnblockLimits:
    path = ("unblocks",)
    raw = read.mapping(value, path, ("longest_days", "lapse_after_hours"), needed=False)
    usual = UnblockLimits()
    return UnblockLimits(
        read.whole(raw.get("longest_days", usual.longest_days), (*path, "longest_days"), 1, 366),
        read.whole(
            raw.get("lapse_after_hours", usual.lapse_after_hours), (*path, "lapse_after_hours"), 1, 8760
        ),
    )


def _undecided(
    groups: Mapping[str, FilterGroup], access: Mapping[str, Mapping[str, Rule]]
) -> tuple[str, ...]:
    """Cells that nobody filled in: not allowed until the school decides, and said so."""
    return tuple(
        f"access.{category}: {group.name}"
        for category, rules in access.items()
        for group in groups.values()
        if not any(name in rules for name in (group.name, group.kind, "everyone"))
    )
