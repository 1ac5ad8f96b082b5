"""The kind "unblock": sites for a lesson (A169): who, what, when, why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from audit_log.people import person_by_id, person_by_username
from audit_log.tables import person
from change_control.desk import Actor, Desk
from change_control.drafts import Draft, instant
from change_control.errors import ChangeError, bad_input
from change_control.in_force import agreed_lists, parsed_policy
from change_control.list_rows import opened
from change_control.texts import fault_of
from filter_policy.unblocking import AskError, UnblockAsk, parse_ask, refusal

MOST_PEOPLE = 100
MOST_NAMES = 50
LONGEST_NAME = 64


def draft(desk: Desk, conn: Connection, raw: Mapping[str, object], now: datetime) -> Draft:
    """Raises ChangeError: bad-input naming every field, or refused with the reason (S135)."""
    faults: dict[str, str] = {}
    ask = _ask(conn, _with_ids(conn, raw, faults), faults, now)
    _refuse(desk, conn, ask)
    payload = {
        "sites": [str(site) for site in ask.sites],
        "classes": sorted(ask.classes),
        "filter_groups": sorted(ask.filter_groups),
        "people": sorted(ask.people),
        "subject": ask.subject,
    }
    return Draft("unblock", payload, ask.reason, ask.starts_at, ask.ends_at, {"subject": ask.subject})


def facts(row: Mapping[Any, Any]) -> dict[str, object]:
    named = {key: row["payload"][key] for key in ("sites", "classes", "filter_groups", "people")}
    return {**named, "starts_at": instant(row["starts_at"]), "ends_at": instant(row["ends_at"])}


def recheck(desk: Desk, conn: Connection, row: Mapping[Any, Any], now: datetime) -> None:
    """Asked again in full, of the policy and the lists in force now. Raises ChangeError refused."""
    payload = row["payload"]
    raw = {
        "sites": payload["sites"],
        "for": {key: payload[key] for key in ("classes", "filter_groups", "people")},
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "subject": payload["subject"],
        "reason": row["reason"],
    }
    try:
        ask = parse_ask(raw, parsed_policy(conn), now)
    except AskError as error:
        raise ChangeError("refused", f"this can no longer be opened: {error}", error.faults) from error
    _refuse(desk, conn, ask)


def apply(_conn: Connection, _row: Mapping[Any, Any], _actor: Actor, _now: datetime) -> Mapping[str, str]:
    """Nothing else: an approved unblock is in the next bundle, and `decide` holds it to its times."""
    return {}


def _ask(conn: Connection, raw: Mapping[str, object], faults: dict[str, str], now: datetime) -> UnblockAsk:
    for field in ("subject", "reason"):
        if (fault := fault_of(raw.get(field) or "")) is not None:
            faults[field] = fault
    _check_names(conn, raw.get("for"), faults)
    try:
        ask = parse_ask(raw, parsed_policy(conn), now)
    except AskError as error:
        raise bad_input({**error.faults, **faults}) from error
    if faults:
        raise bad_input(faults)
    return ask


def _check_names(conn: Connection, whom: object, faults: dict[str, str]) -> None:
    """Few names, and short; and classes that somebody is in. Of groups the policy knows which there are."""
    for field in ("classes", "filter_groups"):
        names = whom.get(field) if isinstance(whom, Mapping) else None
        if not isinstance(names, list):
            continue
        if len(names) > MOST_NAMES or any(len(str(name)) > LONGEST_NAME for name in names):
            faults[f"for.{field}"] = f"at most {MOST_NAMES} names of at most {LONGEST_NAME} characters"
        elif field == "classes" and (unknown := {str(name).strip() for name in names} - _classes(conn)):
            faults["for.classes"] = f"no such class: {', '.join(sorted(unknown))}"


def _classes(conn: Connection) -> set[str]:
    """Those of everybody in the register."""
    return {name for classes in conn.execute(select(person.c.classes)).scalars() for name in classes}


def _refuse(desk: Desk, conn: Connection, ask: UnblockAsk) -> None:
    lists = opened(desk, agreed_lists(conn).generation)
    if reason := refusal(ask, parsed_policy(conn), lists.lookup):
        raise ChangeError("refused", reason)


def _with_ids(conn: Connection, raw: Mapping[str, object], faults: dict[str, str]) -> Mapping[str, object]:
    """`for.people` may name people by username or id; from here on by id alone."""
    whom = raw.get("for")
    if not isinstance(whom, Mapping) or not isinstance(named := whom.get("people"), list):
        return raw
    if len(named) > MOST_PEOPLE:
        faults["for.people"] = f"at most {MOST_PEOPLE} people; for more, name their class or group"
        return raw
    found = {str(name): _person_id(conn, str(name)) for name in named}
    if missing := [name for name, person_id in found.items() if person_id is None]:
        faults["for.people"] = f"no such person: {', '.join(missing)}"
    return {**raw, "for": {**whom, "people": [known for known in found.values() if known]}}


def _person_id(conn: Connection, name: str) -> str | None:
    found = person_by_id(conn, name) or person_by_username(conn, name.strip())
    return found.id if found else None
