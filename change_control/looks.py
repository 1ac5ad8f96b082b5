"""Who looks is seen: reading what a named person browsed leaves a line (A63-66, S17, S101)."""

from datetime import datetime

from change_control.desk import Actor, Desk
from change_control.roles import entitle
from change_control.sealing import change
from change_control.texts import needed

EVERYBODY = "everybody"


def record_look(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk, actor: Actor, about: str | None, what: str, purpose: str, now: datetime
) -> int:
    """Before anything is shown. `about` is a person's id, or None where the reading was not about one person.

    `what` (the filters used) and `purpose` may name somebody, so they lie beside the seal. Returns the number
    of the line.
    """
    texts = {"what": needed(what, "what"), "purpose": needed(purpose, "purpose")}
    with change(desk, now) as made:
        entitle(made.conn, actor, "filtering-log:read", now)
        return made.seal("filtering-log:read", actor, about or EVERYBODY, {"about": about}, texts)
