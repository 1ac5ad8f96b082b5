"""Whether policy.yaml and lists.yaml on the server's disk are what is in force (S77).

The files are what somebody wants; what two people agreed on decides.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from audit_api.disk import digest_of
from audit_api.problems import Problem
from audit_api.window import Window
from audit_log.tables import proposal
from change_control.errors import ChangeError
from change_control.in_force import agreed_lists
from filter_policy.life_cycle import State


@dataclass(frozen=True, slots=True)
class Drift:
    """`proposed`: what is on disk waits for somebody to agree. None: it cannot be known."""

    differs: bool
    proposed: bool = False


def policy_drift(window: Window, conn: Connection) -> Drift | None:
    """None where the file is missing, or nothing is in force yet."""
    file = window.desk.policy_file
    on_disk = None if file is None else window.disk.digest(file)
    if on_disk is None:
        return None
    try:
        in_force = window.bundle().policy_text
    except Problem:
        return None
    differs = on_disk != digest_of(in_force)
    return Drift(differs, differs and _waits(conn, "policy", "text", on_disk))


def lists_drift(window: Window, conn: Connection) -> Drift | None:
    """None as above, and where nobody has agreed on a lists.yaml yet."""
    file = window.desk.lists_file
    on_disk = None if file is None else window.disk.digest(file)
    try:
        agreed = agreed_lists(conn).config_text
    except ChangeError:
        return None
    if on_disk is None or not agreed:
        return None
    differs = on_disk != digest_of(agreed)
    return Drift(differs, differs and _waits(conn, "lists", "config", on_disk))


def _waits(conn: Connection, kind: str, named: str, digest: str) -> bool:
    query = select(proposal.c.payload).where(proposal.c.kind == kind, proposal.c.state == State.REQUESTED)
    payloads = conn.scalars(query).all()
    return any(isinstance(each.get(named), str) and digest_of(each[named]) == digest for each in payloads)
