"""The kind "lists": a lists.yaml and the generation that was made from it, in force together.

The row holds counts, hashes and the text of lists.yaml, and never an entry. No proposal and no update leaves
a category that is illegal or locked without its lists, puts an exception into an illegal one, or takes away a
list of illegal content that was ever in force (invariant 3).
"""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from audit_log.tables import proposal
from change_control.desk import SYSTEM, Actor, Desk, Lists
from change_control.errors import ChangeError
from change_control.in_force import AgreedLists, agreed_lists, parsed_policy
from change_control.list_changes import Between, belong, weigh
from change_control.list_tolerance import Overstep
from change_control.sealed_lists import EMPTIED, STAYS, emptied, from_the_same, refuse
from change_control.sealing import Change
from filter_lists.diffing import Change as ListChange
from filter_lists.manifest import CATEGORY_EXCEPTION, OWN_EXCEPTION
from filter_lists.summary import IndexFault, ListSummary
from filter_policy.life_cycle import Act, State, step
from filter_policy.model import Policy

KIND = "lists"
EXCEPTIONS = (OWN_EXCEPTION, CATEGORY_EXCEPTION)
OTHER = "these are not the changes from the lists in force to those that would be; build anew"
STALE = "other lists have come into force since; build and propose anew"
TWO_PEOPLE = (
    "this opens more than one person may: take it up as a proposal of yours, and another person agrees"
)


@dataclass(frozen=True, slots=True)
class Step:
    """From the lists in force to others: everything that the row will say of it."""

    what: str  # founding | proposal | update | held | rollback
    config: str
    lists: Lists
    base: AgreedLists | None = None
    changes: Sequence[ListChange] = ()
    because: Sequence[Overstep] = ()
    since: Sequence[Mapping[str, Any]] = ()
    rolled_back: Sequence[Mapping[str, str]] = ()
    replaces: Sequence[str] = ()  # updates that waited, and wait no more
    held: str | None = None  # the update that waited and was taken up as this proposal
    is_agreement: bool = False  # two people will have agreed on this very row

    @property
    def payload(self) -> dict[str, Any]:
        base = self.base
        sealed = {each.list_id for each in self.lists.lists if each.sealed}
        return {
            "what": self.what,
            "config": self.config,
            "generation": self.lists.generation,
            "base": base.generation if base else None,
            "base_id": base.row_id if base else None,
            "agreement": None if self.is_agreement or base is None else base.agreement_id,
            "is_agreed": base is not None and base.is_agreed,
            "changes": [asdict(each) for each in self.changes],
            "lists": [_summary(each) for each in self.lists.lists],
            "sealed_lists": sorted(sealed | (base.sealed_lists if base else set())),
            "since": [dict(each) for each in self.since],
            "rolled_back": [dict(each) for each in self.rolled_back],
            "because": [asdict(each) for each in self.because],
            "replaces": list(self.replaces),
            "held": self.held,
        }


def _summary(each: ListSummary) -> dict[str, Any]:
    categories = {count.category: count.entries + count.expressions for count in each.counts}
    return {
        "list_id": each.list_id,
        "sha256": each.sha256,
        "entries": each.entries,
        "categories": categories,
        "sealed": each.sealed,
    }


def facts(row: Mapping[Any, Any]) -> dict[str, object]:
    """All of it but the text, which lies beside the line of the proposal that brought it."""
    payload = dict(row["payload"])
    config_sha256 = hashlib.sha256(payload.pop("config").encode()).hexdigest()
    return {**payload, "config_sha256": config_sha256, "loosening": bool(row["loosening"])}


def recheck(desk: Desk, conn: Connection, row: Mapping[Any, Any], _now: datetime) -> None:
    """What one person may agree to is worked out again; nothing that the row says of itself is believed."""
    found = check_base(desk, conn, row["payload"])
    if row["proposed_by"] != SYSTEM.person_id:
        return
    changes = changes_of(row["payload"])
    past = weigh(parsed_policy(conn), found, changes, desk.lists_folder)
    if row["loosening"] or any(each.loosens for each in past):
        raise ChangeError("refused", TWO_PEOPLE)


def apply(conn: Connection, row: Mapping[Any, Any], actor: Actor, now: datetime) -> Mapping[str, str]:
    supersede(conn, row["payload"]["base_id"], actor, now)
    return {}


