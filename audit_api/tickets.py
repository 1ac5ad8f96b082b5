"""Between the password and the six digits: what the form of the second step carries in place of a password.

It says whose password was right, and when. It opens nothing: a code is still needed, and counted.
"""

import json
from datetime import datetime, timedelta

from audit_api.problems import Problem
from audit_api.sign_in import as_sealed
from audit_api.window import Window
from audit_log.db import reading
from audit_log.passwords import sealed_hash
from audit_log.people import Registered, person_by_id
from change_control.secret_box import NotOursError, open_secret, seal_secret

TICKET = "sign-in"
LASTS = timedelta(minutes=5)


def ticket_for(window: Window, person: Registered, now: datetime) -> str:
    """For a form that asks for the digits alone: the password was right, just now."""
    said = json.dumps([person.id, now.isoformat(), _state(person)])
    return seal_secret(window.desk.key, TICKET, TICKET, said.encode())


def of_ticket(window: Window, ticket: str, now: datetime) -> Registered:
    """Raises Problem wrong-credentials when it is not ours, too old, or the password was changed since."""
    gone = Problem("wrong-credentials", "That took too long. Type your user name and password again.")
    try:
        person_id, at, state = json.loads(open_secret(window.desk.key, TICKET, TICKET, ticket))
    except NotOursError:
        raise gone from None
    with reading(window.desk.engine) as conn:
        found = person_by_id(conn, person_id)
        found = found and as_sealed(window.desk, conn, found)
    if found is None or not timedelta() <= now - datetime.fromisoformat(at) <= LASTS:
        raise gone
    if state != _state(found):
        raise gone
    return found


def _state(person: Registered) -> list[str]:
    return [sealed_hash(person.console_hash or ""), sealed_hash(person.password_hash or "")]
