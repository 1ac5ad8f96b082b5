"""What somebody read before they agreed is what was kept: each preview against its hash and the line.

A preview is made for whoever decides; the line of the approval seals the hash of the newest. Where all those
of a proposal are gone, since their time is over, nothing is compared.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from audit_log.as_written import shown
from audit_log.fault import Fault

Entry = Mapping[str, Any]
PREVIEWS = text("SELECT proposal_id, sha256, report FROM preview ORDER BY proposal_id, sha256")


@dataclass(slots=True)
class AgreedPreviews:
    """The lines that seal a preview, by the proposal."""

    lines: dict[str, Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        if entry["event"].endswith(":approve") and isinstance(entry["detail"].get("preview"), str):
            self.lines[entry["object"]] = entry

    def check(self, conn: Connection, entries: int) -> None:
        """Raises Fault at the entry that a row contradicts."""
        kept: dict[Any, set[str]] = {}
        for row in conn.execute(PREVIEWS):
            entry = self.lines.get(row.proposal_id)
            if not _fits(row.report, row.sha256):
                seq = entry["seq"] if entry else entries + 1
                raise Fault(seq, f"A preview of the proposal {shown(row.proposal_id)} was changed.")
            kept.setdefault(row.proposal_id, set()).add(row.sha256)
        for proposal, entry in self.lines.items():
            if proposal in kept and entry["detail"]["preview"] not in kept[proposal]:
                says = f"The preview that was read before entry {entry['seq']} is not there"
                raise Fault(entry["seq"], f"{says} any more: another is in its place.")


def _fits(report: Any, sha256: Any) -> bool:
    try:
        return bool(hashlib.sha256(report.encode()).hexdigest() == sha256)
    except (AttributeError, UnicodeEncodeError):
        return False  # only tampering brings what is no text
