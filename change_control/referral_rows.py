"""The rows of a referral, each with the way from it to the signed checkpoint.

A row is in the seal of the batch that it was stored in; a seal is in the line of its hour, which the change
log has; or, where that hour is not over yet, in the chain of seals up to the one that the checkpoint names.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from audit_log.as_written import as_written, shown
from audit_log.checkpoint import Checkpoint
from audit_log.day_rows import StoredRow, rows_by_id
from audit_log.filtering_log import LogRow
from audit_log.merkle import leaf_hash
from audit_log.row_seal import split as halves_in
from audit_log.rows import CLOSING, OPENING
from audit_log.sealed_lines import HourLine, hour_lines
from audit_log.tables import filtering_leaf, filtering_seal
from change_control.log_tree import LogTree
from filter_policy.inclusion import split

SEAL = filtering_seal.c
LONGEST_CHAIN = 20_000  # seals; of a row further back the hour has to be stated first
SOME = 400
TELLING = ("event_id", "at", "kind", "person_id", "client_address", "category", "verdict", "reason")
Line = dict[str, Any]


@dataclass(slots=True)
class Proved:
    """The lines of rows.jsonl, seals.jsonl and chain.jsonl; and which of the change log they need."""

    rows: list[Line] = field(default_factory=list)
    seals: list[Line] = field(default_factory=list)
    chain: list[Line] = field(default_factory=list)
    hours: list[int] = field(default_factory=list)


def proof_in(tree: LogTree, index: int, size: int) -> list[str]:
    """From leaf `index` (from 0) to the root over the first `size` leaves."""
    path, start, end = list[str](), 0, size
    while end - start > 1:
        middle = split(start, end)
        if index < middle:
            path.append(tree.over(middle, end).hex())
            end = middle
        else:
            path.append(tree.over(start, middle).hex())
            start = middle
    return path[::-1]


def tree_of(leaves: Iterable[bytes]) -> LogTree:
    tree = LogTree()
    for each in leaves:
        tree.add(each)
    return tree


def stored_rows(conn: Connection, rows: Sequence[LogRow]) -> list[StoredRow]:
    """As they were sealed, in the order of their times."""
    days: dict[Any, list[str]] = defaultdict(list)
    for row in rows:
        days[row.at.date()].append(row.event_id)
    with as_written(conn):
        found = [
            each
            for day, ids in days.items()
            for some in (ids[at : at + SOME] for at in range(0, len(ids), SOME))
            for each in rows_by_id(conn, day, some)
        ]
    return sorted(found, key=lambda each: (each.at, each.event_id))


def proved(
    conn: Connection, rows: Sequence[StoredRow], signed: Checkpoint, *, with_addresses: bool
) -> Proved:
    """`signed`: the checkpoint that all of it leads to. Without addresses there is no hash of a row either,
    and no proof that would have one in it: they have no salt, so that whoever has guessed an address would
    know it by them."""
    made = Proved()
    if not with_addresses:
        made.rows += [{name: row.opening[OPENING.index(name)] for name in TELLING} for row in rows]
        return made
    trees: dict[int, _Seal | None] = {}
    with as_written(conn):
        for row in rows:
            made.rows.append(_line(conn, row, trees))
        needed = sorted(seq for seq, seal in trees.items() if seal is not None)
        _seals(conn, needed, signed, made)
    return made


@dataclass(frozen=True, slots=True)
class _Seal:
    """The leaves of one seal: where each half stands, and the trees over them."""

    opened: Mapping[bytes, int]
    closed: Mapping[bytes, int]
    trees: tuple[LogTree, LogTree]


def _seal(conn: Connection, seq: Any) -> _Seal | None:
    row = conn.execute(select(filtering_leaf).where(filtering_leaf.c.seq == seq)).one_or_none()
    part = conn.scalar(select(SEAL.part).where(SEAL.seq == seq))
    if row is None or part is None:  # of the first format, which has no tree
        return None
    opened, closed = halves_in(bytes(row.opened)), halves_in(bytes(row.closed))
    trees = tree_of(map(leaf_hash, opened)), tree_of(map(leaf_hash, closed))
    places = [{half: at for at, half in enumerate(halves)} for halves in (opened, closed)]
    return _Seal(places[0], places[1], trees)


def _line(conn: Connection, row: StoredRow, trees: dict[int, _Seal | None]) -> Line:
    told: Line = {"event_id": row.event_id, "opening": list(row.opening), "closing": list(row.closing)}
    halves = row.halves or (b"", b"")
    for number, (name, seq) in enumerate((("opened", row.opened_in), ("closed", row.closed_in))):
        if seq not in trees and isinstance(seq, int):
            trees[seq] = _seal(conn, seq)
        seal = trees.get(seq)
        place = (seal.closed if number else seal.opened).get(halves[number]) if seal else None
        tree = seal.trees[number] if seal else LogTree()
        told[name] = (
            None
            if place is None
            else {"seal": seq, "place": place, "proof": proof_in(tree, place, tree.size)}
        )
    return told


def _seals(conn: Connection, needed: Sequence[int], signed: Checkpoint, made: Proved) -> None:
    hours = [line for line in hour_lines(conn) if line.seq <= signed.size and line.last is not None]
    later: list[int] = []
    for hour, seqs in _by_hour(hours, needed, later):
        within = SEAL.seq.between(hour.first, hour.last)
        leaves = conn.scalars(select(SEAL.leaf).where(within).order_by(SEAL.seq))
        tree = tree_of(bytes(each) for each in leaves)
        made.hours.append(hour.seq)
        for line in _seal_lines(conn, seqs):
            place = line["seq"] - (hour.first or 0)
            way = {"hour": hour.seq, "place": place, "proof": proof_in(tree, place, tree.size)}
            made.seals.append(line | way)
    head = signed.rows.seq if signed.rows else 0
    if later and later[0] <= head and head - later[0] < LONGEST_CHAIN:
        made.chain = list(_seal_lines(conn, range(later[0], head + 1)))


def _by_hour(
    hours: Sequence[HourLine], needed: Sequence[int], later: list[int]
) -> Iterator[tuple[HourLine, list[int]]]:
    """What no hour tells of is put to `later`."""
    of: dict[int, list[int]] = defaultdict(list)
    by_seq = {hour.seq: hour for hour in hours}
    for seq in needed:
        found = next((hour for hour in hours if (hour.first or 0) <= seq <= (hour.last or 0)), None)
        (of[found.seq] if found else later).append(seq)
    return ((by_seq[seq], seqs) for seq, seqs in of.items())


def _seal_lines(conn: Connection, seqs: Sequence[int]) -> Iterator[Line]:
    for at in range(0, len(seqs), SOME):
        some = list(seqs[at : at + SOME])
        for row in conn.execute(select(filtering_seal).where(SEAL.seq.in_(some)).order_by(SEAL.seq)):
            yield {"seq": row.seq, "sealed": shown(row.entry), "prev": row.prev.hex(), "leaf": row.leaf.hex()}


def columns() -> dict[str, list[str]]:
    """What the values of a row are, one after the other."""
    return {"opening": list(OPENING), "closing": list(CLOSING)}
