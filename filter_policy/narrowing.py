"""What one person may do at once, by comparing two bundles: nothing in the narrower one is open that was not.

A filter group less can mean a block less (a site may be blocked for that group alone), so whoever is in other
groups than before is left out altogether: an account that is not there browses nowhere. A device that is shut
off stays so; nothing is looked into that was not before.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from filter_policy.bundle import Account, Bundle
from filter_policy.case_orders import ISOLATE, MODE, Order
from filter_policy.model import Opening, Unblock


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the database says is open, whether or not anything proves it."""

    accounts: tuple[Account, ...]
    unblocks: tuple[Unblock, ...]
    openings: tuple[Opening, ...]
    orders: tuple[Order, ...] = ()


def wider(bundle: Bundle, base: Bundle) -> str | None:
    """The first thing that `bundle` does not have from `base`, or has less shut; None: it is narrower."""
    if (bundle.policy_text, bundle.lists) != (base.policy_text, base.lists):
        return "another policy or other lists"
    return next((what for what, is_more in _more(bundle, base) if is_more), None)


def _more(bundle: Bundle, base: Bundle) -> Iterator[tuple[str, bool]]:
    openings = {each.id: each for each in base.policy.openings}
    yield "lists of illegal content", not base.sealed_lists <= bundle.sealed_lists
    yield "unblocks", bool(set(bundle.policy.unblocks) - set(base.policy.unblocks))
    yield "openings", not all(_is_shorter(each, openings) for each in bundle.policy.openings)
    yield "people", not all(_is_shut_more(*each, base.accounts) for each in bundle.accounts.items())
    yield "investigations", bool(_of(bundle.orders, MODE) - _of(base.orders, MODE))
    yield "devices that were shut off", bool(_of(base.orders, ISOLATE) - _of(bundle.orders, ISOLATE))


def narrowed(base: Bundle, wanted: Wanted) -> Wanted:
    """Of what was proven, what the database still has open, and no longer than it says."""
    openings = {each.id: each for each in wanted.openings}
    now = {each.person.username: each for each in wanted.accounts}
    both = ((each, now.get(name)) for name, each in base.accounts.items())
    return Wanted(
        tuple(_shut_too(old, new) for old, new in both if new is not None and _is_same(old, new)),
        tuple(each for each in base.policy.unblocks if each in set(wanted.unblocks)),
        tuple(_shorter(each, openings) for each in base.policy.openings if each.id in openings),
        _orders(base.orders, wanted.orders),
    )


def _orders(base: Iterable[Order], wanted: Iterable[Order]) -> tuple[Order, ...]:
    """Every device that either shuts off, and nothing looked into but what both do."""
    was, now = tuple(base), tuple(wanted)
    kept = [each for each in was if each.act != MODE or each in now]
    return (*kept, *(each for each in now if each.act == ISOLATE and each not in kept))


def _of(orders: Iterable[Order], act: str) -> set[Order]:
    return {each for each in orders if each.act == act}


def _is_shorter(opening: Opening, base: Mapping[str, Opening]) -> bool:
    was = base.get(opening.id)
    return (
        was is not None and opening.ends_at <= was.ends_at and (replace(opening, ends_at=was.ends_at) == was)
    )


def _shorter(opening: Opening, wanted: Mapping[str, Opening]) -> Opening:
    return replace(opening, ends_at=min(opening.ends_at, wanted[opening.id].ends_at))


def _is_same(old: Account, new: Account) -> bool:
    """In what decides how far somebody may go."""
    one, other = old.person, new.person
    groups = sorted(one.filter_groups) == sorted(other.filter_groups)
    return groups and (one.id, one.role, sorted(one.classes)) == (other.id, other.role, sorted(other.classes))


def _shut_too(old: Account, new: Account) -> Account:
    """As it was, less what has been shut since; of two suspensions all of both."""
    was, now = old.person, new.person
    began, until = was.suspended_from, was.suspended_until
    if now.suspended_from is not None:
        until = now.suspended_until if began is None else _latest(until, now.suspended_until)
        began = now.suspended_from if began is None else min(began, now.suspended_from)
    person = replace(
        was,
        agreement_signed=was.agreement_signed and now.agreement_signed,
        ends_at=_earliest(was.ends_at, now.ends_at),
        suspended_from=began,
        suspended_until=until,
        password_ends_at=_earliest(was.password_ends_at, now.password_ends_at),
    )
    return Account(person, old.password_hash if new.password_hash is not None else None)


def _is_shut_more(name: str, account: Account, base: Mapping[str, Account]) -> bool:
    old = base.get(name)
    if old is None or account.password_hash not in (None, old.password_hash):
        return False
    return _is_same(old, account) and _shut_too(old, account).person == account.person


def _earliest(*ends: datetime | None) -> datetime | None:
    return min((end for end in ends if end is not None), default=None)


def _latest(*ends: datetime | None) -> datetime | None:
    """None: until further notice."""
    return None if None in ends else max(end for end in ends if end is not None)
