"""Somebody asks what is kept about them (S105): who takes it out is recorded first; a month is the limit."""

import calendar
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from change_control.desk import Actor, Desk
from change_control.roles import entitle
from change_control.sealing import change
from change_control.texts import needed

SATURDAY = 5


def record_access(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk, actor: Actor, person_id: str, facts: Mapping[str, object], purpose: str, now: datetime
) -> int:
    """Before anything is shown. Returns the number of the line, which every copy carries."""
    why = needed(purpose, "purpose")
    with change(desk, now) as made:
        entitle(made.conn, actor, "person:access", now)
        return made.seal("person:access", actor, person_id, facts, {"purpose": why})


def answer_by(asked_on: date) -> date:
    """The same day of the next month, or its last day; from a weekend on to the Monday.

    Public holidays are not known here: an answer before them is in time anyway.
    """
    year, month = divmod(asked_on.year * 12 + asked_on.month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    due = date(year, month + 1, min(asked_on.day, last))
    return due + timedelta(days=7 - due.weekday()) if due.weekday() >= SATURDAY else due
