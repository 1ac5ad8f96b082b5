"""Who may do what, as one table: every route and every event of the change log, in plain words.

Nothing is written down twice: who may stands in `rights.py` and `change_control/roles.py`, and what is shown
is who passes both.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from pydantic import BaseModel, ConfigDict

from audit_api.right_words import WORDS
from audit_api.rights import PUBLIC, RIGHTS
from change_control.roles import MAY
from filter_policy.model import Role

API = "/api/v1"
COLUMNS = ("action", *Role, "anybody")


class RightOut(BaseModel):
    """A line: what it is, who may, and for which routes and events of the change log it stands."""

    model_config = ConfigDict(extra="forbid")
    action: str
    roles: list[Role]
    anybody: bool  # needs no signing in
    events: list[str]
    routes: list[str]


class RightsOut(BaseModel):
    """Roles that stand on no line have no console, and no say in what is open."""

    model_config = ConfigDict(extra="forbid")
    roles: list[Role]
    rows: list[RightOut]


@cache
def rights_table() -> RightsOut:
    lines = [_line(action, keys) for action, keys in WORDS.items()]
    return RightsOut(roles=list(Role), rows=[line for line in lines if line.routes or line.events])


def as_rows(table: RightsOut) -> list[dict[str, object]]:
    """For CSV: a column for each role."""
    return [
        {
            "action": line.action,
            **{role: "yes" if role in line.roles or line.anybody else "no" for role in Role},
            "anybody": "yes" if line.anybody else "no",
        }
        for line in table.rows
    ]


def key_of(route: str) -> str:
    """The name that a route has in `WORDS`: its own, or without /api/v1."""
    method, path = route.split(" ")
    return route if route in _named() else f"{method} {path.removeprefix(API)}"


def unnamed() -> list[str]:
    """Routes and events that no line speaks of."""
    return sorted({key for key in (*map(key_of, RIGHTS), *MAY) if key not in _named()})


@cache
def _named() -> Mapping[str, str]:
    return {key: action for action, keys in WORDS.items() for key in keys}


@cache
def _routes() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for route in RIGHTS:
        found.setdefault(key_of(route), []).append(route)
    return found


def _line(action: str, keys: Iterable[str]) -> RightOut:
    routes = [route for key in keys for route in _routes().get(key, ())]
    events = [key for key in keys if key in MAY]
    anybody = bool(routes) and all(RIGHTS[route] == PUBLIC for route in routes)
    allowed = [MAY[event] for event in events]
    allowed += [who for who in (RIGHTS[route] for route in routes) if who != PUBLIC]
    roles = [role for role in Role if allowed and all(role in who for who in allowed)]
    return RightOut(action=action, roles=roles, anybody=anybody, events=events, routes=routes)
