"""The kind "policy": the whole text, agreed on whole; the one in force is the last one approved."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from audit_log.tables import proposal
from change_control.desk import Actor, Desk
from change_control.drafts import Draft
from change_control.errors import ChangeError, bad_input
from change_control.in_force import policy_in_force
from change_control.texts import fault_of
from filter_policy.life_cycle import Act, State, step
from filter_policy.parse import PolicyError, parse_policy

LONGEST_POLICY = 1_000_000  # characters


def draft(conn: Connection, text: str, reason: str) -> Draft:
    """Raises ChangeError bad-input with every fault of the text."""
    check_policy(text)
    payload = {"text": text, "base": policy_in_force(conn)[1]}
    return Draft("policy", payload, reason, texts={"policy": text})


def check_policy(text: str) -> None:
    """Raises ChangeError bad-input: one field for each fault, named by file and line."""
    if fault := fault_of(text, LONGEST_POLICY):
        raise bad_input({"text": fault})
    try:
        parse_policy(text)
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
    return {"policy_sha256": sha256_of(row["payload"]["text"]), "base": row["payload"]["base"]}


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def recheck(_desk: Desk, conn: Connection, row: Mapping[Any, Any], _now: datetime) -> None:
    """Nobody may undo, unread, what two others agreed on meanwhile: the base must still be in force."""
    check_policy(row["payload"]["text"])
    if policy_in_force(conn)[1] != row["payload"]["base"]:
        raise ChangeError("wrong-state", "another policy has come into force since; propose this one anew")


def apply(conn: Connection, row: Mapping[Any, Any], actor: Actor, now: datetime) -> None:
    """The one in force until now is superseded; this one's own state is moved by whoever called."""
    superseded = step(State.APPROVED, Act.SUPERSEDE)
    conn.execute(
        update(proposal)
        .where(proposal.c.id == row["payload"]["base"], proposal.c.state == State.APPROVED)
        .values(state=superseded, ended_by=actor.person_id, ended_at=now)
    )
