"""What stands behind the lines of a page: what they answer, the lines they name, the policies they speak of.

A line alone holds ids. Read once for a page, never once for a line of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy import Connection, or_, select

from audit_log.as_written import as_written
from audit_log.change_log import Entry, entries_at
from audit_log.tables import change_log, proposal
from change_control.in_force import parsed
from filter_policy.parse import PolicyError
from filter_policy.worded import worded

MOST_BACK = 5000  # lines: what is not answered lapses long before
MOST_WRITTEN = 300  # characters of a reason in a sentence; all of it stands beneath
BEGINS = ("propose", "open")  # verbs of the lines that others answer
ERASED = "a reason that was erased by law"


@dataclass(frozen=True, slots=True)
class Behind:
    begun: Mapping[str, Entry] = field(default_factory=dict)  # by the id of what was begun
    lines: Mapping[int, Entry] = field(default_factory=dict)  # by number
    policies: Mapping[str, str] = field(default_factory=dict)  # texts, by the id of the proposal
    is_read: bool = True  # False: nothing was looked up, so that nothing that people wrote is told

    @classmethod
    def of(cls, conn: Connection, found: Sequence[Entry]) -> "Behind":
        numbers = {number for entry in found for number in _named(entry)}
        ids = {each for entry in found for each in _objects(entry)}
        first = min((entry.seq for entry in found), default=0)
        last = max((entry.seq for entry in found), default=0)
        begun = _begun(conn, ids, first - MOST_BACK, last)
        read = entries_at(conn, sorted(numbers | set(begun)))
        return cls(
            begun={line.object_id: line for line in read if _verb(line) in BEGINS},
            lines={line.seq: line for line in read},
            policies=_policies(conn, found),
        )

    @property
    def all(self) -> Iterable[Entry]:
        return self.lines.values()

    def because(self, object_id: str) -> str:
        """`, because “…”`: the reason of whoever asked."""
        line = self.begun.get(object_id)
        return f", because {said}" if line and (said := written(line, "reason")) else ""

    def remark(self, entry: Entry) -> str:
        """Of whoever answered."""
        said = written(entry, "reason") if self.is_read else ""
        return f" Remark: {said}." if said else ""

    def rows(self, entry: Entry) -> str:
        """How many rows of the policy this changes."""
        old, new = (self.policies.get(str(each)) for each in (entry.detail.get("base"), entry.object_id))
        number = None if old is None or new is None else rows_changed(old, new)
        if number is None:
            return ""
        return f" ({number:,} {'row changes' if number == 1 else 'rows change'})"


NOTHING = Behind(is_read=False)


def written(entry: Entry, name: str) -> str:
    """What somebody wrote, in quotes; empty where nobody wrote anything."""
    if name not in entry.texts:
        return ""
    said = entry.texts[name]
    if said is None:
        return ERASED
    short = " ".join(said.split())
    return f"“{short if len(short) <= MOST_WRITTEN else short[: MOST_WRITTEN - 1] + '…'}”"


@lru_cache(maxsize=64)
def rows_changed(old: str, new: str) -> int | None:
    """None where one of the two cannot be read any more."""
    try:
        return len(worded(parsed(old), parsed(new)))
    except PolicyError:
        return None


def _verb(entry: Entry) -> str:
    return entry.event.partition(":")[2]


def _named(entry: Entry) -> Iterable[int]:
    """The lines that this one names by number."""
    about = entry.detail.get("about") if entry.event == "review:sign" else None
    if entry.event == "filtering-log:tail-end" and entry.object_id.isascii() and entry.object_id.isdecimal():
        about = int(entry.object_id)
    if isinstance(about, int) and not isinstance(about, bool) and 0 < about < entry.seq:
        yield about


def _objects(entry: Entry) -> Iterable[str]:
    """What was begun in an earlier line."""
    proposed = entry.detail.get("proposal")
    if isinstance(proposed, str):
        yield proposed
    if isinstance(entry.detail.get("proposed_by"), str) or entry.event == "opening:close":
        yield entry.object_id


def _begun(conn: Connection, ids: set[str], after: int, before: int) -> list[int]:
    """Their numbers. What is sealed is one text in one order, so it is looked for as it is written."""
    if not ids:
        return []
    entry, seq = change_log.c.entry, change_log.c.seq
    begins = or_(*(entry.contains(f':{verb}"') for verb in BEGINS))
    theirs = or_(*(entry.contains(f'"object":"{each}"', autoescape=True) for each in sorted(ids)))
    with as_written(conn):
        return list(conn.scalars(select(seq).where(seq > after, seq < before, begins, theirs)))


def _policies(conn: Connection, found: Sequence[Entry]) -> dict[str, str]:
    told = [entry for entry in found if entry.event.startswith("policy:")]
    ids = {str(each) for entry in told for each in (entry.object_id, entry.detail.get("base"))}
    if not ids:
        return {}
    rows = conn.execute(select(proposal.c.id, proposal.c.payload).where(proposal.c.id.in_(sorted(ids))))
    texts = {row.id: row.payload.get("text") for row in rows if isinstance(row.payload, dict)}
    return {each: text for each, text in texts.items() if isinstance(text, str)}
