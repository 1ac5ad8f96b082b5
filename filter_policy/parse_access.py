"""The access table: the schools' own rows and columns (S116, A300-309, A347-368)."""

from collections.abc import Mapping

from filter_policy.model import Access, CategoryAccess, FilterGroup, Rule
from filter_policy.reading import Reader
from filter_policy.yaml_lines import Path

PLAIN = ("allowed", "with_staff_permission", "not_allowed", "illegal")
WITH_NAMES = ("at_certain_times", "selected_users")
KINDS = ("pupils", "adults", "everyone")


def parse_access(
    value: object,
    groups: Mapping[str, FilterGroup],
    periods: frozenset[str],
    lists: frozenset[str],
    read: Reader,
) -> dict[str, CategoryAccess]:
    found = {}
    for category, raw in read.mapping(value, ("access",), None).items():
        here = ("access", category)
        row = read.mapping(raw, here, ("source", "locked", *KINDS, *groups))
        rules = {
            name: _known(parse_rule(cell, (*here, name), read), (*here, name), periods, lists, read)
            for name, cell in row.items()
            if name in groups or name in KINDS
        }
        _check_illegal(rules, here, read)
        locked = read.flag(row.get("locked", False), (*here, "locked"))
        source = row.get("source")
        found[category] = CategoryAccess(rules, locked, None if source is None else str(source))
    return found


def parse_rule(cell: object, path: Path, read: Reader) -> Rule:
    """`allowed`, or `{at_certain_times: [lunch]}`."""
    if isinstance(cell, str) and cell in PLAIN:
        return Rule(Access(cell))
    if isinstance(cell, dict) and len(cell) == 1 and (word := next(iter(cell))) in WITH_NAMES:
        names = read.texts(cell[word], (*path, word))
        if not names:
            read.fault((*path, word), "needs at least one name in a list")
        return Rule(Access(word), tuple(names))
    allowed = ", ".join([*PLAIN, *(f"{word}: [...]" for word in WITH_NAMES)])
    read.fault(path, f"{cell!r} is not known; allowed: {allowed}")
    return Rule(Access.NOT_ALLOWED)


def _known(rule: Rule, path: Path, periods: frozenset[str], lists: frozenset[str], read: Reader) -> Rule:
    what, known = (
        ("period", periods) if rule.access is Access.AT_CERTAIN_TIMES else ("list of selected users", lists)
    )
    for name in rule.names:
        if name not in known:
            read.fault(path, f"no such {what}: {name!r}; there are: {', '.join(sorted(known)) or 'none'}")
    return rule


def _check_illegal(rules: Mapping[str, Rule], here: Path, read: Reader) -> None:
    if any(rule.access is Access.ILLEGAL for rule in rules.values()) and set(rules) != {"everyone"}:
        read.fault(here, "illegal is illegal for everyone: write everyone: illegal and nothing beside it")
