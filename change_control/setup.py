"""The first two people. Only an empty register is founded, and the first line says that nobody agreed yet.

No software can tell two people from two accounts: each gets a code of their own, in a file of their own.
"""

import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from audit_log.agreements import FOUND_LISTS
from audit_log.enrolment import code_hash, save_code
from audit_log.people import Registered, add_person, new_person_id
from audit_log.tables import change_log, person, proposal
from change_control.codes import code_file, new_code, plain_code
from change_control.desk import SYSTEM, Desk
from change_control.errors import ChangeError, bad_input
from change_control.in_force import parsed
from change_control.list_rows import Step, bring_in, excepted, facts
from change_control.policies import check_policy, sha256_of
from change_control.register_rows import name_of, username_of
from change_control.roles import APPROVING
from change_control.sealing import Change, change
from filter_policy.life_cycle import State
from filter_policy.model import Policy, Role

NOT_YET_AGREED = "found as set up by one person, not yet agreed"
Founder = tuple[str, str, str]  # username, name, role
LABELS = ("first", "second")


def found(desk: Desk, policy_text: str, first: Founder, second: Founder, now: datetime) -> dict[str, str]:
    """Two people, the policy, the lists and line 1. Returns each one's enrolment code by username.

    The codes lie in state/enrolment/ too, one file each (0600), until they are used.
    """
    check_policy(policy_text)
    lists = Step("founding", desk.lists_text(), desk.lists())
    if both := excepted(parsed(policy_text), lists.lists):
        raise ChangeError(
            "refused", f"what is illegal has no exceptions; the lists have some: {', '.join(both)}"
        )
    two = _founders((first, second), parsed(policy_text), now)
    codes = {one.username: new_code() for one in two}
    written: list[Path] = []
    try:
        with change(desk, now) as made:
            _require_empty(made.conn)
            for one in two:
                add_person(made.conn, one)
                save_code(made.conn, one.id, plain_code(codes[one.username]), now)
            _first_line(made, policy_text, lists, two, codes)
            for username, code in codes.items():
                written.append(_write_code(code_file(desk.state, username), code))
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return codes


def _founders(two: tuple[Founder, ...], policy: Policy, now: datetime) -> list[Registered]:
    faults: dict[str, str] = {}
    made = [_founder(label, one, policy, now, faults) for label, one in zip(LABELS, two, strict=True)]
    if made[0].username == made[1].username:
        faults.setdefault("second.username", "is the first one's; two people are needed")
    if faults:
        raise bad_input(faults)
    return made


def _founder(label: str, given: Founder, policy: Policy, now: datetime, faults: dict[str, str]) -> Registered:
    username, name, role = given
    try:
        username = username_of(username)
    except ValueError as fault:
        faults[f"{label}.username"] = str(fault)
    try:
        name = name_of(name)
    except ValueError as fault:
        faults[f"{label}.name"] = str(fault)
    if role not in APPROVING:
        faults[f"{label}.role"] = f"allowed: {', '.join(sorted(APPROVING))}"
        role = Role.TECHNICIAN  # never kept: the fault is raised
    groups = groups_for(policy, Role(role))
    return Registered(
        id=new_person_id(),
        username=username,
        name=name,
        role=Role(role),
        filter_groups=groups,
        created_at=now,
    )


def groups_for(policy: Policy, role: Role) -> tuple[str, ...]:
    """The filter groups the policy has for that role; those of the staff, where it has none of its own."""
    for wanted in (role, Role.STAFF):
        if found_ := tuple(sorted(g.name for g in policy.filter_groups.values() if g.role is wanted)):
            return found_
    return ()


def _require_empty(conn: Connection) -> None:
    """Neither people nor a past: emptying one table is no way back to the beginning."""
    for table in (person, proposal, change_log):
        if conn.execute(select(func.count()).select_from(table)).scalar_one():
            raise ChangeError("wrong-state", "this school has been founded already")


def _first_line(
    made: Change, policy_text: str, lists: Step, two: list[Registered], codes: Mapping[str, str]
) -> None:
    proposal_id = secrets.token_hex(8)
    generation = lists.lists.generation
    made.conn.execute(
        insert(proposal).values(
            id=proposal_id,
            kind="policy",
            state=State.APPROVED,
            loosening=True,
            payload={"text": policy_text, "base": None, "lists": generation},
            reason=NOT_YET_AGREED,
            proposed_by=SYSTEM.person_id,
            proposed_at=made.at,
        )
    )
    row = bring_in(made, lists, NOT_YET_AGREED)
    detail = {
        "says": NOT_YET_AGREED,
        "policy": proposal_id,
        "policy_sha256": sha256_of(policy_text),
        "lists": generation,
        FOUND_LISTS: {"id": row["id"], **facts(row)},
        "people": [
            {"person": one.id, "role": str(one.role), "filter_groups": list(one.filter_groups)} for one in two
        ],
        "codes": {one.id: code_hash(plain_code(codes[one.username])) for one in two},
    }
    texts = {"policy": policy_text, "lists": lists.config, "reason": NOT_YET_AGREED}
    made.seal("school:found", SYSTEM, proposal_id, detail, texts)


def _write_code(path: Path, code: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(code + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path
