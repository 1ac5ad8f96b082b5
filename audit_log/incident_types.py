"""Of which type each thing is that a line of a case says: whoever reads a case relies on it.

What stands in the table may have been tampered with, and one line that is not as we write it must not stop
the list of all other cases. Names that are not known here may be anything: a newer version may say more.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from audit_log.as_written import encodable

Facts = Mapping[str, Any]
MOST = 2**53  # what JSON can say exactly
YEARS = range(2, 9999)  # with every zone still a time


def moment(said: object) -> datetime:
    """Aware UTC. Raises ValueError, and nothing else."""
    if not isinstance(said, str):
        raise ValueError("no time")
    found = datetime.fromisoformat(said)
    if found.tzinfo is None or found.year not in YEARS:
        raise ValueError("no time of a zone")
    return found.astimezone(UTC)


def _is_text(said: object) -> bool:
    return isinstance(said, str) and encodable(said)


def _is_moment(said: object) -> bool:
    try:
        moment(said)
    except ValueError:
        return False
    return True


def _is_bool(said: object) -> bool:
    return isinstance(said, bool)


def _is_size(said: object) -> bool:
    return isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= MOST


def _are_texts(said: object) -> bool:
    return isinstance(said, list | tuple | frozenset | set) and all(_is_text(each) for each in said)


def _are_rows(said: object) -> bool:
    return isinstance(said, list | tuple) and all(_are_texts(each) for each in said)


def _are_tasks(said: object) -> bool:
    return isinstance(said, list | tuple) and all(_is_task(each) for each in said)


def _is_task(said: object) -> bool:
    if not isinstance(said, Mapping) or not said.keys() >= {"id", "kind", "due"}:
        return False
    return all(_is_text(said.get(name, "")) for name in ("id", "kind", "text")) and _is_moment(said["due"])


def _is_removal(said: object) -> bool:
    return isinstance(said, Mapping) and _is_text(said.get("person")) and _is_moment(said.get("until"))


def _or_none(is_one: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda said: said is None or is_one(said)


TYPES: Mapping[str, Callable[[object], bool]] = {
    **dict.fromkeys(("id", "kind", "about", "lane", "place", "intent", "source", "name", "sha256"), _is_text),
    **dict.fromkeys(("text", "happened", "act", "code", "reference", "isolation", "incident"), _is_text),
    **dict.fromkeys(("how", "outcome", "to", "evidence"), _or_none(_is_text)),
    **dict.fromkeys(("person", "role", "device", "by", "event"), _or_none(_is_text)),
    **dict.fromkeys(("says", "why", "reason", "purpose", "deviation"), _or_none(_is_text)),
    **dict.fromkeys(("restricted", "self_reported", "substance"), _is_bool),
    **dict.fromkeys(("due", "from", "starts_at", "ends_at"), _is_moment),
    "happened_at": _or_none(_is_moment),
    **dict.fromkeys(("exclude", "suggested", "people", "sites", "responses", "actions"), _are_texts),
    "also": _are_rows,
    "tasks": _are_tasks,
    "size": _is_size,
    "removal": _or_none(_is_removal),
}
OF_ACT: Mapping[str, Mapping[str, Callable[[object], bool]]] = {"evidence": {"to": _is_moment}}
# What a step needs that those rely on who show it, or do what it says.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "mode": ("device", "sites", "people", "starts_at", "ends_at"),
    "sanction": ("kind", "suggested", "also", "actions"),
    "act": ("responses",),
    "substance": ("substance",),
}


def require_types(act: str, facts: object) -> None:
    """Raises ValueError, with the name of what is not of its type, and never what stands there."""
    if not isinstance(facts, Mapping):
        raise ValueError("no facts")
    wrong = [*_wrong(act, facts), *_missing(act, facts)]
    if wrong:
        raise ValueError(f"not of its type: {wrong[0]}")
    if not _is_whole(facts):
        raise ValueError("no text")


def _wrong(act: str, facts: Facts) -> Iterator[str]:
    of_act = OF_ACT.get(act, {})
    for name, said in facts.items():
        is_one = of_act.get(name) or TYPES.get(name)
        if is_one is not None and not is_one(said):
            yield name


def _missing(act: str, facts: Facts) -> Iterator[str]:
    if act == "ask":
        yield from (name for name in NEEDED.get(str(facts.get("act")), ()) if name not in facts)


def _is_whole(said: object) -> bool:
    """No half of a character anywhere, which nothing could send on. Too deep for us: RecursionError."""
    if isinstance(said, str):
        return encodable(said)
    if isinstance(said, Mapping):
        return all(_is_whole(each) for pair in said.items() for each in pair)
    if isinstance(said, list | tuple):
        return all(_is_whole(each) for each in said)
    return True
