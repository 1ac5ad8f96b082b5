"""The proof that goes beside each bundle: which sealed lines brought into force what it holds.

Which lines those are is remembered, and read on from where it was: the log is gone through once, at start.
Nothing here is trusted by anybody: what comes of it is held against the bundle as a gate does it, and where
that fails, the last bundle that was proven is published again, less what has been shut since.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import Connection, select

from audit_log.sealed_lines import PURGE_CASES
from audit_log.tables import change_log, checkpoint
from change_control.log_tree import LogTree
from change_control.sealed_secrets import SealedSecrets, is_told
from change_control.vouched import Vouched
from filter_policy.bundle_proof import Proof, ProofFault, SealedLine
from filter_policy.case_orders import MOST_DAYS, Order
from filter_policy.inclusion import HASH_BYTES, absent
from filter_policy.model import Opening, Unblock
from filter_policy.proof_cases import ASK, CASES, CLOSED, END, ILLEGAL, ISOLATED, SIGN, WITHDRAWN
from filter_policy.proof_lines import (
    CLOSE,
    FOUND_LISTS,
    FOUNDED,
    LISTS,
    NEW,
    PEOPLE,
    POLICY,
    UNBLOCK_ENDS,
    shut_by,
)

AT, STAMP = (
    '"at":"',
    len("2026-11-24T12:00:00.000000Z"),
)  # of a line: quotes in what stands before are escaped
AT_ONCE = 500  # a statement has a limit on its parameters
SHUTS: Mapping[str, tuple[str, ...]] = {
    "person:suspend": ("suspended_from", "suspended_until"),
    "person:end": ("ends_at",),
}
NEEDED = frozenset(
    {
        *POLICY,
        *LISTS,
        *PEOPLE,
        *SHUTS,
        "erasure:approve",
        "unblock:approve",
        *UNBLOCK_ENDS,
        "opening:open",
        CLOSE,
        "break-glass:use",
        *CASES,
        PURGE_CASES,
    }
    | {f"{kind}:propose" for kind in ("policy", "lists", "unblock", "people")}
)
OF_ORDERS = (ASK, SIGN, END, WITHDRAWN, ISOLATED)
WORDS = tuple(f'"event":"{event}"' for event in NEEDED)


@dataclass(slots=True)
class _Known:
    """Of every line that a proof may need, where it stands."""

    tree: LogTree = field(default_factory=LogTree)
    policy: int = 0
    lists: int = 0
    made: dict[tuple[str, str], int] = field(default_factory=dict)  # by event and object
    objects: dict[int, str] = field(default_factory=dict)  # of lines that two people stand behind
    used: dict[str, int] = field(default_factory=dict)  # where break-glass stood in, by proposal
    people: dict[str, dict[str, int]] = field(default_factory=dict)  # by person and field: who set it last
    opened: dict[str, list[str]] = field(default_factory=dict)  # openings, by whoever made them
    shut: dict[str, int] = field(default_factory=dict)  # the line that shut an opening, by opening
    isolated: list[tuple[int, str, str]] = field(default_factory=list)  # that shut a device off: when, case
    gone: dict[str, int] = field(default_factory=dict)  # cases of which no words are left
    halted: dict[str, int] = field(default_factory=dict)  # the last that ended what was open, by case
    last_at: str = ""

    def read(self, seq: int, leaf: bytes, sealed: str) -> None:
        self.tree.add(leaf)
        self.last_at = sealed.partition(AT)[2][:STAMP]
        if any(word in sealed for word in WORDS):
            self._note(seq, json.loads(sealed))

    def _note(self, seq: int, entry: Mapping[str, Any]) -> None:
        event, object_id, detail = entry["event"], entry["object"], entry["detail"]
        self.made[event, object_id] = seq
        if event.endswith(":approve"):
            self.objects[seq] = object_id
        if event in POLICY:
            self.policy = seq
        if event in LISTS or (event == FOUNDED and FOUND_LISTS in detail):
            self.lists = seq
        if event == "break-glass:use" and detail.get("proposal"):
            self.used[detail["proposal"]] = seq
        if event == "opening:open":
            self.opened.setdefault(entry["actor"], []).append(object_id)
        self._note_case(seq, entry)
        for each in shut_by(event, object_id, detail, self.opened):
            self.shut.setdefault(each, seq)  # the first: none later makes it longer
        for person, fields in _people(event, object_id, detail):
            self.people.setdefault(person, {}).update(dict.fromkeys(fields, seq))

    def _note_case(self, seq: int, entry: Mapping[str, Any]) -> None:
        event, detail = entry["event"], entry["detail"]
        if event == ISOLATED:
            self.isolated.append((seq, entry["at"], detail["incident"]))
        if event == PURGE_CASES:
            self.gone |= dict.fromkeys(detail["cases"], seq)
        if event == ILLEGAL or (event == SIGN and detail.get("to") == CLOSED):
            self.halted[detail["incident"]] = seq


def _people(event: str, object_id: str, detail: Mapping[str, Any]) -> Iterator[tuple[str, Iterable[str]]]:
    """Whom a line is about, and what it sets of them."""
    if event == FOUNDED:
        yield from ((one["person"], NEW) for one in detail["people"])
    elif event in PEOPLE:
        yield from (
            (one["person"], NEW if one["new"] else NEW & one["set"].keys()) for one in detail["people"]
        )
    elif event in SHUTS:
        yield object_id, SHUTS[event]
    elif event == "erasure:approve":
        yield detail["person"], NEW.keys() - {"role", "ends_at"}


@dataclass(slots=True)
class LogLines:
    """What this process remembers of the change log, for its proofs."""

    vouched: Vouched = field(default_factory=Vouched)  # who signs in is held against these alone
    _known: _Known = field(default_factory=_Known)
    _lock: Lock = field(default_factory=Lock)

    def proof(
        self,
        conn: Connection,
        people: Iterable[str],
        unblocks: Iterable[Unblock],
        openings: Iterable[Opening],
        orders: Iterable[Order] = (),
    ) -> Proof:
        """Not signed yet, and believed by nobody. Raises ProofFault when the log is not signed to its end."""
        with self._lock:
            self._read_on(conn)
            known = self._known
            note = conn.scalar(select(checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1))
            size = conn.scalar(select(checkpoint.c.size).order_by(checkpoint.c.size.desc()).limit(1)) or 0
            if not isinstance(note, str) or size != known.tree.size:
                raise ProofFault("the change log is not signed to its end")
            wanted = sorted(_wanted(known, people, unblocks, openings) | _ordered(known, orders))
            spots = [seq - 1 for seq in wanted]
            nodes = tuple(known.tree.over(low, high) for low, high in absent(0, size, spots))
            return Proof(note, tuple(_lines(conn, wanted)), nodes)

    def passwords(self, conn: Connection, person: str) -> tuple[dict[str, str], ProofFault | None]:
        """The hashes that the lines tell of, and what is wrong with the log: then those of its good part."""
        told, fault = self.vouched.secrets(conn)
        return {which: hash_ for (of, which), hash_ in told.passwords.items() if of == person}, fault

    def second_factor(self, conn: Connection, person: str) -> tuple[str | None, ProofFault | None]:
        """The hash of the second factor that somebody has, and likewise."""
        told, fault = self.vouched.secrets(conn)
        return told.factors.get(person), fault

    def fault(self, conn: Connection) -> ProofFault | None:
        """What is wrong with the log, if anything is."""
        return self.vouched.secrets(conn)[1]

    def is_code(self, conn: Connection, person: str, code_hash: str) -> bool:
        """Whether the lines tell of this code to choose a password with. Raises ProofFault where the log is
        damaged."""
        return is_told(self._sound(conn).codes.get(person), code_hash)

    def is_envelope(self, conn: Connection, envelope: str, code_hash: str) -> bool:
        """Likewise, of the code in the sealed envelope: the last one that was made, if nobody used it."""
        last = self._sound(conn).envelope
        return last is not None and last[0] == envelope and is_told(last[1], code_hash)

    def is_token(self, conn: Connection, token: str) -> bool:
        """Whether the lines tell of a token of this id that nobody revoked. Raises likewise."""
        return token in self._sound(conn).tokens

    def _sound(self, conn: Connection) -> SealedSecrets:
        told, fault = self.vouched.secrets(conn)
        if fault is not None:
            raise fault
        return told

    def forget(self) -> None:
        self.vouched.forget()
        with self._lock:
            self._known = _Known()

    def _read_on(self, conn: Connection) -> None:
        """From the last line that is known; from the beginning where that is no longer what it was."""
        size = self._known.tree.size
        if (
            size
            and conn.scalar(select(change_log.c.leaf).where(change_log.c.seq == size)) != self._last_leaf()
        ):
            self._known = _Known()
            size = 0
        asked = select(change_log.c.seq, change_log.c.leaf, change_log.c.entry).where(change_log.c.seq > size)
        try:
            for row in conn.execute(asked.order_by(change_log.c.seq)):
                if row.seq != self._known.tree.size + 1 or len(row.leaf) != HASH_BYTES:
                    raise ProofFault(
                        f"entry {self._known.tree.size + 1} of the change log is missing or damaged"
                    )
                self._known.read(row.seq, row.leaf, row.entry)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            seen = self._known.tree.size
            self._known = _Known()
            raise ProofFault(f"entry {seen} of the change log is damaged") from None

    def _last_leaf(self) -> bytes:
        return self._known.tree.leaf(self._known.tree.size)


def _wanted(
    known: _Known, people: Iterable[str], unblocks: Iterable[Unblock], openings: Iterable[Opening]
) -> set[int]:
    """What is missing is left out: the check says which."""
    found = {known.policy, known.lists}
    found |= {known.made.get(("unblock:approve", each.id), 0) for each in unblocks}
    found |= {known.made.get((event, each.id), 0) for each in unblocks for event in UNBLOCK_ENDS}
    for each in openings:
        found |= {known.made.get(("opening:open", each.id), 0), known.shut.get(each.id, 0)}
    for person in people:
        found |= set(known.people.get(person, {}).values())
    for seq in sorted(found & known.objects.keys()):
        object_id = known.objects[seq]
        kinds = ("policy", "lists", "unblock", "people")
        found |= {known.made.get((f"{kind}:propose", object_id), 0) for kind in kinds}
        found.add(known.used.get(object_id, 0))
    return found - {0}


def _ordered(known: _Known, orders: Iterable[Order]) -> set[int]:
    """All that shut a device off and may still do so, whether or not the database knows of them."""
    found = {
        seq
        for seq, at, case in known.isolated
        if known.gone.get(case, 0) < seq and _is_young(at, known.last_at)
    }
    for each in orders:
        found |= {known.made.get((event, each.id), 0) for event in OF_ORDERS}
        found.add(known.halted.get(each.incident_id, 0))
    return found - {0}


def _is_young(at: str, now: str) -> bool:
    """Whether it may still shut a device off; where no time can be read it may."""
    try:
        return datetime.fromisoformat(at) > datetime.fromisoformat(now) - timedelta(days=MOST_DAYS)
    except (ValueError, TypeError):
        return True


def _lines(conn: Connection, wanted: list[int]) -> Iterator[SealedLine]:
    table = change_log.c
    for start in range(0, len(wanted), AT_ONCE):
        some = select(table.seq, table.prev, table.entry).where(
            table.seq.in_(wanted[start : start + AT_ONCE])
        )
        yield from (
            SealedLine(row.seq, row.prev, row.entry) for row in conn.execute(some.order_by(table.seq))
        )
