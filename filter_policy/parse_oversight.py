"""Who looks after the filter itself: reviews and their times, who is told, what the school expects of it."""

import re

from filter_lists.names import NameFault, Site, parse_site
from filter_policy.endings import is_range
from filter_policy.model import Check, FilterGroup, Reviews, Verdict
from filter_policy.reading import Reader
from filter_policy.yaml_lines import Path

LONGEST_WAIT = 366  # days
MOST_CHECKS = 200  # sites of all checks together: each is tried in every stretch of its period
TOLD = ("governor", "headteacher", "coordinator")
WORDS = {"see": Verdict.ALLOW, "not": Verdict.BLOCK}
ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,190}")


def parse_reviews(value: object, read: Reader) -> Reviews:
    path, usual = ("reviews",), Reviews()
    words = ("tightening_days", "break_glass_days", "change_log_days")
    row = read.mapping(value, path, words, needed=False)
    days = [read.whole(row.get(word, getattr(usual, word)), (*path, word), 1, LONGEST_WAIT) for word in words]
    return Reviews(*days)


def parse_notify(value: object, read: Reader) -> dict[str, tuple[str, ...]]:
    """Mail addresses by role: whoever could change them alone could hide what they are told."""
    path = ("notify",)
    found = {}
    for role, raw in read.mapping(value, path, TOLD, needed=False).items():
        addresses = read.texts(raw, (*path, role))
        for number, address in enumerate(addresses):
            if address and not ADDRESS.fullmatch(address):
                read.fault((*path, role, number), f"{address} is no mail address like office@school.example")
        found[role] = tuple(dict.fromkeys(addresses))
    return found


def parse_checks(
    value: object, groups: dict[str, FilterGroup], periods: frozenset[str], read: Reader
) -> tuple[Check, ...]:
    found: list[Check] = []
    named = 0
    for i, raw in enumerate(read.items(value, ("checks",))):
        path: Path = ("checks", i)
        row = read.mapping(raw, path, (*WORDS, "group", "during", "why"))
        words = [word for word in WORDS if word in row]
        if len(words) != 1:
            read.fault(path, "needs either see or not")
            continue
        group = read.one_of(row.get("group"), (*path, "group"), tuple(groups) or ("",))
        during = None
        if (said := row.get("during")) is not None:
            during = read.one_of(said, (*path, "during"), tuple(sorted(periods)) or ("",))
        why = read.text(row.get("why"), (*path, "why"))
        texts = read.texts(row[words[0]], (*path, words[0]))
        named += len(texts)
        if named > MOST_CHECKS:
            continue
        for j, text in enumerate(texts):
            if (site := _site(text, (*path, words[0], j), read)) is not None:
                found.append(Check(site, WORDS[words[0]], group, during, why))
    if named > MOST_CHECKS:
        read.fault(("checks",), f"name {named} sites; at most {MOST_CHECKS} are checked")
    return tuple(found)


def _site(text: str, path: Path, read: Reader) -> Site | None:
    try:
        if is_range(text):
            raise NameFault(text, "a range of addresses is not a site")
        return parse_site(text)
    except NameFault as fault:
        read.fault(path, str(fault))
        return None
