"""Which places of help are open as such: not one where the lists have an illegal page.

Nobody looks into a tunnel there, and so nobody could tell that page from the others. Such a row of the policy
counts for nothing as long as the page is listed: whoever goes there signs in; each page is judged as ever.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from filter_policy.decide import is_illegal
from filter_policy.model import Listing, Policy, SafeHarbour

Within = Callable[[str], Iterable[Listing]]  # all that lists say of pages of this host, and of those below it


def fallen(policy: Policy, within: Within) -> tuple[SafeHarbour, ...]:
    """Those that are not open as places of help."""
    return tuple(
        each
        for each in policy.safe_harbour
        if any(is_illegal(listing, policy) for listing in within(each.site.host))
    )


def standing(policy: Policy, within: Within) -> Policy:
    """As it holds with these lists. The same one where nothing falls, which is nearly always."""
    gone = fallen(policy, within)
    if not gone:
        return policy
    return replace(policy, safe_harbour=tuple(each for each in policy.safe_harbour if each not in gone))
