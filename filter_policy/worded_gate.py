"""What differs in what the gate does besides letting by, in words: of `worded.py`, as its own file."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from filter_policy.model import Passthrough, Policy, SafeHarbour, SafeRule, SiteRule, TermRule, Verdict

type Told = Iterator[tuple[str, str, str]]
NONE = "none"


def _passthrough(old: Policy, new: Policy) -> Told:
    yield from _each("not decrypted", old.passthrough, new.passthrough, _tunnel)


def _what(row: Passthrough) -> str:
    return ", ".join([*map(str, row.sites), *(f"kind {name}" for name in sorted(row.categories))])


def _tunnel(row: Passthrough) -> str:
    return f"{_what(row)} for {', '.join(sorted(row.for_))}, {row.why} ({row.reason})"


def not_seen(old: Policy, new: Policy) -> Iterator[str]:
    """What nobody will see any more, and where a host is decrypted all the same: for who has to agree."""
    for harbour in new.safe_harbour:
        if harbour not in old.safe_harbour:
            yield (
                f"{harbour.site} will be open to everybody at all times, also to whoever is suspended or has"
                " not signed in. Nobody will see who goes there, nor what they read or write there."
            )
    for row in new.passthrough:
        if row not in old.passthrough:
            yield (
                f"Nobody will see which pages of {_what(row)} are opened, searched or sent there by"
                f" {', '.join(sorted(row.for_))}: not the filter, not the log, not the coordinator."
                " No page or search there can be blocked. The try-out below cannot show this."
            )
        if row not in old.passthrough or old.sites != new.sites:
            yield from seen_all_the_same(new, row)


def seen_all_the_same(policy: Policy, row: Passthrough) -> Iterator[str]:
    """As `passing` decides: a part that `sites` blocks is kept shut only by looking into the tunnel."""
    for site in row.sites:
        for rule in policy.sites:
            if rule.verdict is Verdict.BLOCK and rule.site.path != "/" and _meet(site.host, rule):
                host = max(site.host, rule.site.host, key=len)  # the one below the other
                whom = ", ".join(sorted(rule.for_))
                yield (
                    f"{host} is decrypted all the same for {whom}, since `sites` blocks a part of it:"
                    f" {rule.site}."
                )


def _meet(host: str, rule: SiteRule) -> bool:
    return _below(host, rule.site.host) or _below(rule.site.host, host)


def _below(host: str, other: str) -> bool:
    return host == other or host.endswith(f".{other}")


def gate_words(policy: Policy) -> list[tuple[str, list[str]]]:
    """What the gate does besides letting by, as it stands: titles, and under each a line for each row."""
    safe, watch = policy.safe_search, policy.watch
    factor = {"approvers": "Whoever may approve is asked for a second factor.", "nobody": "Nobody has to."}
    return [
        ("Not decrypted", [
            says for row in policy.passthrough for says in (_tunnel(row), *seen_all_the_same(policy, row))
        ]),
        ("Open to everybody at all times, not decrypted, recorded without whoever asked", [
            _harbour(row) for row in policy.safe_harbour
        ]),
        ("Words that may not be searched for", list(map(_term, policy.terms))),
        ("Safe search", [
            f"Search engines are held to their strictest setting for {', '.join(sorted(safe.for_)) or NONE}.",
            *(f"Written into requests: {_rule(rule)}" for rule in safe.rules),
        ]),
        ("Sites that show other sites, besides the known ones", list(map(str, policy.carriers))),
        ("Second factor", [factor[policy.second_factor]]),
        ("How the filter watches itself", [
            f"It asks itself every {watch.canary_minutes} minutes, and alarms when less than"
            f" {watch.fall_percent} % of what is usual is blocked."
        ]),
    ]  # fmt: skip


def _safe_harbour(old: Policy, new: Policy) -> Told:
    yield from _each("place of help", old.safe_harbour, new.safe_harbour, _harbour)


def _harbour(row: SafeHarbour) -> str:
    telephone = f", {row.telephone}" if row.telephone else ""
    return f"{row.site}: {row.name}{telephone} ({row.reason})"


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
    "safe_harbour": _safe_harbour,
}
