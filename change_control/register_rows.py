"""What a row of a people proposal may hold, checked whole, and reduced to what it would change."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from audit_log.people import Registered, new_person_id, people
from change_control.drafts import instant
from change_control.proposal import ANONYMOUS
from change_control.roles import APPROVING, READING
from change_control.texts import fault_of
from filter_policy.model import Policy, Role

MOST_ROWS = 5000
MOST_NAMES = 50
LONGEST_NAME = 200
# No colon (it ends the name in Basic credentials) and nothing that means something in a path.
USERNAME = re.compile(r"\w[\w.@'+ -]{0,62}[\w.@'+-]|\w")
ERASED_USERNAME = "erased-"  # what the user name of somebody erased begins with; nobody else's does
NEEDED = ("username", "name", "role", "filter_groups")
UNSIGNED = frozenset({Role.GUEST, Role.COMMUNITY})  # S57: nothing before the agreement is signed
BY_CODE = (
    "nobody chooses the console password of somebody who may approve, or of a governor: "
    "they choose it themselves, with a code in two halves"
)
Labelled = tuple[str, Mapping[str, object]]


class _Unfit(ValueError):
    """Says what is allowed."""


def username_of(value: object) -> str:
    """In lower case, as everywhere. Raises ValueError."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if not USERNAME.fullmatch(text):
        raise _Unfit("1 to 64 letters, digits and . _ - @ ' + are allowed, beginning with a letter or digit")
    if text.startswith(ERASED_USERNAME):
        raise _Unfit(f"may not begin with {ERASED_USERNAME}")
    return text


