"""What people read beside a proposal or an opening is what was written: each copy against its line's text.

A reason lies beside the seal of its line, and once more in the row, where pages find it. The row's is only a
copy, and whoever rewrites it would put words into somebody's mouth.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, text

from audit_log.as_written import shown
from audit_log.fault import Fault

Entry = Mapping[str, Any]
GONE = "(erased)"  # in the place of a text that was erased
WRITTEN = ("subject", "objective", "tried")  # of an unblock
KINDS = frozenset(
    {"policy", "lists", "unblock", "people", "correction", "hold-release", "erasure", "break-glass"}
    | {"school", "opening"}
)
DECIDING = frozenset({"approve", "decline", "confirm"})
ENDING = frozenset({"withdraw", "revoke"})
PROPOSALS = text(
    "SELECT id, kind, reason, decision_reason, ended_reason, CAST(payload AS TEXT) AS payload"
    " FROM proposal ORDER BY id"
)
OPENINGS = text("SELECT id, reason FROM opening ORDER BY id")
TEXTS = text(
    "SELECT seq, field, text FROM change_text WHERE field IN ('reason', 'subject', 'objective', 'tried')"
)
Compared = tuple[str, Entry, str, Any]  # what it is called, the line, the field of its text, the copy


@dataclass(slots=True)
class AgreedCopies:
    """The lines that texts lie beside, by their object: who asked, who decided, who ended it."""

    asked: dict[str, Entry] = field(default_factory=dict)
    decided: dict[str, Entry] = field(default_factory=dict)
    ended: dict[str, Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        kind, _, verb = entry["event"].partition(":")
        about = entry["object"]
        if kind not in KINDS:
            return
        first = self.asked.setdefault(about, entry)
        if verb in DECIDING and entry is not first:
            self.decided[about] = entry
        elif verb in ENDING:
            self.ended[about] = entry

    def check(self, conn: Connection) -> None:
        """Raises Fault at the line whose text a copy contradicts."""
        kept = {(row.seq, row.field): row.text for row in conn.execute(TEXTS)}
        for row in conn.execute(PROPOSALS):
            for compared in self._of_proposal(row):
                _compare(f"proposal {shown(row.id)}", compared, kept)
        for row in conn.execute(OPENINGS):
            if entry := self.asked.get(row.id):
                _compare(f"opening {shown(row.id)}", ("reason", entry, "reason", row.reason), kept)

    def _of_proposal(self, row: Row[Any]) -> Iterator[Compared]:
        asked = self.asked.get(row.id)
        if asked is not None and "reason" in _texts(asked):
            yield "reason", asked, "reason", row.reason
        if asked is not None and row.kind == "unblock":
            said = _payload(row.payload)
            yield from ((name, asked, name, said.get(name) or None) for name in WRITTEN)
        if decided := self.decided.get(row.id):
            yield "decision_reason", decided, "reason", row.decision_reason
        if ended := self.ended.get(row.id):
            yield "ended_reason", ended, "reason", row.ended_reason


def _texts(entry: Entry) -> Mapping[str, Any]:
    """Lines of the founding that stand for a row of lists have none of their own."""
    texts: Mapping[str, Any] = entry.get("texts", {})
    return texts


def _payload(raw: Any) -> Mapping[str, Any]:
    try:
        said = json.loads(raw)
    except (ValueError, TypeError, RecursionError):
        return {}  # named by whoever compares the payload itself
    return said if isinstance(said, dict) else {}


def _compare(what: str, compared: Compared, kept: Mapping[tuple[int, str], Any]) -> None:
    name, entry, field_, copy = compared
    seq = entry["seq"]
    wanted = kept.get((seq, field_), None)
    if field_ in _texts(entry) and wanted is None:
        wanted = GONE
    if copy != wanted:
        raise Fault(seq, f"The {name} of {what} is not what was written beside entry {seq}: it was changed.")
