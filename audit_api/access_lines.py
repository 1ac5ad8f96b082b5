"""The change log as one person may see it: what they did, what was done about them, who read their record.

Others are their roles. Of what others wrote, a text is given where the line is about this person and about
nobody else. What is kept for an enquiry that is not over (legal holds) is not told here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from audit_api.access_redaction import OnlyOne, Redactor
from audit_api.names import a_role
from audit_api.sentences import sentence
from audit_api.times import iso
from audit_log.about import in_turns, is_about_alone, numbers_about
from audit_log.change_log import UNREADABLE, Entry, entries_at
from audit_log.db import reading
from audit_log.people import Registered

READ = frozenset({"read", "export", "tail", "tail-end", "access"})  # verbs of lines that tell of a reading
NOT_TOLD = frozenset({"hold", "hold-release"})
SUSPENDED = "person:suspend"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lines:
    engine: Engine
    person: Registered
    redact: Redactor
    up_to: int
    zone: ZoneInfo

    def by_them(self) -> Iterator[Row]:
        """In their own words."""
        for entry in self._all():
            if entry.actor == self.person.id:
                yield self._line(entry, own=True)

    def about_them(self) -> Iterator[Row]:
        for entry in self._of_others():
            if not _is_reading(entry):
                yield self._line(entry, own=False)

    def suspensions(self) -> Iterator[Row]:
        for entry in self._of_others():
            if entry.event == SUSPENDED and entry.object_id == self.person.id:
                told = {"from": entry.detail.get("from"), "until": entry.detail.get("until")}
                yield {**self._who(entry), **told, "reason": self._texts(entry).get("reason")}

    def readings(self) -> Iterator[Row]:
        for entry in self._of_others():
            if _is_reading(entry):
                texts = self._texts(entry)
                told = {name: texts.get(name) for name in ("purpose", "what")}
                yield {
                    **self._who(entry),
                    **told,
                    "rows": entry.detail.get("rows"),
                    "says": self._says(entry),
                }

    def _of_others(self) -> Iterator[Entry]:
        for entry in self._all():
            if entry.actor != self.person.id and entry.event.partition(":")[0] not in NOT_TOLD:
                yield entry

    def _all(self) -> Iterator[Entry]:
        with reading(self.engine) as conn:
            numbers = numbers_about(conn, self.person.id, self.up_to)
        for some in in_turns(numbers):
            with reading(self.engine) as conn:
                found = entries_at(conn, some)
            yield from (entry for entry in found if entry.event != UNREADABLE)

    def _line(self, entry: Entry, *, own: bool) -> Row:
        texts = self._texts(entry, own=own)
        told = "; ".join(f"{name.replace('_', ' ')}: {said}" for name, said in texts.items())
        return {"number": entry.seq, **self._who(entry), "says": self._says(entry), "texts": told or None}

    def _who(self, entry: Entry) -> dict[str, Any]:
        by = "you" if entry.actor == self.person.id else a_role(entry.role)
        return {"at": iso(entry.at), "by": "the system" if entry.role == "system" else by}

    def _says(self, entry: Entry) -> str:
        return self.redact.ids(sentence(entry, OnlyOne(self.person, entry), self.zone))

    def _texts(self, entry: Entry, *, own: bool = False) -> dict[str, str]:
        if not own and not is_about_alone(entry, self.person.id):
            return {}
        return {name: self.redact.text(said) for name, said in entry.texts.items() if said}


def _is_reading(entry: Entry) -> bool:
    return entry.event.partition(":")[2] in READ
