"""The kind "policy": the whole text and the lists, agreed on whole; in force is the last one approved.

The lists are named by the hash of their content. What lists.yaml says on disk is a candidate and no more: it
comes into force with the policy that was proposed with it. No proposal makes a category that is illegal
anything else, nor leaves an illegal or locked one without its lists (invariant 3).
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from audit_log.tables import proposal
from change_control.desk import Actor, Desk, Lists
from change_control.drafts import Draft
from change_control.errors import ChangeError, bad_input
from change_control.in_force import InForce, parsed, policy_in_force
from change_control.texts import fault_of
from filter_lists.manifest import IndexFault
from filter_policy.life_cycle import Act, State, step
from filter_policy.model import CategoryAccess
from filter_policy.parse import PolicyError

LONGEST_POLICY = 1_000_000  # characters
NONE = ("", 0)


def draft(desk: Desk, conn: Connection, text: str, candidate: Lists, reason: str) -> Draft:
    """Of a text that `check_policy` took. Raises ChangeError: bad-input if nothing would change, refused."""
    now = policy_in_force(conn)
    if now.is_agreed and (now.text, now.lists) == (text, candidate.generation):
        raise bad_input({"text": "nothing would change: this policy and these lists are in force"})
    agreed = _opened(desk, now.lists)
    _refuse(now, text, agreed, candidate)
    payload = {
        "text": text,
        "base": now.id,
        "lists": candidate.generation,
        "entries": entries_changed(agreed, candidate),
    }
    return Draft("policy", payload, reason, texts={"policy": text})


def check_policy(text: str) -> None:
    """Raises ChangeError bad-input: one field for each fault, named by file and line."""
    if fault := fault_of(text, LONGEST_POLICY):
        raise bad_input({"text": fault})
    try:
        parsed(text)
    except PolicyError as error:
        raise ChangeError(
            "bad-input", f"the policy has {len(error.faults)} fault(s)", _by_line(error.faults)
        ) from error


def _by_line(faults: list[str]) -> dict[str, str]:
    """The fault "policy.yaml:12: access: …" under policy.yaml:12; a second one under policy.yaml:12 (2)."""
    told: dict[str, str] = {}
    for fault in faults:
        where, _, what = fault.partition(": ")
        field, times = where, 1
        while field in told:
            times += 1
            field = f"{where} ({times})"
        told[field] = what
    return told


def facts(row: Mapping[Any, Any]) -> dict[str, object]:
    payload = row["payload"]
    named = {key: payload[key] for key in ("base", "lists", "entries") if key in payload}
    return {"policy_sha256": sha256_of(payload["text"]), **named}


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def recheck(desk: Desk, conn: Connection, row: Mapping[Any, Any], _now: datetime) -> None:
    """Nobody may undo, unread, what two others agreed on meanwhile: the base must still be in force."""
    payload = row["payload"]
    check_policy(payload["text"])
    now = policy_in_force(conn)
    if now.id != payload["base"]:
        raise ChangeError("wrong-state", "another policy has come into force since; propose this one anew")
    _refuse(now, payload["text"], _opened(desk, now.lists), _opened(desk, payload["lists"]))


def _opened(desk: Desk, generation: str) -> Lists:
    try:
        return desk.lists_of(generation)
    except IndexFault as fault:
        says = f"the lists {generation[:12]} are missing or damaged ({fault.why}); put them back first"
        raise ChangeError("refused", says) from fault


def _refuse(now: InForce, text: str, agreed: Lists, candidate: Lists) -> None:
    """What no two people may agree on. Raises ChangeError refused."""
    rows, wanted = parsed(now.text).access, parsed(text).access
    opened = [name for name, row in rows.items() if row.illegal and not _is_illegal(wanted.get(name))]
    if opened:
        says = f"what is illegal stays illegal; missing or changed: {_rows(opened)}"
        raise ChangeError("refused", says, {f"access.{name}": "must stay illegal" for name in opened})
    shut = {name for name, row in rows.items() if row.illegal or row.locked}
    if lost := sorted(shut & agreed.categories - candidate.categories):
        says = f"the new lists have not one entry left for what is illegal or locked: {', '.join(lost)}"
        raise ChangeError("refused", says, {f"lists.{name}": "has no list any more" for name in lost})


def _is_illegal(row: CategoryAccess | None) -> bool:
    return row is not None and row.illegal


def _rows(names: Iterable[str]) -> str:
    return ", ".join(f"access.{name}" for name in names)


def entries_changed(old: Lists, new: Lists) -> dict[str, dict[str, int]]:
    """By category, where anything differs: entries before and after, and how many lists are not the same.

    Counts alone: what stands in a list of illegal content is read out to nobody.
    """
    before, after = _by_category(old), _by_category(new)
    told = {}
    for category in sorted(before.keys() | after.keys()):
        was, will = before.get(category, {}), after.get(category, {})
        changed = sum(was.get(each, NONE)[0] != will.get(each, NONE)[0] for each in was.keys() | will.keys())
        if changed:
            told[category] = {
                "before": sum(entries for _, entries in was.values()),
                "after": sum(entries for _, entries in will.values()),
                "lists_changed": changed,
            }
    return told


def _by_category(lists: Lists) -> dict[str, dict[str, tuple[str, int]]]:
    """Category -> list -> hash of its file, and how many entries it has."""
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for each in lists.lists:
        found.setdefault(each.category, {})[each.list_id] = (each.sha256, each.entries)
    return found


def apply(conn: Connection, row: Mapping[Any, Any], actor: Actor, now: datetime) -> Mapping[str, str]:
    """The one in force until now is superseded; this one's own state is moved by whoever called."""
    superseded = step(State.APPROVED, Act.SUPERSEDE)
    conn.execute(
        update(proposal)
        .where(proposal.c.id == row["payload"]["base"], proposal.c.state == State.APPROVED)
        .values(state=superseded, ended_by=actor.person_id, ended_at=now)
    )
    return {}
