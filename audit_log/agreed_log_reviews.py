"""Who saw and who reviewed the change log, against the sealed lines about it: no review is added, changed or
taken away, since the next one is due by the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, text

from audit_log.agreed_rows import as_stamp
from audit_log.as_written import shown
from audit_log.fault import Fault

Entry = Mapping[str, Any]
KINDS = {"change-log:seen": "seen", "change-log:review": "reviewed", "incident-log:review": "incidents"}
ROWS = text("SELECT seq, kind, person_id, at, size, sha256 FROM log_review ORDER BY seq")


@dataclass(slots=True)
class AgreedLogReviews:
    """The lines, by their number."""

    lines: dict[Any, Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        if entry["event"] in KINDS:
            self.lines[entry["seq"]] = entry

    def check(self, conn: Connection, entries: int) -> None:
        """Raises Fault at the entry that a row contradicts, or has no row any more."""
        rows = conn.execute(ROWS).all()
        for row in rows:
            if row.seq not in self.lines:
                says = (
                    f"The database has a review of the change log, {shown(row.seq)}, that no entry tells of."
                )
                raise Fault(entries + 1, says)
            if wrong := _differing(self.lines[row.seq], row):
                says = f"The review of the change log of entry {row.seq} is not what was sealed: its {wrong}"
                raise Fault(row.seq, f"{says} was changed.")
        for gone in sorted(self.lines.keys() - {row.seq for row in rows}):
            raise Fault(gone, f"The review of the change log of entry {gone} has no row any more.")


def _differing(entry: Entry, row: Row[Any]) -> str | None:
    sealed = {
        "kind": KINDS[entry["event"]],
        "person": entry["actor"],
        "time": entry["at"],
        "size": entry["detail"].get("size"),
        "sha256": entry["detail"].get("note_sha256"),
    }
    try:
        at = as_stamp(row.at)
    except (ValueError, TypeError, AttributeError):
        at = None  # only tampering brings what is no time
    kept = {"kind": row.kind, "person": row.person_id, "time": at, "size": row.size, "sha256": row.sha256}
    return next((name for name in sealed if sealed[name] != kept[name]), None)
