"""Changes of the register, in words: adults by name with the role they get, pupils only by number."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from audit_api.unblock_words import and_
from filter_policy.model import Role

if TYPE_CHECKING:
    from audit_api.sentences import Line

MOST_NAMED = 20


def register_told(line: "Line") -> str:
    rows = line.detail.get("people", ())
    pupils = [row for row in rows if _is_pupil(line, row)]
    others = [row for row in rows if not _is_pupil(line, row)]
    adults = [row for row in others if row.get("new") or _is_known(line, row)]
    told = [_adult(line, row) for row in adults[:MOST_NAMED]]
    if more := len(adults) - MOST_NAMED:
        told += [_many(more, "more adult", "more adults")] if more > 0 else []
    new = sum(bool(row.get("new")) for row in pupils)
    told += [_many(new, "new pupil", "new pupils")] if new else []
    if changed := len(pupils) - new:
        told.append(f"changes to {_many(changed, 'pupil', 'pupils')}")
    if unknown := len(others) - len(adults):
        told.append(f"changes to {_many(unknown, 'other person', 'other people')}")
    return "; ".join(told) or "nothing"


def _many(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _role(line: "Line", row: Mapping[str, Any]) -> str | None:
    """The one they get by this line, else the one they have."""
    return row.get("set", {}).get("role") or line.names.role(str(row.get("person")))


def _is_pupil(line: "Line", row: Mapping[str, Any]) -> bool:
    """Whoever is one, or was one by this line, is not named."""
    return Role.PUPIL in (row.get("set", {}).get("role"), line.names.role(str(row.get("person"))))


def _is_known(line: "Line", row: Mapping[str, Any]) -> bool:
    """Not whoever is not on the register any more; and whoever asks what is kept about them reads of nobody
    else."""
    return line.names.role(str(row.get("person"))) is not None


def _adult(line: "Line", row: Mapping[str, Any]) -> str:
    who = line.names.name(str(row.get("person")))
    if row.get("new"):
        whose = f" for {who}" if _is_known(line, row) else ""
        return f"a new account{whose} ({_role(line, row) or 'no role'})"
    changes = and_(_changes(row))
    return f"{who} {changes}" if changes else f"a change for {who}"


def _changes(row: Mapping[str, Any]) -> Iterator[str]:
    values = row.get("set", {})
    for field, tell in SET.items():
        if field in values:
            yield tell(values[field])
    if row.get("named"):
        yield "gets another name or user name"
    if row.get("passwords"):
        yield "gets a new password"
    if row.get("code"):
        yield "gets a code to choose a password with"
    if row.get("second_factor"):
        yield "is no longer asked for a second factor until they set up another"


def _listed(kind: str) -> Callable[[Any], str]:
    return lambda names: f"has the {kind} {and_(names)}" if names else f"has no {kind}"


SET: Mapping[str, Callable[[Any], str]] = {
    "role": lambda role: f"becomes {role}",
    "filter_groups": _listed("groups"),
    "classes": _listed("classes"),
    "agreement_signed": lambda yes: "has signed the agreement" if yes else "has not signed the agreement",
    "starts_at": lambda at: "has an account from another time on" if at else "has an account from now on",
    "ends_at": lambda at: "has an account that ends" if at else "has an account that does not end",
    "suspended_from": lambda at: "is suspended" if at else "is no longer suspended",
}
