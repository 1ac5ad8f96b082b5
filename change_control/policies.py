"""The kind "policy": the whole text, agreed on whole; in force is the last one approved.

It names the lists that were in force when it was proposed, and moves them never: they have proposals of their
own (`list_rows.py`). No policy makes a category that is illegal anything else (invariant 3).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, update

from audit_log.db import reading
from audit_log.tables import proposal
from change_control.desk import Actor, Desk, Lists
from change_control.drafts import Draft
from change_control.effects import KEPT, Compared, kept, to_compare
from change_control.errors import ChangeError, bad_input, with_faults
from change_control.in_force import InForce, agreed_lists, parsed, policy_in_force
from change_control.list_rows import excepted, opened
from change_control.often import OFTEN, too_often
from change_control.probes import refuse_illegal_checks
from change_control.texts import fault_of
from filter_policy.checks import failing
from filter_policy.comparing import Comparison
from filter_policy.life_cycle import Act, State, step
from filter_policy.model import CategoryAccess
from filter_policy.parse import PolicyError
from filter_policy.worded import worded

LONGEST_POLICY = 1_000_000  # characters
FAILING = "failing"  # in a payload: the checks of the text that it does not keep itself


def draft(desk: Desk, conn: Connection, text: str, reason: str, *, often: bool) -> Draft:
    """Of a text that `look_at` took. Raises ChangeError: bad-input if nothing would change, refused.

    `often`: whoever proposes it has tightened the policy as often today as one person may alone.
    """
    now = policy_in_force(conn)
    if now.is_agreed and now.text == text:
        raise bad_input({"text": "nothing would change: this policy is in force"})
    generation = agreed_lists(conn).generation
    lists = opened(desk, generation)
    _refuse(now, text, lists)
    found = _to_compare(desk, conn, text).result
    failed = list(_failing(now.text, text, lists))  # told, and no reason to refuse
    payload: dict[str, Any] = {
        "text": text,
        "base": now.id,
        "lists": generation,
        KEPT: kept(found),
        FAILING: failed,
    }
    # What one person set up is no measure: the first policy that is agreed on is agreed on by two. And who
    # changes nothing but the words around the rows shuts nothing: others read them.
    only_words = not worded(parsed(now.text), parsed(text))
    loosening = found.loosening or not now.is_agreed or only_words
    if often and not loosening:
        payload[OFTEN], loosening = True, True
    return Draft("policy", payload, reason, texts={"policy": text}, loosening=loosening)


@lru_cache(maxsize=4)
def _failing(in_force: str, text: str, lists: Lists) -> tuple[str, ...]:
    """Remembered, so that what was tried before a transaction is not tried again in it."""
    return tuple(each.says for each in failing(parsed(text), lists.lookup, parsed(in_force)))


@dataclass(frozen=True, slots=True)
class Looked:
    """What a text would do if it were in force now."""

    old_text: str
    is_agreed: bool  # False: the policy in force is that of the founding
    lists: str
    found: Comparison
    failing: tuple[str, ...]
    often: bool  # one person has tightened it as often today as one may


def look_at(desk: Desk, actor: Actor, text: str, at: datetime) -> Looked:
    """Without proposing it. It may take a second or two, so nobody waits for it in a transaction.

    Raises ChangeError: bad-input with every fault, not-established, refused.
    """
    check_policy(text)
    with reading(desk.engine) as conn:
        now, generation = policy_in_force(conn), agreed_lists(conn).generation
        asked, often = _to_compare(desk, conn, text), too_often(conn, actor, "policy", at)
    lists = opened(desk, generation)
    refuse_illegal_checks(desk, actor, parsed(text).checks, lists.lookup, parsed(now.text), at)
    failed = _failing(now.text, text, lists)
    return Looked(now.text, now.is_agreed, generation, asked.result, failed, often)


def _to_compare(desk: Desk, conn: Connection, text: str) -> Compared:
    lists = opened(desk, agreed_lists(conn).generation)
    return to_compare(conn, policy_in_force(conn).text, text, lists)


def check_policy(text: str) -> None:
    """Raises ChangeError bad-input: one field for each fault, named by file and line."""
    if fault := fault_of(text, LONGEST_POLICY):
        raise bad_input({"text": fault})
    try:
        parsed(text)
    except PolicyError as error:
        raise ChangeError(
            "bad-input", with_faults("the policy", error.faults), by_line(error.faults)
        ) from error


def by_line(faults: Iterable[str]) -> dict[str, str]:
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
    now, lists = policy_in_force(conn), agreed_lists(conn)
    brings_lists = lists.row_id is None and payload.get("lists", "") != lists.generation
    if now.id != payload["base"] or brings_lists:
        raise ChangeError("wrong-state", "another policy has come into force since; propose this one anew")
    _refuse(now, payload["text"], opened(desk, lists.generation))


def _refuse(now: InForce, text: str, lists: Lists) -> None:
    """What no two people may agree on. Raises ChangeError refused."""
    rows, wanted = parsed(now.text).access, parsed(text)
    lost = [name for name, row in rows.items() if row.illegal and not _is_illegal(wanted.access.get(name))]
    if lost:
        says = f"what is illegal stays illegal; missing or changed: {_rows(lost)}"
        raise ChangeError("refused", says, {f"access.{name}": "must stay illegal" for name in lost})
    if both := excepted(wanted, lists):
        says = f"what is illegal has no exceptions, and the lists have some: {_rows(both)}"
        raise ChangeError("refused", says, {f"access.{name}": "the lists have exceptions" for name in both})


def _is_illegal(row: CategoryAccess | None) -> bool:
    return row is not None and row.illegal


def _rows(names: Iterable[str]) -> str:
    return ", ".join(f"access.{name}" for name in names)


def apply(conn: Connection, row: Mapping[Any, Any], actor: Actor, now: datetime) -> Mapping[str, str]:
    """The one in force until now is superseded; this one's own state is moved by whoever called."""
    superseded = step(State.APPROVED, Act.SUPERSEDE)
    conn.execute(
        update(proposal)
        .where(proposal.c.id == row["payload"]["base"], proposal.c.state == State.APPROVED)
        .values(state=superseded, ended_by=actor.person_id, ended_at=now)
    )
    return {}
