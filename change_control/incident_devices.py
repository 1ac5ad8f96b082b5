"""Shutting off a device that is evidence (A406, S174): one senior, at once, and two to let it go sooner.

What the log holds of it is evidence from then on, with the week before.
"""

import ipaddress
import secrets
import socket
from datetime import datetime, timedelta

from audit_log.incident_model import Incident, Isolated
from audit_log.seal import stamp
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.incident_lines import write
from change_control.incident_rights import may_sign
from change_control.incidents import looker, opened_case, require_open
from change_control.sealing import change
from change_control.texts import needed
from filter_policy.devices import device_in

MOST_HOURS = 720  # thirty days; then somebody says so again
HELD_BEFORE = timedelta(days=7)
THIS_MACHINE = frozenset({"127.0.0.1", "::1"})  # where the gate tries itself from
NOT_ONE = "the address of one device is needed, like 10.0.3.17"
OURS = "this is the server itself; shut off, it could neither filter nor be asked"
WHY = "rows of a device that was shut off"


def isolate(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk, actor: Actor, incident_id: str, device: str, hours: int, reason: str, now: datetime
) -> Incident:
    """From now on, for so many hours. Raises ChangeError."""
    why, faults = needed(reason), dict[str, str]()
    address = device_fault_or(device, faults)
    if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= MOST_HOURS:
        faults["hours"] = f"between 1 and {MOST_HOURS}"
    if faults:
        raise bad_input(faults)
    ends_at = now + timedelta(hours=hours)
    with change(desk, now) as made:
        case = opened_case(made, actor, "isolate", incident_id)
        require_open(case)
        if not may_sign(case, looker(actor)):
            raise ChangeError("wrong-role", "only the senior people on the case shut a device off")
        if any(
            each.device == address and is_shut(each, now) and each.ends_at >= ends_at
            for each in case.isolated
        ):
            raise ChangeError("wrong-state", "this device is shut off as long already")
        facts = {"device": address, "ends_at": stamp(ends_at), "reason": why}
        case = write(made, case, "isolate", actor, facts, secrets.token_hex(8))
        held = {"id": secrets.token_hex(8), "why": WHY, "person": None, "device": address, "event": None}
        times = {"from": stamp(now - HELD_BEFORE), "to": stamp(ends_at)}
        return write(made, case, "evidence", actor, held | times)


def is_shut(isolated: Isolated, now: datetime) -> bool:
    return isolated.released_at is None and isolated.starts_at <= now < isolated.ends_at


def device_fault_or(said: object, faults: dict[str, str]) -> str:
    """The address as it is spelled everywhere; what is wrong with it goes into `faults`."""
    try:
        address = device_in(str(said))
    except ValueError:
        faults["device"] = NOT_ONE
        return ""
    found = ipaddress.ip_address(address)
    if found.is_unspecified or found.is_multicast or address == "255.255.255.255":
        faults["device"] = NOT_ONE
    elif address in THIS_MACHINE or (not found.is_loopback and _is_ours(found)):
        faults["device"] = OURS
    return address


def _is_ours(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether this machine has that address: only then can a socket be bound to it."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # of the protocol
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as tried:
            tried.bind((str(address), 0))
    except OSError:
        return False
    return True
