"""What a member of staff opened for their class is what was sealed: the rows of `opening` against the lines.

A row that is gone opens nothing; one that was added, or that is longer than it was sealed, would.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, text

from audit_log.agreed_rows import as_stamp
from audit_log.as_written import shown
from audit_log.fault import Fault

Entry = Mapping[str, Any]
OPENINGS = text(
    "SELECT id, opened_by, CAST(classes AS TEXT) AS classes, starts_at, ends_at FROM opening ORDER BY id"
)
# A line that changes one of these of somebody shuts what they opened.
SHUTS = frozenset({"role", "classes", "agreement_signed", "starts_at", "ends_at"})
FACTS = ("opened_by", "classes", "starts_at", "ends_at")


@dataclass(slots=True)
class AgreedOpenings:
    """Given every line in its order, it knows who opened what, and until when."""

    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        try:
            self._add(entry, entry["detail"])
        except (KeyError, TypeError, AttributeError):
            return  # a line that does not say what it should makes nothing agreed

    def _add(self, entry: Entry, detail: Mapping[str, Any]) -> None:
        match entry["event"]:
            case "opening:open":
                times = {name: detail[name] for name in ("classes", "starts_at", "ends_at")}
                self.told[entry["object"]] = {**times, "opened_by": entry["actor"], "seq": entry["seq"]}
            case "opening:close":
                self._closed(entry["object"], detail["ends_at"], entry)
            case "person:suspend" | "person:end":
                for each in detail["openings"]:
                    self._closed(each, entry["at"], entry)
            case "people:approve" | "people:tighten":
                for one in detail["people"]:
                    if not one["new"] and SHUTS & one["set"].keys():
                        self._closed_of(one["person"], entry)

    def _closed(self, opening: str, ends_at: str, entry: Entry) -> None:
        self.told[opening] |= {"ends_at": ends_at, "seq": entry["seq"]}

    def _closed_of(self, person: str, entry: Entry) -> None:
        for each, said in self.told.items():
            if said["opened_by"] == person and said["ends_at"] > entry["at"]:
                self._closed(each, entry["at"], entry)

    def check(self, conn: Connection, entries: int) -> None:
        """Raises Fault at the entry that a row contradicts."""
        for row in conn.execute(OPENINGS):
            said = self.told.get(row.id)
            if said is None:
                says = f"The database has an opening, {shown(row.id)}, that no entry tells of."
                raise Fault(entries + 1, says)
            kept = _kept(row)
            if wrong := [name for name in FACTS if name not in kept or kept[name] != said[name]]:
                says = f"The opening {shown(row.id)} is not what entry {said['seq']} says was sealed"
                raise Fault(said["seq"], f"{says}: its {wrong[0]} was changed.")


def _kept(row: Row[Any]) -> dict[str, Any]:
    try:
        times = {name: as_stamp(getattr(row, name)) for name in ("starts_at", "ends_at")}
        return {"opened_by": row.opened_by, "classes": json.loads(row.classes), **times}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}  # only tampering brings what cannot be read