def supersede(conn: Connection, row_id: str | None, actor: Actor, now: datetime) -> None:
    """The row in force; whether it is one is seen to by who calls."""
    if row_id is None:
        return
    gone = step(State.APPROVED, Act.SUPERSEDE)
    conn.execute(
        update(proposal)
        .where(proposal.c.id == row_id, proposal.c.state == State.APPROVED)
        .values(state=gone, ended_by=actor.person_id, ended_at=now)
    )


def replace_waiting(conn: Connection, row_ids: Iterable[str], actor: Actor, now: datetime) -> None:
    gone = step(State.REQUESTED, Act.SUPERSEDE)
    conn.execute(
        update(proposal)
        .where(proposal.c.id.in_(list(row_ids)), proposal.c.state == State.REQUESTED)
        .values(state=gone, ended_by=actor.person_id, ended_at=now)
    )


def check_base(desk: Desk, conn: Connection, payload: Mapping[str, Any]) -> Between:
    """Nobody may undo, unseen, what came into force meanwhile. Raises ChangeError wrong-state, refused."""
    agreed = agreed_lists(conn)
    if (agreed.row_id, agreed.generation) != (payload["base_id"], payload["base"]):
        raise ChangeError("wrong-state", STALE)
    found = Between(agreed, opened(desk, agreed.generation), opened(desk, payload["generation"]))
    same = from_the_same(agreed, payload["config"], desk.lists_folder)
    require_fit(parsed_policy(conn), found, changes_of(payload), same)
    return found


def require_fit(policy: Policy, found: Between, changes: Sequence[ListChange], same: Collection[str]) -> None:
    """`same`: the lists that come from where they did (`from_the_same`). Raises ChangeError refused."""
    if not belong(changes, found.old, found.new):
        raise ChangeError("refused", OTHER)
    refuse_unfit(policy, found, same)


def changes_of(payload: Mapping[str, Any]) -> tuple[ListChange, ...]:
    return tuple(ListChange(**each) for each in payload["changes"])


def opened(desk: Desk, generation: str) -> Lists:
    """Raises ChangeError refused."""
    try:
        return desk.lists_of(generation)
    except IndexFault as fault:
        says = f"the lists {generation[:12]} are missing or damaged ({fault.why}); build them anew"
        raise ChangeError("refused", says) from fault


def refuse_unfit(policy: Policy, found: Between, same: Collection[str]) -> None:
    """What no two people may agree on. Raises ChangeError refused, naming every category and list."""
    shut = {name for name, row in policy.access.items() if row.illegal or row.locked}
    lost = sorted(shut & found.old.categories - found.new.categories)
    kept = {each.list_id for each in found.new.lists if each.sealed}
    gone = sorted(found.agreed.sealed_lists - kept)
    fields = {f"lists.{name}": "is illegal or locked, and would have no list any more" for name in lost}
    fields |= {f"lists.{name}": EMPTIED for name in emptied(found.old, found.new, same)}
    fields |= {f"lists.{name}": STAYS for name in gone}
    fields |= {f"lists.{name}": "is illegal, and has no exceptions" for name in excepted(policy, found.new)}
    refuse(fields)


def excepted(policy: Policy, lists: Lists) -> list[str]:
    """The illegal categories in which some list has an exception."""
    by_entries = {count.category for each in lists.lists for count in each.counts if count.exceptions}
    by_patterns = {said[0] for *_, pairs in lists.patterns for said in pairs if said[2] in EXCEPTIONS}
    illegal = {name for name, row in policy.access.items() if row.illegal}
    return sorted(illegal & (by_entries | by_patterns))


def bring_in(made: Change, step_: Step, reason: str, *, decided_by: Actor | None = None) -> dict[str, Any]:
    """In force at once: what two people agreed on at work, or one person's word where that is enough."""
    base = step_.base
    supersede(made.conn, base.row_id if base else None, decided_by or SYSTEM, made.at)
    return write_row(made, step_, reason, State.APPROVED, decided_by=decided_by)


def write_row(
    made: Change, step_: Step, reason: str, state: State, *, decided_by: Actor | None = None
) -> dict[str, Any]:
    """In the name of the system. Returns the row."""
    replace_waiting(made.conn, step_.replaces, decided_by or SYSTEM, made.at)
    row = {
        "id": secrets.token_hex(8),
        "kind": KIND,
        "state": state,
        "loosening": any(each.loosens for each in step_.because),
        "payload": step_.payload,
        "reason": reason,
        "proposed_by": SYSTEM.person_id,
        "proposed_at": made.at,
        "decided_by": decided_by.person_id if decided_by else None,
        "decided_at": made.at if decided_by else None,
    }
    made.conn.execute(insert(proposal).values(row))
    return row
