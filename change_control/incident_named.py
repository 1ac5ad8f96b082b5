"""A leader whom a public report names does not read it, where another can (S37): whoever writes it has no
form to leave anybody out, and a leader may well know who it was.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from audit_log.incident_model import Incident, IncidentState
from audit_log.people import Registered, people, person_by_id
from change_control.incident_kinds import ADULTS, kinds
from change_control.incident_readers import readers
from change_control.incident_rights import LEADERS
from change_control.incidents import Told
from change_control.roles import is_active
from filter_policy.model import Role


def leaving_out_named(conn: Connection, told: Told, text: str, now: datetime) -> Told:
    """Without those readers whom `text` names; as it is where nobody else could read it."""
    leaders = [each for each in people(conn) if each.role in LEADERS and is_active(each, now)]
    named = named_in(text, leaders)
    if not named:
        return told
    about_head = kinds()[told.kind].about == "staff" and any(each.role == Role.HEADTEACHER for each in named)
    fewer = replace(
        told,
        exclude=told.exclude | {each.id for each in named},
        role=Role.HEADTEACHER if about_head else told.role,
    )
    return fewer if readers(conn, _as_a_case(conn, fewer, now), now) else told


def named_in(text: str, leaders: Sequence[Registered]) -> list[Registered]:
    """By surname or user name, as a whole word, however it is written."""
    said = _plain(text)
    return [each for each in leaders if any(_has(said, _plain(word)) for word in _words(each))]


def _words(leader: Registered) -> list[str]:
    return [leader.username, *leader.name.split()[-1:]]


def _has(said: str, word: str) -> bool:
    return bool(word) and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said) is not None


def _plain(text: str) -> str:
    """Without case and accents: a child writes a name as it sounds."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(each for each in parts if not unicodedata.combining(each)).casefold()


def _as_a_case(conn: Connection, told: Told, now: datetime) -> Incident:
    """As far as it says who may see it."""
    kind = kinds()[told.kind]
    whom = person_by_id(conn, told.person) if told.person else None
    role = str(whom.role) if whom else told.role
    return Incident(
        *("", kind.id, kind.about, kind.lane, IncidentState.REPORTED, now, now),
        restricted=kind.about == "staff" or role in ADULTS,
        person_id=told.person,
        role=role,
        excluded=told.exclude,
    )
