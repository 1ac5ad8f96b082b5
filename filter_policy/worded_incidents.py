"""What differs in how the school deals with incidents, in words: of `worded.py`, as its own file."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from filter_policy.model import Incidents, Policy

type Told = Iterator[tuple[str, str, str]]
NONE = "none"


def _incidents(old: Policy, new: Policy) -> Told:
    before, after = old.incidents, new.incidents
    yield "incidents: reported at once means within", _within(before), _within(after)
    yield "incidents: blocked tries that report themselves", _repeated(before), _repeated(after)
    yield from _rows("incidents: days until overdue, informing", before.tasks, after.tasks, str)
    yield from _rows("incidents: letter to", before.letters, after.letters, str)
    yield "incidents: told to a case system at", before.webhook or NONE, after.webhook or NONE
    yield from _rows("incidents: sanctions of", before.sanctions, after.sanctions, "; ".join)


def _within(incidents: Incidents) -> str:
    return f"{incidents.report_minutes} minutes"


def _repeated(incidents: Incidents) -> str:
    return f"{incidents.repeated_blocks.times} within {incidents.repeated_blocks.minutes} minutes"


def _rows[Row](what: str, old: Mapping[str, Row], new: Mapping[str, Row], tell: Callable[[Row], str]) -> Told:
    for name in _both(old, new):
        before = tell(old[name]) if name in old else NONE
        yield f"{what} {name}", before, tell(new[name]) if name in new else NONE


def _both(old: Iterable[str], new: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*old, *new]))


TELLING: Mapping[str, Callable[[Policy, Policy], Told]] = {"incidents": _incidents}
