"""The school's own word on single sites."""

from collections.abc import Mapping

from filter_lists.names import NameFault, Site, parse_site
from filter_policy.endings import is_ending, is_range
from filter_policy.model import FilterGroup, SiteRule, Verdict
from filter_policy.parse_gate import parse_for
from filter_policy.reading import Reader
from filter_policy.yaml_lines import Path


def parse_sites(value: object, groups: Mapping[str, FilterGroup], read: Reader) -> tuple[SiteRule, ...]:
    found: list[SiteRule] = []
    for i, raw in enumerate(read.items(value, ("sites",))):
        path: Path = ("sites", i)
        row = read.mapping(raw, path, ("allow", "block", "for", "reason"))
        words = [word for word in ("allow", "block") if word in row]
        if len(words) != 1:
            read.fault(path, "needs either allow or block")
            continue
        for_ = parse_for(row.get("for"), (*path, "for"), groups, read)
        reason = read.text(row.get("reason"), (*path, "reason"))
        for j, site in enumerate(read.texts(row[words[0]], (*path, words[0]))):
            try:
                found.append(SiteRule(_site(site, words[0]), Verdict(words[0]), for_, reason))
            except NameFault as fault:
                read.fault((*path, words[0], j), str(fault))
    return tuple(found)


def _site(text: str, word: str) -> Site:
    """A whole ending (`uk`) may be blocked; allowing one opens anybody's site below it."""
    if is_range(text):
        raise NameFault(text, "a range of addresses is not a site")
    site = parse_site(text.removeprefix("*."))
    if word == "allow" and is_ending(site):
        raise NameFault(text, "this is not one site but the ending of many")
    return site
