"""What differs in what the gate does besides letting by, in words: of `worded.py`, as its own file."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from filter_policy.model import Passthrough, Policy, SafeRule, TermRule

type Told = Iterator[tuple[str, str, str]]
NONE = "none"


def _passthrough(old: Policy, new: Policy) -> Told:
    yield from _each("not decrypted", old.passthrough, new.passthrough, _tunnel)


def _tunnel(row: Passthrough) -> str:
    what = ", ".join([*map(str, row.sites), *(f"kind {name}" for name in sorted(row.categories))])
    return f"{what} for {', '.join(sorted(row.for_))}, {row.why} ({row.reason})"


def _carriers(old: Policy, new: Policy) -> Told:
    yield from _each("carrier", old.carriers, new.carriers, str)


def _safe_search(old: Policy, new: Policy) -> Told:
    before, after = (", ".join(sorted(each.safe_search.for_)) for each in (old, new))
    yield "safe search for", before, after
    yield from _each("written into requests", old.safe_search.rules, new.safe_search.rules, _rule)


def _rule(rule: SafeRule) -> str:
    what = [f"{name}={value}" for name, value in rule.parameters]
    what += [f"{name}: {value}" for name, value in rule.fields]
    return f"{', '.join(what)} at {', '.join(map(str, rule.sites))}"


def _terms(old: Policy, new: Policy) -> Told:
    yield from _each("not to be searched for", old.terms, new.terms, _term)


def _term(row: TermRule) -> str:
    return f'"{row.term}" for {", ".join(sorted(row.for_))} ({row.reason})'


def _second_factor(old: Policy, new: Policy) -> Told:
    yield "second factor for", old.second_factor, new.second_factor


def _watch(old: Policy, new: Policy) -> Told:
    yield "canaries, every so many minutes", str(old.watch.canary_minutes), str(new.watch.canary_minutes)
    yield "alarm below this share of blocks, %", str(old.watch.fall_percent), str(new.watch.fall_percent)


def _each[Row](what: str, old: Iterable[Row], new: Iterable[Row], tell: Callable[[Row], str]) -> Told:
    before, after = list(map(tell, old)), list(map(tell, new))
    for says in dict.fromkeys([*before, *after]):
        yield what, says if says in before else NONE, says if says in after else NONE


TELLING: Mapping[str, Callable[[Policy, Policy], Told]] = {
    "passthrough": _passthrough,
    "carriers": _carriers,
    "safe_search": _safe_search,
    "terms": _terms,
    "second_factor": _second_factor,
    "watch": _watch,
}
