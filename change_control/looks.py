"""Who looks is seen: reading what a named person browsed leaves a line (A63-66, S17, S101), and so does
taking rows of the filtering log away, or watching them come, by name or not.

What somebody filtered by and why may name a person, so it lies beside the seal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from change_control.desk import SYSTEM, Actor, Desk
from change_control.roles import entitle
from change_control.sealing import change
from change_control.texts import needed, optional

EVERYBODY = "everybody"
SEARCHED_FOR = "search_terms"  # the text of a line that governors are not shown

Ending = Literal["left", "time", "right", "fault"]  # who read went; fifteen minutes; no right to it any more


@dataclass(frozen=True, slots=True)
class Reading:
    """What is about to be read. `about`: a person's id, a class or group in words, or None for everybody.

    `people`: their ids, where the filter leads to a few.
    """

    what: str
    purpose: str = ""  # needed when it is by name
    about: str | None = None
    people: tuple[str, ...] = ()
    by_name: bool = False
    search_terms: str = ""  # looked for in what people searched for

    @property
    def object_id(self) -> str:
        return self.about or EVERYBODY

    def detail(self, **facts: object) -> dict[str, object]:
        few = {"people": list(self.people)} if self.people else {}
        return {"about": self.about, **few, **facts}

    def texts(self) -> Mapping[str, str]:
        said = {
            "what": needed(self.what, "what"),
            "purpose": needed(self.purpose, "purpose") if self.by_name else optional(self.purpose, "purpose"),
            SEARCHED_FOR: optional(self.search_terms, SEARCHED_FOR),
        }
        return {field: text for field, text in said.items() if text}


def record_look(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk,
    actor: Actor,
    about: str | None,
    what: str,
    purpose: str,
    now: datetime,
    *,
    rows: int | None = None,
    search_terms: str = "",
) -> int:
    """Before a page by name is shown. `rows`: how many it shows. Returns the number of the line."""
    look = Reading(what, purpose, about, by_name=True, search_terms=search_terms)
    counted = {} if rows is None else {"rows": rows}
    return _record(desk, actor, "filtering-log:read", look, counted, now)


def record_export(desk: Desk, actor: Actor, look: Reading, rows: int, now: datetime, *, form: str) -> int:
    """Before its first byte. `rows`: how many there are to read. The number of the line is the export's."""
    facts = {"by_name": look.by_name, "format": form, "rows": rows}
    return _record(desk, actor, "filtering-log:export", look, facts, now)


def record_tail(desk: Desk, actor: Actor, look: Reading, now: datetime) -> int:
    """Before somebody watches rows as they come."""
    return _record(desk, actor, "filtering-log:tail", look, {"by_name": look.by_name}, now)


def record_tail_end(
    desk: Desk, began: int, rows: int, how: Ending, now: datetime, *, people: tuple[str, ...] = ()
) -> int:
    """Said by the system: who watched may have gone, or may no longer be who may watch. `people`: whose rows
    were shown by name, where they are few."""
    few = {"people": list(people)} if people else {}
    with change(desk, now) as made:
        return made.seal("filtering-log:tail-end", SYSTEM, str(began), {"rows": rows, "ended": how, **few})


def _record(  # noqa: PLR0917  # as above
    desk: Desk, actor: Actor, event: str, look: Reading, facts: Mapping[str, object], now: datetime
) -> int:
    texts = look.texts()
    with change(desk, now) as made:
        entitle(made.conn, actor, "filtering-log:read" if look.by_name else event, now)
        return made.seal(event, actor, look.object_id, look.detail(**facts), texts)
