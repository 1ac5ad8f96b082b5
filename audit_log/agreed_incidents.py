"""The cases against the sealed lines about them: no line of a case is added, changed, moved or taken away,
and each case is what its lines make of it.

What is said in a case stands beside the change log, which has a salted hash of it. So nothing that is found
here says in words what stood there. Facts that are gone are fine where a line says that their time was over.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, text

from audit_log.agreed_rows import as_stamp
from audit_log.as_written import encodable, shown
from audit_log.fault import Fault
from audit_log.incident_fold import FoldError, fold
from audit_log.incident_model import ERASED_KIND, File, Incident, IncidentEntry, IncidentState, Lane
from audit_log.seal import SALT_BYTES, stamp
from audit_log.sealed_lines import PURGE_CASES

Entry = Mapping[str, Any]
EVENTS = "incident:"
ENTRIES = text(
    "SELECT seq, incident_id, act, object_id, actor_id, at, salt, facts FROM incident_entry"
    " ORDER BY incident_id, seq"
)
CASES = text(
    "SELECT id, state, kind, lane, restricted, person_id, opened_at, changed_at, closed_at FROM incident"
    " ORDER BY id"
)
FILES = text("SELECT id, incident_id FROM incident_file ORDER BY id")
CONTENT = text("SELECT content FROM incident_file WHERE id = :id")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file as the line that attached it tells of it."""

    incident_id: str
    file: File
    seq: int


@dataclass(slots=True)
class AgreedIncidents:
    """The lines by their number, and those that say that the facts of a case went, by the case."""

    lines: dict[Any, Entry] = field(default_factory=dict)
    gone: dict[str, Entry] = field(default_factory=dict)
    _files: dict[str, _Kept] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        if entry["event"].startswith(EVENTS):
            self.lines[entry["seq"]] = entry
        elif entry["event"] == PURGE_CASES:
            cases = entry["detail"].get("cases")
            self.gone |= {str(each): entry for each in cases} if isinstance(cases, list) else {}

    def check(self, conn: Connection, entries: int) -> None:
        """Raises Fault at the entry that a row contradicts, or has no row any more."""
        self._files = {}
        expected: dict[str, tuple[int, dict[str, Any]]] = {}
        seen: set[int] = set()
        for case, rows in groupby(conn.execute(ENTRIES), attrgetter("incident_id")):
            lines = [self._agreed(row, entries) for row in rows]
            seen |= {line.seq for line in lines}
            expected[case] = lines[-1].seq, self._row(case, lines)
        for seq in sorted(self.lines.keys() - seen):
            raise Fault(
                seq, f"Entry {seq} tells of an incident, and what belongs to it is not there any more."
            )
        self._check_cases(conn, expected, entries)

    def _agreed(self, row: Row[Any], entries: int) -> IncidentEntry:
        """As its line has it. Raises Fault."""
        line = self.lines.get(row.seq)
        if line is None:
            says = f"The database has a part of an incident, {shown(row.seq)}, that no entry tells of."
            raise Fault(entries + 1, says)
        if wrong := next(_differing(line, row), None):
            raise Fault(row.seq, f"Of the incident of entry {row.seq} the {wrong} was changed.")
        case = line["detail"]["incident"]
        erased = self.gone.get(case)
        if row.facts is None and row.salt is None:
            if erased is None or erased["seq"] < row.seq:
                says = "is gone, and no entry says that its time was over."
                raise Fault(row.seq, f"What was said in the incident of entry {row.seq} {says}")
        elif erased is not None:
            says = f"was removed by entry {erased['seq']}, and it is there"
            raise Fault(erased["seq"], f"What was said in the incident of entry {row.seq} {says}.")
        elif not _is_sealed(row, line["detail"].get("facts")):
            says = "is not what was sealed: it was changed."
            raise Fault(row.seq, f"What was said in the incident of entry {row.seq} {says}")
        facts = None if row.facts is None else json.loads(row.facts)
        at = datetime.fromisoformat(line["at"])
        return IncidentEntry(
            row.seq, case, row.act, row.object_id, row.actor_id, at, facts, row.salt or b"", row.facts or ""
        )

    def _row(self, case: str, lines: list[IncidentEntry]) -> dict[str, Any]:
        """What the table of cases has to say of it. Raises Fault."""
        told = [each for each in (self.lines[line.seq] for line in lines) if "to" in each["detail"]]
        state, last = (told[-1]["detail"]["to"] if told else None), lines[-1].seq
        if case in self.gone:
            self._check_over(case, told)
            return _erased_row(lines, told)
        try:
            found = fold(lines)
        except FoldError as error:
            raise Fault(last, f"The lines of the incident of entry {last} make no case.") from error
        if found.state != state:
            raise Fault(last, f"The incident of entry {last} is not in the state that was sealed.")
        for file in found.files:
            seq = next(line.seq for line in lines if line.act == "file" and line.at == file.at)
            self._files[file.id] = _Kept(case, file, seq)
        return _row_of(found)

    def _check_over(self, case: str, told: list[Entry]) -> None:
        """Only of a case that was closed before that day may anything go."""
        purge = self.gone[case]
        closed = told[-1] if told and told[-1]["detail"]["to"] == IncidentState.CLOSED else None
        before = date.fromisoformat(purge["detail"]["before"])
        if closed is None or datetime.fromisoformat(closed["at"]).date() >= before:
            says = "removed what was said in an incident that was not closed by then"
            raise Fault(purge["seq"], f"Entry {purge['seq']} {says}.")

    def _check_cases(
        self, conn: Connection, expected: Mapping[str, tuple[int, dict[str, Any]]], entries: int
    ) -> None:
        seen = set()
        for row in conn.execute(CASES):
            if row.id not in expected:
                says = f"The database has an incident, {shown(row.id)}, that no entry tells of."
                raise Fault(entries + 1, says)
            seen.add(row.id)
            seq, wanted = expected[row.id]
            kept = _kept(row)
            if wrong := next((name for name in wanted if kept.get(name) != wanted[name]), None):
                says = f"The incident {shown(row.id)} is not what its lines up to entry {seq} say"
                raise Fault(seq, f"{says}: its {wrong} was changed.")
        for gone in sorted(expected.keys() - seen):
            seq = expected[gone][0]
            raise Fault(seq, f"The incident {shown(gone)}, of entry {seq}, has no row any more.")

    def check_files(self, conn: Connection, entries: int) -> None:
        """After `check`: each file by its hash. Raises Fault."""
        there = {row.id: row.incident_id for row in conn.execute(FILES)}
        for extra in sorted(map(str, there.keys() - self._files.keys())):
            says = f"The database has a file of an incident, {shown(extra)}, that no entry tells of."
            raise Fault(entries + 1, says)
        for id_, kept in self._files.items():
            if id_ not in there:
                raise Fault(kept.seq, f"The file of entry {kept.seq} is not there any more.")
            content = conn.scalar(CONTENT, {"id": id_})
            same = isinstance(content, bytes) and len(content) == kept.file.size
            if not same or hashlib.sha256(content).hexdigest() != kept.file.sha256:
                raise Fault(kept.seq, f"The file of entry {kept.seq} is not what was attached.")
            if there[id_] != kept.incident_id:
                raise Fault(kept.seq, f"The file of entry {kept.seq} was moved to another incident.")


