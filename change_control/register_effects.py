"""Does a people proposal only take away? The register before and after, held against the policy in force.

Taking away takes one person (S34). In doubt it gives: a new account, a password or code, another name, a
second factor cleared, an agreement signed, a later end, a suspension lifted, a right that the role did not
have, any cell that is more open, more or less kept of what somebody does, or fewer than two people left to
agree with each other.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations
from typing import Any

from audit_log.people import Registered
from change_control.register_rows import UNSIGNED
from change_control.roles import APPROVING, ASKING, FOUNDERS, MAY
from filter_policy.cells import Who
from filter_policy.comparing import Comparison, compare_people
from filter_policy.keeping import kept_of_groups
from filter_policy.model import Person, Policy, Role

MAY_TAKE_AWAY = frozenset({"role", "filter_groups", "classes", "agreement_signed", "starts_at", "ends_at"})
GIVES = Comparison(hides=("people",))  # where no cell has to be asked


def people_effect(
    policy: Policy,
    by_id: Mapping[str, Registered],
    rows: Sequence[Mapping[str, Any]],
    values: Sequence[Any],
    waiting: Collection[str] = (),
) -> Comparison:
    """`rows` as the proposal keeps them, `values` what each sets, as the register would hold it.

    `waiting`: who may approve, but only once others have looked at how the account came back.
    """
    pairs: list[tuple[Registered, Registered]] = []
    for row, set_ in zip(rows, values, strict=True):
        found = by_id.get(row["id"])
        if (
            found is None
            or row["new"]
            or row["passwords"]
            or row["code"]
            or row.get("second_factor")
            or not MAY_TAKE_AWAY.issuperset(set_)
        ):
            return GIVES
        pairs.append((found, replace(found, **set_)))
    if any(_gives(policy, *pair) for pair in pairs) or not _two_left(_counting(by_id, waiting), pairs):
        return GIVES
    return compare_people(policy, [_who(*pair) for pair in pairs], combinations(policy.access, 2))


def _gives(policy: Policy, before: Registered, after: Registered) -> bool:
    """What no cell shows."""
    return (
        _gains_rights(before.role, after.role)
        or (
            after.role in ASKING and not set(after.classes) <= set(before.classes)
        )  # who may open for their classes
        or (after.agreement_signed and not before.agreement_signed)
        or _is_sooner(after.starts_at, before.starts_at)
        or _is_later(after.ends_at, before.ends_at)
        or _is_later(after.password_ends_at, before.password_ends_at)
        or kept_of_groups(policy, before.filter_groups) != kept_of_groups(policy, after.filter_groups)
    )


def _gains_rights(before: Role, after: Role) -> bool:
    """Guests sign an agreement of their own, and the log names adults only: both are no mere less."""
    if before is after:
        return False
    return after in UNSIGNED or after is Role.PUPIL or not rights_of(after) <= rights_of(before)


def rights_of(role: Role) -> frozenset[str]:
    return frozenset(event for event, roles in MAY.items() if role in roles)


def _is_sooner(start: datetime | None, than: datetime | None) -> bool:
    return than is not None and (start is None or start < than)


def _is_later(end: datetime | None, than: datetime | None) -> bool:
    return than is not None and (end is None or end > than)


def _counting(by_id: Mapping[str, Registered], waiting: Collection[str]) -> list[Registered]:
    return [one for one in by_id.values() if one.id not in waiting]


def _two_left(register: Collection[Registered], pairs: Sequence[tuple[Registered, Registered]]) -> bool:
    """Else one person could shut all others out, and nothing would ever be agreed on again."""
    less = {before.id for before, after in pairs if _may_agree(before) and after.role not in APPROVING}
    less |= {before.id for before, after in pairs if _times(before) != _times(after)}
    if not any(_may_agree(one) for one in register if one.id in less):
        return True
    return sum(_may_agree(one) for one in register if one.id not in less) >= FOUNDERS


def _may_agree(one: Registered) -> bool:
    """With no time set to it, since nobody says here what time it is."""
    return one.role in APPROVING and one.console_hash is not None and _times(one) == (True, None, None, None)


def _times(one: Registered) -> tuple[object, ...]:
    return one.agreement_signed, one.starts_at, one.ends_at, one.suspended_from


def _who(before: Registered, after: Registered) -> Who:
    """Of what time does to the account, nothing: it is judged by itself."""
    return Who(_timeless(before), _timeless(after), _says(before, after))


def _timeless(one: Registered) -> Person:
    return Person(
        id="somebody",
        username=one.username,
        role=one.role,
        filter_groups=tuple(sorted(one.filter_groups)),
        classes=tuple(sorted(one.classes)),
    )


def _says(before: Registered, after: Registered) -> str:
    """Never by name."""
    was, will_be = (" and ".join(sorted(one.filter_groups)) or "no group" for one in (before, after))
    return was if was == will_be else f"{was}, then {will_be}"
