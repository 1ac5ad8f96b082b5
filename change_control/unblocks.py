"""The kind "unblock": sites for a lesson (A169): who, what, when, why (S69 to S74)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from audit_log.people import Registered, person_by_id, person_by_username
from audit_log.seal import stamp
from audit_log.tables import person, proposal
from change_control.desk import Actor, Desk
from change_control.drafts import Draft, instant
from change_control.errors import ChangeError, bad_input
from change_control.in_force import agreed_lists, parsed_policy
from change_control.list_rows import opened
from change_control.roles import APPROVING
from change_control.texts import fault_of
from filter_lists.names import NameFault
from filter_policy.model import Role
from filter_policy.unblocking import AskError, UnblockAsk, parse_ask, refusal, site_asked

MOST_PEOPLE = 100
MOST_NAMES = 50
LONGEST_NAME = 64
WHOM = ("classes", "filter_groups", "people")
WRITTEN = ("subject", "objective", "tried")  # what people wrote about it besides the reason
SEALED = ("sites", *WHOM, "windows", "companions", "supervised_by", "extends", "agreed")
ADULTS = frozenset({*Role} - {Role.PUPIL})


@dataclass(frozen=True, slots=True)
class Agreed:
    """What whoever approves agrees to. `sites` None: to all that were asked for."""

    sites: Sequence[str] | None = None
    companions: Sequence[str] = ()


def draft(desk: Desk, conn: Connection, raw: Mapping[str, object], now: datetime, actor: Actor) -> Draft:
    """Raises ChangeError: bad-input naming every field, or refused with the reason (S135)."""
    faults: dict[str, str] = {}
    supervised_by = _supervisor(conn, raw.get("supervised_by"), actor, faults)
    extends = _extended(conn, raw.get("extends"), actor, faults)
    ask = _ask(conn, with_ids(conn, raw, faults), faults, now)
    _refuse(desk, conn, ask)
    payload = {
        "sites": [str(site) for site in ask.sites],
        "companions": [str(site) for site in ask.companions],
        "classes": sorted(ask.classes),
        "filter_groups": sorted(ask.filter_groups),
        "people": sorted(ask.people),
        "windows": [[stamp(edge) for edge in window] for window in ask.windows],
        "subject": ask.subject,
        "objective": ask.objective,
        "tried": ask.tried,
        "supervised_by": supervised_by,
        "extends": extends,
    }
    texts = {name: str(payload[name]) for name in WRITTEN if payload[name]}
    return Draft("unblock", payload, ask.reason, ask.starts_at, ask.ends_at, texts)


def facts(row: Mapping[Any, Any]) -> dict[str, object]:
    """Requests of earlier versions name fewer things."""
    named = {name: row["payload"][name] for name in SEALED if name in row["payload"]}
    return {**named, "starts_at": instant(row["starts_at"]), "ends_at": instant(row["ends_at"])}


def agree_to(conn: Connection, row: Mapping[Any, Any], only: Agreed) -> None:
    """Written into the row that is being approved. Raises ChangeError bad-input: nothing, or what nobody
    asked for.

    A companion is agreed on when it is named, and not otherwise (S71).
    """
    if row["kind"] != "unblock":
        raise bad_input({"sites": "only a request for sites is agreed to in part"})
    payload, faults = row["payload"], dict[str, str]()
    sites = _chosen(only.sites, payload["sites"], "sites", faults)
    companions = _chosen(only.companions, payload.get("companions", ()), "companions", faults)
    if not sites and not faults:
        faults["sites"] = "at least one is needed; to agree to none of them, decline the request"
    if faults:
        raise bad_input(faults)
    said = {**payload, "agreed": {"sites": sites, "companions": companions}}
    conn.execute(update(proposal).where(proposal.c.id == row["id"]).values(payload=said))


def recheck(desk: Desk, conn: Connection, row: Mapping[Any, Any], now: datetime) -> None:
    """Asked again in full, of the policy and the lists in force now. Raises ChangeError refused."""
    payload = row["payload"]
    windows = [dict(zip(("starts_at", "ends_at"), each, strict=True)) for each in payload.get("windows", ())]
    stretch = {} if windows else {name: row[name] for name in ("starts_at", "ends_at")}
    raw = {
        **(payload.get("agreed") or {"sites": payload["sites"]}),
        **stretch,
        "windows": windows,
        "for": {key: payload[key] for key in WHOM},
        "subject": payload["subject"],
        "reason": row["reason"],
    }
    try:
        ask = parse_ask(raw, parsed_policy(conn), now)
    except AskError as error:
        raise ChangeError("refused", f"this can no longer be opened: {error}", error.faults) from error
    _refuse(desk, conn, ask)


def apply(conn: Connection, row: Mapping[Any, Any], _actor: Actor, _now: datetime) -> Mapping[str, str]:
    """What was agreed on stands in the row: an approved unblock is in the next bundle, and `decide` holds it
    to its times."""
    if "agreed" not in row["payload"]:
        agree_to(conn, row, Agreed())
    return {}


def _chosen(
    named: Sequence[str] | None, asked: Sequence[str], field: str, faults: dict[str, str]
) -> list[str]:
    """Those of the asked ones that are named, in the order they were asked in."""
    if named is None:
        return list(asked)
    wanted = {_canonical(each) for each in named}
    if unknown := sorted(wanted - set(asked)):
        there = ", ".join(asked) or "none"
        faults[field] = f"nobody asked for {', '.join(unknown)}; there are: {there}"
    return [each for each in asked if each in wanted]


def _canonical(text: str) -> str:
    try:
        return str(site_asked(text))
    except NameFault:
        return text


def _ask(conn: Connection, raw: Mapping[str, object], faults: dict[str, str], now: datetime) -> UnblockAsk:
    for field in ("reason", *WRITTEN):
        if (fault := fault_of(raw.get(field) or "")) is not None:
            faults[field] = fault
    check_names(conn, raw.get("for"), faults)
    try:
        ask = parse_ask(raw, parsed_policy(conn), now)
    except AskError as error:
        raise bad_input({**error.faults, **faults}) from error
    if faults:
        raise bad_input(faults)
    return ask


def check_names(conn: Connection, whom: object, faults: dict[str, str]) -> None:
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


def _supervisor(conn: Connection, named: object, actor: Actor, faults: dict[str, str]) -> str:
    """The id of an adult on the register; whoever asks, where nobody is named."""
    if named is None or named == "":
        return actor.person_id
    found = _somebody(conn, named) if isinstance(named, str) else None
    if found is None or found.role not in ADULTS:
        faults["supervised_by"] = "the user name of an adult on the register is needed"
        return actor.person_id
    return found.id


def _extended(conn: Connection, named: object, actor: Actor, faults: dict[str, str]) -> str | None:
    """The request that this one goes on from: one's own, or anybody's for those who approve (S72)."""
    if named is None or named == "":
        return None
    asked = select(proposal.c.proposed_by).where(proposal.c.id == str(named), proposal.c.kind == "unblock")
    by = conn.execute(asked).scalar_one_or_none()
    if by is None or (by != actor.person_id and actor.role not in APPROVING):
        faults["extends"] = "no such request of yours"
        return None
    return str(named)


def with_ids(conn: Connection, raw: Mapping[str, object], faults: dict[str, str]) -> Mapping[str, object]:
    """`for.people` may name people by username or id; from here on by id alone."""
    whom = raw.get("for")
    if not isinstance(whom, Mapping) or not isinstance(named := whom.get("people"), list):
        return raw
    if len(named) > MOST_PEOPLE:
        faults["for.people"] = f"at most {MOST_PEOPLE} people; for more, name their class or group"
        return raw
    found = {str(name): _somebody(conn, str(name)) for name in named}
    if missing := [name for name, known in found.items() if known is None]:
        faults["for.people"] = f"no such person: {', '.join(missing)}"
    return {**raw, "for": {**whom, "people": [known.id for known in found.values() if known]}}


def _somebody(conn: Connection, name: str) -> Registered | None:
    return person_by_id(conn, name) or person_by_username(conn, name.strip())
