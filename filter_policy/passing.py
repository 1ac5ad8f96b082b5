"""Which tunnels are not decrypted: those that the policy names, for whom it names them, and no others.

Of such a tunnel nobody sees what is asked in it. So it is only passed where the school has nothing to say of
single addresses: a host of which the school's own `sites` block a part is decrypted all the same.
"""

from collections.abc import Iterable

from filter_lists.names import Site, Url
from filter_policy.bearing import names_for, near, sites_by_host
from filter_policy.model import Listing, Passthrough, Person, Policy, Verdict

SAYS = "not decrypted: only its host is judged and recorded"


def passing(policy: Policy, person: Person, url: Url, listings: Iterable[Listing]) -> Passthrough | None:
    """The row by which a tunnel to the host of `url` is passed on, if there is one. `listings`: of that host.

    Says nothing of whether the person may go there: ask `decide` first.
    """
    if not policy.passthrough or url.scheme != "https":
        return None
    names, kinds = names_for(policy, person), {listing.category for listing in listings}
    for row in policy.passthrough:
        if names.isdisjoint(row.for_):
            continue
        if any(site.covers(url) for site in row.sites) or not kinds.isdisjoint(row.categories):
            return None if _has_blocked_parts(policy, names, url) else row
    return None


def rule_of(row: Passthrough) -> str:
    """As the log and `explain` name it."""
    return f"passthrough.{row.why}"


def _has_blocked_parts(policy: Policy, names: frozenset[str], url: Url) -> bool:
    return any(
        rule.verdict is Verdict.BLOCK
        and rule.site.path != "/"
        and Site(rule.site.host).covers(url)
        and not names.isdisjoint(rule.for_)
        for rule in near(sites_by_host(policy), url)
    )
