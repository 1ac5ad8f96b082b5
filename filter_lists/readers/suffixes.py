"""Which names everybody's sites stand under."""

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _registries() -> PublicSuffixList:
    """Those of registries. One company's (`github.io`) is a site like any other to a filter."""
    return PublicSuffixList(only_icann=True)


@cache
def _rules() -> tuple[frozenset[str], frozenset[str]]:
    """The names of rules, and the names that rules with a wildcard stand under."""
    rules: frozenset[str] = _registries()._publicsuffix
    under = frozenset(rule[2:] for rule in rules if rule.startswith("*."))
    return rules | under, under


def is_public_suffix(host: str) -> bool:
    """Whether a canonical host is one, or a single word. Most are ruled out by two looks into a set."""
    rules, under = _rules()
    _, dot, parent = host.partition(".")
    if not dot:
        return True
    return (host in rules or parent in under) and bool(_registries().is_public(host))
