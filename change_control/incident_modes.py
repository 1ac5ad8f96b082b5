"""What two seniors sign for investigation mode (S166, S167): one device, named sites, for four hours at most.

The gates hold a request against these facts (filter_policy/case_orders.py); nothing of the illegal lists is
opened by them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from audit_log.incident_model import Incident
from audit_log.incidents import devices_shut
from audit_log.people import people
from audit_log.seal import stamp
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.in_force import agreed_lists, parsed_policy
from change_control.incident_readers import looker, signers
from change_control.incident_rights import leads
from change_control.incident_steps import as_error, step_fault
from change_control.list_rows import opened
from change_control.texts import fault_of
from filter_lists.names import Site, Url
from filter_policy.decide import is_illegal
from filter_policy.devices import device_in
from filter_policy.judge import listings_of
from filter_policy.unblocking import parse_sites

MOST_MINUTES = 240
A_WHILE = timedelta(minutes=1)
MOST_SITES = 20
FIELDS = frozenset({"device", "sites", "minutes", "people", "deviation", "reason"})
NOT_ONE = "the address of one device is needed, like 10.0.3.17"
SHUT = "this device is shut off as evidence; it is looked into by nobody here"
ITS_OWN = "the incident is about this device, and looking changes it; say why it has to be this one"
ANOTHER = "one computer serves for the whole procedure, {known}; say why it is another"


def mode_facts(  # noqa: PLR0917  # as every verb, and which case
    desk: Desk, conn: Connection, case: Incident, actor: Actor, raw: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """`raw`: device, sites, minutes, reason; perhaps people (ids) and deviation. Raises ChangeError."""
    if fault := step_fault(case, "mode", {**raw, "ends_at": stamp(now + A_WHILE)}, now):
        raise as_error(fault)
    faults: dict[str, str] = {}
    if unknown := sorted(raw.keys() - FIELDS):
        faults[unknown[0]] = f"there is no such field; there are {', '.join(sorted(FIELDS))}"
    deviation = raw.get("deviation") or ""
    if fault := fault_of(deviation):
        faults["deviation"] = fault
    device = _device(conn, case, raw, faults)
    sites = parse_sites(raw.get("sites"), faults)
    if len(sites) > MOST_SITES:
        faults["sites"] = f"{len(sites)} sites; {MOST_SITES} at most are looked into at once"
    minutes = raw.get("minutes")
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= MOST_MINUTES:
        faults["minutes"] = f"between 1 and {MOST_MINUTES}"
    whom = _people(conn, case, actor, raw.get("people"), now, faults)
    if faults or not isinstance(minutes, int):
        raise bad_input(faults)
    _refuse_illegal(desk, conn, sites)
    return {
        "device": device,
        "sites": [str(each) for each in sites],
        "people": whom,
        "starts_at": stamp(now),
        "ends_at": stamp(now + timedelta(minutes=minutes)),
        "reason": raw.get("reason", ""),
        **({"deviation": deviation.strip()} if deviation else {}),
    }


def _device(conn: Connection, case: Incident, raw: Mapping[str, Any], faults: dict[str, str]) -> str:
    try:
        device = device_in(str(raw.get("device", "")))
    except ValueError:
        faults["device"] = NOT_ONE
        return ""
    if any(each.isolated.device == device for each in devices_shut(conn)):
        faults["device"] = SHUT
    if raw.get("deviation"):
        return device
    before = {
        each.facts["device"] for each in case.steps if each.act == "mode" and each.signed_at is not None
    }
    if device == case.device:
        faults.setdefault("device", ITS_OWN)
    elif before and device not in before:
        faults.setdefault("device", ANOTHER.format(known=", ".join(sorted(before))))
    return device


def _people(  # noqa: PLR0917  # as every verb, and where faults are told
    conn: Connection,
    case: Incident,
    actor: Actor,
    named: object,
    now: datetime,
    faults: dict[str, str],
) -> list[str]:
    """Who may use it, and sign it: of the seniors on the case those who are named, or all."""
    able = {each.id: each for each in signers(conn, case, (one.id for one in people(conn)), now)}
    if named is None:
        return sorted(able)
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        faults["people"] = "a list of ids is needed"
        return []
    if not able.keys() >= set(named) or actor.person_id not in named or len(set(named)) < 2:  # two seniors
        faults["people"] = "you and at least one more are needed, all of them seniors on the case"
    elif not any(leads(case, looker(able[each])) for each in named):
        faults["people"] = "one of them has to lead the case: the headteacher, or the coordinator"
    return sorted(set(named))


def _refuse_illegal(desk: Desk, conn: Connection, sites: tuple[Site, ...]) -> None:
    """As it is refused for a lesson (S135); a kind that is locked is what this is for."""
    policy, lists = parsed_policy(conn), opened(desk, agreed_lists(conn).generation)
    for site in sites:
        found = listings_of(Url("https", site.host, 443, site.path), lists.lookup, policy)
        if any(is_illegal(each, policy) for each in found):
            says = f"the site {site} is on a list of illegal content; it is the police's, and nobody opens it"
            raise ChangeError("refused", says)


def require_named(step_people: object, actor: Actor) -> None:
    """Whoever signs second is one of those it is for."""
    if not isinstance(step_people, list) or actor.person_id not in step_people:
        raise ChangeError("wrong-role", "it was asked for others; they sign it, or it is asked for anew")
