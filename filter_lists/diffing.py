"""What an update changes: how much came and how much went, by list and category; and which, when asked."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from filter_lists.index import Index
from filter_lists.keys import entry_of
from filter_lists.manifest import BLOCK, IMPORTANT, Pair, Pairs

type Place = tuple[str, str]  # list_id, category


@dataclass(frozen=True, slots=True)
class Change:
    """Entries of one list in one category, before and after.

    `removed`: gone (`after` = `before` - `removed` + `added`). `opened`: those, the exceptions that came, and
    blocks that exceptions hold against now: what this list shuts no more. `shut`: what it shuts now: `added`,
    the exceptions that went, and blocks that none holds against any more.
    """

    list_id: str
    category: str
    before: int
    after: int
    added: int
    removed: int
    opened: int
    shut: int


@dataclass(slots=True)
class _Tally:
    blocks: int = 0
    exceptions: int = 0
    eased: int = 0  # blocks that were important and are no more: exceptions hold against them now
    tightened: int = 0  # the other way round

    def count(self, kind: str, times: int) -> None:
        if kind in (BLOCK, IMPORTANT):
            self.blocks += times
        else:
            self.exceptions += times


def diff(old: Index, new: Index) -> tuple[Change, ...]:
    """Every list and category of which anything differs. Exact: each entry of the old one is looked for."""
    gone: dict[Place, _Tally] = {}
    for (was, now), times in _moves(old, new).items():
        for pair in _pairs(was):
            tally = gone.setdefault((pair[1], pair[0]), _Tally())
            if not _is_kept(pair, now):
                tally.count(pair[2], times)
            elif pair[2] in (BLOCK, IMPORTANT):
                important = (*pair[:2], IMPORTANT)
                tally.eased += times * (important in was and important not in now)
                tally.tightened += times * (important in now and important not in was)
    for (category, list_id), times in old.sealed_gone(new).items():
        gone.setdefault((list_id, category), _Tally()).count(BLOCK, times)
    before, after = _totals(old), _totals(new)
    rows = []
    for place in sorted(before.keys() | after.keys()):
        lost = gone.get(place, _Tally())
        change = _change(place, before.get(place, _Tally()), after.get(place, _Tally()), lost)
        if change.added or change.removed or change.opened or change.shut:
            rows.append(change)
    return tuple(rows)


def _change(place: Place, before: _Tally, after: _Tally, lost: _Tally) -> Change:
    added = after.blocks - before.blocks + lost.blocks
    exceptions_added = after.exceptions - before.exceptions + lost.exceptions
    return Change(
        *place,
        before=before.blocks,
        after=after.blocks,
        added=added,
        removed=lost.blocks,
        opened=lost.blocks + exceptions_added + lost.eased,
        shut=added + lost.exceptions + lost.tightened,
    )


def _moves(old: Index, new: Index) -> Counter[tuple[Pairs, Pairs]]:
    """What was said of each key of the old index, and what is said of it now; expressions are keys here."""
    moves: Counter[tuple[int, int]] = Counter()
    for key, number in old.numbered():
        moves[number, new.number_of(key)] += 1
    found: Counter[tuple[Pairs, Pairs]] = Counter()
    for (was, now), times in moves.items():
        found[old.said(was), new.said(now)] += times
    patterns = {each[:2]: each[2] for each in new.patterns}
    for pattern, scope, pairs in old.patterns:
        found[pairs, patterns.get((pattern, scope), ())] += 1
    return found


def _is_kept(pair: Pair, now: Pairs) -> bool:
    """An important block does not go when it is merely important no more; that is counted apart."""
    category, list_id, kind = pair
    if kind in (BLOCK, IMPORTANT):
        return (category, list_id, BLOCK) in now or (category, list_id, IMPORTANT) in now
    return pair in now


def _pairs(said: Pairs) -> Iterator[Pair]:
    """Each once, and no marks of ours."""
    seen = set()
    for category, list_id, kind in said:
        sort = (category, list_id, kind in (BLOCK, IMPORTANT))
        if list_id and sort not in seen:
            seen.add(sort)
            yield category, list_id, kind


def _totals(index: Index) -> dict[Place, _Tally]:
    totals: dict[Place, _Tally] = {}
    for each in index.lists:
        for count in each.counts:
            tally = totals.setdefault((each.list_id, count.category), _Tally())
            tally.blocks += count.entries + count.expressions
            tally.exceptions += count.exceptions
    return totals


def entries_gone(old: Index, new: Index, place: Place, most: int) -> tuple[str, ...]:
    """Up to `most` entries that `old` has there and `new` has not, for people to look at."""
    list_id, category = place
    return tuple(islice(_gone(old, new, category, list_id), most))


def _gone(old: Index, new: Index, category: str, list_id: str) -> Iterator[str]:
    wanted = {number for number, said in enumerate(old.sets) if _has(said, category, list_id)}
    for key, number in old.numbered():
        if number in wanted and not _has(new.said(new.number_of(key)), category, list_id):
            yield entry_of(key)


def _has(said: Pairs, category: str, list_id: str) -> bool:
    return (category, list_id, BLOCK) in said or (category, list_id, IMPORTANT) in said
