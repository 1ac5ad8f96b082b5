"""What differs between two generations of the lists; works with every service down."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, put, put_json, put_table, tell

if TYPE_CHECKING:  # imported when the verb runs: start-up is felt
    from filter_lists.diffing import Change
    from filter_lists.index import Index
    from filter_policy.model import Policy

Generation = Annotated[str | None, typer.Argument(help="A generation, or the beginning of its name.")]
COLUMNS = ("list_id", "category", "before", "after", "added", "removed", "opened", "shut")


def diff(
    ctx: typer.Context,
    old: Generation = None,
    new: Generation = None,
    *,
    entries: Annotated[
        int, typer.Option(min=0, max=100_000, help="Show so many entries that came and went, of each list.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Count what came and went between two generations, by list and category.

    With one, it is held against the lists in force; with none, that is the newest one that is not in force:
    what `lists build` made, or an update that is held. Entries of illegal lists are shown to nobody.
    """
    from filter_lists.diffing import diff as compare
    from schoolgate.in_force import bundle_in_force, index_of

    state = front_of(ctx).settings.state
    bundle = bundle_in_force(state)
    first, second = _two(state, bundle.lists, old, new)
    before, after = index_of(state, first), index_of(state, second)
    tell(f"{before.generation[:12]} -> {after.generation[:12]}; with millions of entries this takes a while")
    rows = [_told(change, before, after, bundle.policy, entries) for change in compare(before, after)]
    if as_json:
        put_json({"from": before.generation, "to": after.generation, "changes": rows})
        return
    if not rows:
        tell("No difference.")
        return
    put_table(rows, COLUMNS)
    _put_entries(rows)


def _two(state: Path, in_force: str, old: str | None, new: str | None) -> tuple[str, str]:
    from schoolgate.in_force import generations

    if old is not None:
        return (old, new) if new is not None else (in_force, old)
    others = [each for each in generations(state) if each != in_force]
    if not others:
        raise Failed("There is one generation alone: nothing to compare. First: schoolgate lists build")
    return in_force, others[0]


def _told(change: "Change", before: "Index", after: "Index", policy: "Policy", most: int) -> dict[str, Any]:
    told = {name: getattr(change, name) for name in COLUMNS}
    if most:
        shown = _may_be_shown(change, before, policy) and _may_be_shown(change, after, policy)
        told["entries"] = _entries(change, before, after, most) if shown else None
    return told


def _may_be_shown(change: "Change", index: "Index", policy: "Policy") -> bool:
    row = policy.access.get(change.category)
    sealed = any(each.sealed for each in index.lists if each.list_id == change.list_id)
    return not sealed and not (row is not None and row.illegal)


def _entries(change: "Change", before: "Index", after: "Index", most: int) -> dict[str, list[str]]:
    from filter_lists.diffing import entries_gone

    place = (change.list_id, change.category)
    return {
        "removed": list(entries_gone(before, after, place, most)) if change.removed else [],
        "added": list(entries_gone(after, before, place, most)) if change.added else [],
    }


def _put_entries(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        told = row.get("entries", {})
        if told is None:
            tell(f"{row['list_id']}, {row['category']}: entries of illegal lists are not shown")
            continue
        for sign, name in (("-", "removed"), ("+", "added")):
            for entry in told.get(name, ()):
                put(f"{sign} {entry}  {row['list_id']}  {row['category']}")
