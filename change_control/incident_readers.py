"""Who sees a case now, and who signs its steps, as the register has them.

There is always a leader who sees a case: whatever would take it from the last of them is refused.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from audit_log.incident_model import Incident
from audit_log.incident_now import as_now
from audit_log.people import Registered, people, people_by_ids
from change_control.errors import ChangeError
from change_control.incident_rights import LEADERS, Looker, View, leads, may_sign, view_of
from change_control.roles import is_active
from change_control.sealing import Change

NOBODY = (
    "nobody could read this incident then: of the coordinator and the headteacher, one is left out of it or"
    " it is about them, and the other may not see a case of this kind; speak to the chair of governors"
)
ALONE = "one of the two who sign a step leads the case: the headteacher, or the coordinator where they may"


def readers(conn: Connection, case: Incident, now: datetime) -> list[Registered]:
    """The leaders who see it."""
    told = as_now(conn, [case])[0]
    return [each for each in _leaders(conn, now) if view_of(told, looker(each)) is View.ALL]


def require_reader(made: Change, case: Incident) -> Incident:
    if not readers(made.conn, case, made.at):
        raise ChangeError("refused", NOBODY)
    return case


def unread(conn: Connection, cases: Iterable[Incident], now: datetime, asker: str) -> int:
    """How many of them no leader sees; but for those that whoever asks must not learn of."""
    able = [looker(each) for each in _leaders(conn, now)]
    told = (case for case in cases if asker != case.person_id and asker not in case.excluded)
    return sum(not any(view_of(case, each) is View.ALL for each in able) for case in told)


def signers(conn: Connection, case: Incident, ids: Iterable[str], now: datetime) -> list[Registered]:
    """Those of them who may sign its steps now."""
    found, told = people_by_ids(conn, ids).values(), as_now(conn, [case])[0]
    return [each for each in found if is_active(each, now) and may_sign(told, looker(each))]


def require_leader(case: Incident, two: Iterable[Registered]) -> None:
    if not any(leads(case, looker(each)) for each in two):
        raise ChangeError("wrong-role", ALONE)


def looker(found: Registered) -> Looker:
    return Looker(found.id, found.role)


def _leaders(conn: Connection, now: datetime) -> list[Registered]:
    return [each for each in people(conn) if each.role in LEADERS and is_active(each, now)]