def name_of(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or fault_of(text, LONGEST_NAME) or not text.isprintable():
        raise _Unfit(f"a name of 1 to {LONGEST_NAME} characters is needed")
    return text


def role_of(value: object) -> str:
    if not isinstance(value, str) or value not in set(Role):
        raise _Unfit(f"no such role; allowed: {', '.join(Role)}")
    return str(Role(value))


def _names(value: object) -> list[str]:
    if not isinstance(value, (list, tuple)) or len(value) > MOST_NAMES:
        raise _Unfit(f"a list of at most {MOST_NAMES} names")
    return sorted({name_of(each) for each in value})


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Unfit("true or false")
    return value


def _instant(value: object) -> str | None:
    if value is None:
        return None
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        if at.tzinfo is not None:
            return instant(at.astimezone(UTC))
    except (ValueError, OverflowError):
        pass
    raise _Unfit("a time with its zone, like 2026-12-18T16:00:00Z")


def _hash(value: object) -> str:
    if not isinstance(value, str) or not value.startswith("$argon2id$"):
        raise _Unfit("an argon2id hash; a password is never proposed in clear")
    return value


FIELDS: Mapping[str, Callable[[object], Any]] = {
    "id": name_of,
    "username": username_of,
    "name": name_of,
    "role": role_of,
    "filter_groups": _names,
    "classes": _names,
    "agreement_signed": _flag,
    "starts_at": _instant,
    "ends_at": _instant,
    "suspended": _flag,
    "password_hash": _hash,
    "console_hash": _hash,
    "must_change": _flag,
    "new_code": _flag,
    "clear_second_factor": _flag,
}
SECRETS = ("password_hash", "console_hash")
MATTERS = ("new", "set", "secrets", "code", "second_factor")  # of a row: without any it changes nothing
# What every row depends on: who may approve, and which passwords somebody has chosen.
ALWAYS = ("role", "password_changed_at", "console_changed_at")


@dataclass(frozen=True, slots=True)
class Known:
    """The register, read once."""

    by_id: Mapping[str, Registered]
    by_username: Mapping[str, Registered]

    @classmethod
    def of(cls, conn: Connection) -> "Known":
        everybody = people(conn)
        return cls({one.id: one for one in everybody}, {one.username: one for one in everybody})


def drafted_rows(
    known: Known, policy: Policy, rows: Sequence[Labelled], faults: dict[str, str]
) -> list[dict[str, Any]]:
    """The rows that change something, as the proposal keeps them; `faults` gets all, by label.field."""
    if not 0 < len(rows) <= MOST_ROWS:
        faults["rows"] = f"between 1 and {MOST_ROWS} people at once"
        return []
    drafted, seen = [], set[str]()
    for label, raw in rows:
        wrong: dict[str, str] = {}
        row = _drafted(known, policy, raw, wrong)
        claims = _claims(row) if row else set()
        if claims & seen:
            wrong["username"] = "stands twice"
        seen |= claims
        faults |= {f"{label}.{field}": why for field, why in wrong.items()}
        if row is not None and any(row.get(each) for each in MATTERS):
            drafted.append(row)
    return drafted


def _claims(row: Mapping[str, Any]) -> set[str]:
    """Whom a row is about, and the username it wants: nobody else's row may have either."""
    return {row["id"], *([f"@{row['set']['username']}"] if "username" in row["set"] else [])}


def _drafted(
    known: Known, policy: Policy, raw: Mapping[str, object], wrong: dict[str, str]
) -> dict[str, Any] | None:
    values = _read(raw, wrong)
    if unknown := set(values.get("filter_groups", ())) - set(policy.filter_groups):
        wrong["filter_groups"] = f"no such filter group: {', '.join(sorted(unknown))}"
    found = _found(known, values, wrong)
    if wrong:
        return None
    secrets = {key: values.pop(key) for key in SECRETS if key in values}
    must_change = values.pop("must_change", True)
    code = _needs_code(found, values, secrets, wrong)
    clears = values.pop("clear_second_factor", False) and found is not None
    values = _new(values, wrong) if found is None else _changed(found, values, wrong)
    if wrong:
        return None
    return {
        "id": found.id if found else new_person_id(),
        "new": found is None,
        "set": values,
        "named": sorted(set(values) - ANONYMOUS),  # what is set that names somebody, and never sealed
        "passwords": sorted("proxy" if key == "password_hash" else "console" for key in secrets),
        "must_change": must_change,
        "code": code,
        **({"second_factor": "clear"} if clears else {}),
        "secrets": secrets,
        "was": register_now(found, [*values, *ALWAYS]) if found else {},
    }


def _needs_code(
    found: Registered | None, values: dict[str, Any], secrets: Mapping[str, str], wrong: dict[str, str]
) -> bool:
    """Whose word comes to count, for approving or for signing, chooses a console password with a code.

    So does who asks for a new one. Else whoever proposed it would know the password, and be two people.
    """
    asked = values.pop("new_code", False)
    before = found.role if found else None
    role = values.get("role", before)
    counts = role in READING
    if counts and "console_hash" in secrets:
        wrong["console_hash"] = BY_CODE
    if asked and not counts:
        wrong["new_code"] = "is for those who may approve, and for governors"
    return counts and (asked or any(role in who and before not in who for who in (APPROVING, READING)))


def register_now(found: Registered, fields: Iterable[str]) -> dict[str, Any]:
    """What the register says of somebody now: kept with a row, and compared before it is applied."""
    return {field: _as_kept(found, field) for field in fields}


def _read(raw: Mapping[str, object], wrong: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field, value in raw.items():
        if field not in FIELDS:
            wrong[field] = f"no such column; allowed: {', '.join(FIELDS)}"
            continue
        try:
            values[field] = FIELDS[field](value)
        except _Unfit as allowed:
            wrong[field] = str(allowed)
    return values


def _found(known: Known, values: dict[str, Any], wrong: dict[str, str]) -> Registered | None:
    """Whom the row is about; None: somebody new."""
    person_id, username = values.pop("id", None), values.get("username")
    holder = known.by_username.get(username) if username else None
    if person_id is None:
        if username is None:
            wrong.setdefault("username", "is needed")
        return holder
    found = known.by_id.get(person_id)
    if found is None:
        wrong["id"] = "no such person"
    elif found.username.startswith(ERASED_USERNAME):
        wrong["id"] = "was erased; nobody is given their record"
    elif holder is not None and holder.id != found.id:
        wrong["username"] = "is somebody else's"
    return found


def _new(values: dict[str, Any], wrong: dict[str, str]) -> dict[str, Any]:
    wrong |= {field: "is needed" for field in NEEDED if field not in values}
    if values.pop("suspended", False):
        wrong["suspended"] = "only false is allowed here; suspending takes one person and its own verb"
    if wrong:
        return {}
    values.setdefault("agreement_signed", values["role"] not in UNSIGNED)
    return {"classes": [], **values}


def _changed(found: Registered, values: dict[str, Any], wrong: dict[str, str]) -> dict[str, Any]:
    """What differs from the register as it is."""
    if (lift := values.pop("suspended", None)) is not None:
        if lift:
            wrong["suspended"] = "only false is allowed here; suspending takes one person and its own verb"
        values |= {"suspended_from": None, "suspended_until": None}
    if values.get("role") in UNSIGNED - {found.role}:  # what was signed before was another agreement
        values.setdefault("agreement_signed", False)
    return {field: value for field, value in values.items() if _as_kept(found, field) != value}


def _as_kept(found: Registered, field: str) -> Any:
    value = getattr(found, field)
    if isinstance(value, datetime):
        return instant(value)
    return sorted(value) if isinstance(value, tuple) else value