def _differing(line: Entry, row: Row[Any]) -> Iterator[str]:
    """The names of what the row has otherwise than its line."""
    wanted = {
        "number": line["detail"].get("incident"),
        "act": line["event"].removeprefix(EVENTS),
        "object": line["object"],
        "person": line["actor"],
        "time": line["at"],
    }
    try:
        at = as_stamp(row.at)
    except ValueError:
        at = None  # only tampering brings what is no time
    kept = (row.incident_id, row.act, row.object_id, row.actor_id, at)
    yield from (name for name, value in zip(wanted, kept, strict=True) if wanted[name] != value)


def _is_sealed(row: Row[Any], sha256: Any) -> bool:
    """A salt of another length would let the beginning of a text pass as the end of its salt."""
    salted = isinstance(row.salt, bytes) and len(row.salt) == SALT_BYTES
    if not salted or not isinstance(row.facts, str) or not encodable(row.facts):
        return False
    return bool(hashlib.sha256(row.salt + row.facts.encode()).hexdigest() == sha256)


def _row_of(found: Incident) -> dict[str, Any]:
    return {
        "state": str(found.state),
        "kind": found.kind,
        "lane": str(found.lane),
        "restricted": found.restricted,
        "person_id": found.person_id,
        "opened_at": stamp(found.opened_at),
        "changed_at": stamp(found.changed_at),
        "closed_at": stamp(found.closed_at) if found.closed_at else None,
    }


def _erased_row(lines: list[IncidentEntry], told: list[Entry]) -> dict[str, Any]:
    """Of a case whose facts are gone nothing is left but its times."""
    return {
        "state": str(IncidentState.CLOSED),
        "kind": ERASED_KIND,
        "lane": str(Lane.INAPPROPRIATE),
        "restricted": False,
        "person_id": None,
        "opened_at": stamp(lines[0].at),
        "changed_at": stamp(lines[-1].at),
        "closed_at": told[-1]["at"],
    }


def _kept(row: Row[Any]) -> dict[str, Any]:
    try:
        times = {name: as_stamp(getattr(row, name)) for name in ("opened_at", "changed_at", "closed_at")}
    except ValueError:
        times = {}  # only tampering brings what is no time
    said = {name: getattr(row, name) for name in ("state", "kind", "lane", "person_id")}
    restricted = bool(row.restricted) if row.restricted in (0, 1) else None
    return {**said, "restricted": restricted, **times}
