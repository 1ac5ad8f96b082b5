"""One day of the filtering log: each row against the leaf it was sealed with, each leaf against the rows.

A part that was removed when its time was over verifies as such: its line in the change log says so, the root
over its seals agrees, and of its rows only those are left that were held then, as they were.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, bindparam, text

from audit_log.as_written import as_written
from audit_log.day_leaves import CLOSED, EDITED, FITS, OPENED, TWICE, UNKNOWN, DayLeaves, SealState
from audit_log.day_rows import Derived, StoredRow, rows_of_day
from audit_log.day_totals import DayTotals, difference, less, stored_totals, totals_hash
from audit_log.findings import ADDED, REMOVED, Findings, time_in, time_of
from audit_log.findings import EDITED as WAS_EDITED
from audit_log.first_seals import EARLIER
from audit_log.purged_parts import Left, held_root, hold_purged_part
from audit_log.rollups import CONNECT, KIND, NO_REQUESTS, counted_as
from audit_log.row_seal import split
from audit_log.seal_chain import Chain
from audit_log.sealed_lines import PurgeLine, TotalsGone

LOOKED_FOR = 1000  # missing rows that are looked for elsewhere, for each day
SOME_ROWS = text("SELECT event_id, at FROM filtering_log WHERE event_id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
LEAF = text("SELECT opened FROM filtering_leaf WHERE seq = :seq")


Wrong = tuple[str, str] | None  # what was done to a row, and how
TOO_EARLY = "it was recorded before searches, pages and times to keep were"
WORDS: Mapping[str, tuple[Wrong, Wrong]] = {  # of its opening, of its closing
    FITS: (None, None),
    EDITED: (
        (WAS_EDITED, "what was asked and decided is not as it was sealed"),
        (WAS_EDITED, "how it ended is not as it was sealed"),
    ),
    TWICE: ((ADDED, "it is there twice"), (ADDED, "it is there twice")),
    UNKNOWN: (None, (WAS_EDITED, "its ending is in no seal that it names")),
}


@dataclass(frozen=True, slots=True)
class Record:
    """What the change log and the chain of seals say, for every day alike."""

    chain: Chain
    purges: Sequence[PurgeLine]
    totals_gone: Sequence[TotalsGone]
    every_day: bool  # all of them are looked at

    def purges_of(self, part: str) -> list[PurgeLine]:
        name = EARLIER if part.startswith(f"{EARLIER}/") else part
        return [line for line in self.purges if line.part == name]

    def parts_of(self, day: date) -> list[str]:
        return [part for part in self.chain.parts if part.endswith(f"/{day}")]


@dataclass(slots=True)
class _Halves:
    opened: list[bytes] = field(default_factory=list)
    closed: list[bytes] = field(default_factory=list)

    def root(self) -> str:
        return held_root(self.opened, self.closed)


class DayCheck:
    def __init__(self, conn: Connection, day: date, record: Record, found: Findings) -> None:
        self.conn = conn
        self.day = day
        self.record = record
        self.found = found
        self.rows = 0
        self._faults_before = found.rows.total()
        self._leaves = DayLeaves(conn, record.parts_of(day))
        self._derived = Derived(conn)
        self._purges = {part: record.purges_of(part) for part in record.parts_of(day)}
        self._held: dict[str, _Halves] = defaultdict(_Halves)
        self._totals, self._late = DayTotals(), DayTotals()
        lines = [line for line in record.purges if str(day) in line.totals]
        self._last_purge = lines[-1] if lines else None
        self._told: set[object] = set()  # those that were named as they were read
        self._odd: dict[str, tuple[StoredRow, str]] = {}  # rows that fit no leaf, by the id they claim

    def run(self) -> None:
        with as_written(self.conn):
            for row in rows_of_day(self.conn, self.day):
                self.rows += 1
                self._hold(row)
        self._hold_seals()
        self._hold_totals()

    # Each row

    def _hold(self, row: StoredRow) -> None:
        if (wrong := self._fault(row)) is not None:
            what, how = wrong
            self._tell(what, row, how)
        elif how := self._derived.fault(row):
            self._tell(WAS_EDITED, row, how)
        elif row.event_id not in self._odd:
            self._count(row)

    def _fault(self, row: StoredRow) -> Wrong:
        halves = row.halves
        if halves is None:
            return ADDED, "its id is none of ours"
        opening = self._one_half(row, row.opened_in, OPENED, halves[OPENED])
        if opening is not None or row.event_id in self._odd:
            return opening
        closing = self._one_half(row, row.closed_in, CLOSED, halves[CLOSED])
        if row.closed_in is None and row.claims_to_have_ended:
            return WAS_EDITED, "no seal covers how it ended"
        return closing

    def _one_half(self, row: StoredRow, seq: object, which: int, half: bytes) -> Wrong:
        if seq is None and which == CLOSED:
            return None
        if type(seq) is int and 1 <= seq <= self.record.chain.first_format:
            # Held against the first seals elsewhere, in one look over all days.
            return None if which == CLOSED or row.is_plainly_earlier else (WAS_EDITED, TOO_EARLY)
        state = self._leaves.seals.get(seq) if type(seq) is int else None
        outcome = UNKNOWN
        if state is not None and (state.is_there or self._purge_of(state) is None):
            outcome = self._leaves.look_up(state, which, half)
            self._keep_held(state, which, half, outcome)
        if outcome == UNKNOWN and which == OPENED:
            return self._unknown(row, seq, state)
        return WORDS[outcome][which]

    def _unknown(self, row: StoredRow, seq: object, state: SealState | None) -> Wrong:
        """Kept until the end of the day: it may be a row that was moved here."""
        if state is not None and self._purge_of(state) is not None:
            return ADDED, "its part was removed when its time was over, and it was not held"
        how = "no seal covers it" if seq is None else "the seal that it names does not hold it"
        if len(self._odd) >= LOOKED_FOR or row.event_id in self._odd:
            return ADDED, how
        self._odd[row.event_id] = (row, how)
        return None

    def _tell(self, what: str, row: StoredRow, how: str) -> None:
        seal = row.opened_in if type(row.opened_in) is int else None
        self.found.row(what, row.event_id, time_of(row.at), seal, how)
        self._told.add(row.event_id)

    def _keep_held(self, state: SealState, which: int, half: bytes, outcome: str) -> None:
        if outcome in {FITS, EDITED} and self._purge_of(state) is not None:
            kept = self._held[str(state.seal.part)]
            (kept.opened if which == OPENED else kept.closed).append(half)

    def _count(self, row: StoredRow) -> None:
        opening, closing = row.opening, row.closing
        at_once = opening[KIND] != CONNECT
        if opening[KIND] in NO_REQUESTS or (not at_once and (row.closed_in is None or closing[0])):
            return
        counted = counted_as(opening)
        self._totals.add(counted)
        last = self._last_purge
        if last is not None and (row.opened_in if at_once else row.closed_in) > last.upto_seal:
            self._late.add(counted)

    # Each seal

    def _purge_of(self, state: SealState) -> PurgeLine | None:
        """The first line that says this seal's rows went, if there is one."""
        lines = self._purges.get(str(state.seal.part), ())
        return next((line for line in lines if state.seal.seq <= line.upto_seal), None)

    def _hold_seals(self) -> None:
        missing: dict[str, SealState] = {}
        without_end: dict[str, SealState] = {}
        for state in self._leaves.seals.values():
            if self._purge_of(state) is not None:
                self._hold_purged(state)
            elif not state.is_sound:
                self._hold_unsound(state)
            else:
                missing |= dict.fromkeys(self._leaves.unseen(state, OPENED), state)
                without_end |= dict.fromkeys(self._leaves.unseen(state, CLOSED), state)
        self._name_missing(missing)
        self._name_odd(missing)
        for event_id, state in without_end.items():
            if event_id not in missing and event_id not in self._told:
                self._name_without_end(event_id, state)
        for part, lines in self._purges.items():
            if lines and lines[-1].day is not None:
                hold_purged_part(self.conn, part, lines, self._left(part, lines), self.found)

    def _left(self, part: str, lines: Sequence[PurgeLine]) -> Left:
        upto = lines[-1].upto_seal
        states = [s for s in self._leaves.seals.values() if s.seal.part == part and s.seal.seq <= upto]
        there = sum(sum(state.seen[OPENED]) for state in states)
        return Left(sum(state.seal.opened for state in states), there, self._held[part].root())

    def _hold_purged(self, state: SealState) -> None:
        seq = state.seal.seq
        if state.is_there and not state.is_sound:
            self.found.add(f"The leaves of seal {seq}, which tell its rows apart, were changed.", seq)
        elif state.is_there and not any(map(any, state.seen)):
            says = f"The leaves of seal {seq} are there for rows that were held, and no such row is."
            self.found.add(says, seq)

    def _hold_unsound(self, state: SealState) -> None:
        seal = state.seal
        what = "changed" if state.is_there else "removed"
        self.found.add(f"The leaves of seal {seal.seq}, which tell its rows apart, were {what}.", seal.seq)
        if not state.rows_fit:
            self.found.add(
                f"The rows stored at {seal.at} (seal {seal.seq}, {seal.opened} requests) are not what was"
                " sealed; which of them cannot be told without its leaves.",
                seal.seq,
            )

    def _name_missing(self, missing: Mapping[str, SealState]) -> None:
        """A row that is somewhere else, or claims another seal, was edited; else it was removed."""
        names = list(missing)
        rows = self.conn.execute(SOME_ROWS, {"ids": names[:LOOKED_FOR]}).all() if names else ()
        elsewhere = {row.event_id: time_of(row.at) for row in rows}
        for event_id, state in missing.items():
            there = event_id in elsewhere
            how = "the seal, day or time to keep that it names is not its own" if there else ""
            when = elsewhere.get(event_id) or time_in(event_id, self.day)
            self.found.row(WAS_EDITED if there else REMOVED, event_id, when, state.seal.seq, how)

    def _name_odd(self, missing: Mapping[str, SealState]) -> None:
        for event_id, (row, how) in self._odd.items():
            if event_id not in missing and not self._is_from_elsewhere(row):
                self._tell(ADDED, row, how)

    def _is_from_elsewhere(self, row: StoredRow) -> bool:
        """Whether the seal it names is another day's, and holds it: there it is missing, and named."""
        if not seal_holds(self.conn, row.opened_in, row.event_id):
            return False
        if not self.record.every_day:
            self._tell(WAS_EDITED, row, "it was sealed as one of another day")
        return True

    def _name_without_end(self, event_id: str, state: SealState) -> None:
        self.found.row(
            WAS_EDITED, event_id, time_in(event_id, self.day), state.seal.seq, "how it ended was taken away"
        )

    # The totals

    def _hold_totals(self) -> None:
        """Not where rows are wrong: then the totals cannot agree with them, and that says nothing more."""
        if self.found.rows.total() > self._faults_before:
            return
        stored = stored_totals(self.conn, self.day)
        if (gone := self._totals_gone()) is not None:
            if any(number > self._totals.counts[key] for key, number in stored.items()):
                self.found.add(
                    f"There are totals of {self.day:%-d %B %Y}, and all of that time were removed (entry"
                    f" {gone} of the change log).",
                    None,
                )
            return
        if self._last_purge is None:
            if how := difference(stored, self._totals.counts):
                self.found.add(f"The totals of {self.day:%-d %B %Y} are not what its rows say: {how}.", None)
        elif totals_hash(less(stored, self._late.counts)) != self._last_purge.totals[str(self.day)]:
            self.found.add(
                f"The totals of {self.day:%-d %B %Y} are not what they were when rows of that day were"
                f" removed (entry {self._last_purge.seq} of the change log).",
                None,
            )

    def _totals_gone(self) -> int | None:
        """The line by which they went, as long as nothing was told of them since: rows that came late may
        have brought some again."""
        gone = max((each.seq for each in self.record.totals_gone if self.day < each.before), default=None)
        since = self._last_purge is not None and gone is not None and self._last_purge.seq > gone
        return None if since else gone


def seal_holds(conn: Connection, seq: object, event_id: object) -> bool:
    """Whether the leaves of this seal have such an event among the openings."""
    if type(seq) is not int or not isinstance(event_id, str):
        return False
    leaves = conn.execute(LEAF, {"seq": seq}).scalar()
    halves = split(leaves) if isinstance(leaves, bytes) else []
    return any(each.startswith(event_id.encode("utf-8", "replace")) for each in halves)
