"""A whole request, judged as the gate judges it: every name it goes by, in every way that name can be read.

`decide` answers for one reading. The gate, the console's tester and `schoolgate explain` all ask here.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from filter_lists.names import Url
from filter_policy import circumvention
from filter_policy.bearing import names_for, near, sites_by_host
from filter_policy.carried import NOTHING, Carried, carried
from filter_policy.decide import Note, decide, is_illegal
from filter_policy.embedded import Found
from filter_policy.guessed import MOST, guesses
from filter_policy.harbours import harbour_of, whole_host
from filter_policy.model import Decision, Listing, Person, Policy, Reason, Request, Verdict
from filter_policy.readings import readings
from filter_policy.shapes import by_host, circumventions
from filter_policy.terms import searched

DEEPEST = 3  # carriers within carriers; whoever goes further hides something
UNREADABLE = "unreadable-carrier"
CARRIED = "carried: "  # before the rule that decided about what was carried

Lookup = Callable[[Url], Iterable[Listing]]
Answer = Callable[[Request], Decision]


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision, and the name it was made about."""

    url: Url
    decision: Decision


@dataclass(frozen=True, slots=True)
class Judge:
    """Who asks, and whom it is asked. `signs`: ways round the filter that the header fields told of;
    `address`: of the device that asks, where it is known."""

    person: Person
    policy: Policy
    lookup: Lookup
    answer: Answer
    signs: tuple[str, ...] = ()
    note: Note | None = None
    address: str = ""

    def names(self, names: Sequence[Url]) -> Judged:
        """The first name that is blocked, else the first. The earliest `valid_until` of all holds for all.

        Raises ValueError when there is no name.
        """
        first: Judged | None = None
        for name in names:
            decision = self._name(name, 0)
            if decision.is_block:
                return Judged(name, decision)
            first = _until(first, decision) if first is not None else Judged(name, decision)
        if first is None:
            raise ValueError("nothing was asked")
        return first

    def _name(self, name: Url, depth: int) -> Decision:
        """As it stands, in every way that it can be read, and whatever it carries."""
        if depth == 0 and self._is_help(name):
            return self._reading(whole_host(name), whole_host(name), NOTHING, 1)
        held = carried(name, self.policy)
        if held.found and depth >= DEEPEST:
            held = Carried(unreadable=True, known=True)
        first: Judged | None = None
        asked = self._decisions(name, held, depth)
        for decision, counts in asked:
            if counts and decision.is_block:
                return _illegal_first(decision, asked) if held.found or guesses(name) else decision
            first = _until(first, decision) if first is not None else Judged(name, decision)
        if first is None:
            raise ValueError("nothing was read")
        return first.decision

    def _is_help(self, name: Url) -> bool:
        """What somebody asks for at a place of help is nobody's to read, unless it is illegal to show it."""
        if harbour_of(self.policy, name) is None:
            return False
        return not any(is_illegal(e, self.policy) for e in listings_of(name, self.lookup, self.policy))

    def _decisions(self, name: Url, held: Carried, depth: int) -> Iterator[tuple[Decision, bool]]:
        """Each with whether its block counts; asked for only when those before it were not enough."""
        for url, strict in readings(name):
            decision = self._reading(url, name, held, depth)
            yield decision, strict or decision.reason is Reason.SITE_BLOCKED
        for found in held.found:
            decision = self._carried(found, depth)
            yield decision, found.sure or _is_named(decision)
        for decision in self._guessed(name, held, depth):
            yield decision, _is_named(decision)

    def _guessed(self, name: Url, held: Carried, depth: int) -> Iterator[Decision]:
        """A site that nobody knows, with the address of one in its own that this person may not visit."""
        found = guesses(name)
        if not found or (held.known and not held.bare) or self._is_known(name):
            return
        if any(True for url, _ in readings(name) for _ in self.lookup(url)):
            return
        as_proxy = Request(self.person, name, circumventions((circumvention.PROXY,)), address=self.address)
        if depth >= DEEPEST or len(found) > MOST:
            yield self.answer(as_proxy)
            return
        for url in found:
            decision = self._carried(Found(url), depth)
            is_shut = decision.is_block and _is_named(decision)
            yield self.answer(as_proxy) if is_shut and decision.reason is not Reason.ILLEGAL else decision

    def _carried(self, found: Found, depth: int) -> Decision:
        if self.note is not None:
            self.note(f"{CARRIED.strip()} {found.url}", True, "judged as if it were visited")
        decision = self._name(found.url, depth + 1)
        if not decision.is_block or decision.rule.startswith(CARRIED):
            return decision
        return replace(decision, rule=CARRIED + decision.rule)

    def _reading(self, url: Url, name: Url, held: Carried, depth: int) -> Decision:
        listings = tuple(self.lookup(url))
        seen = (*by_host(url, bool(listings), self.policy), *self._ways_round(name, held, listings, depth))
        said = searched(url) if self.policy.terms else ()
        found = (*listings, *seen) if seen else listings
        return self.answer(Request(self.person, url, found, said, self.address))

    def _ways_round(
        self, name: Url, held: Carried, listings: tuple[Listing, ...], depth: int
    ) -> tuple[Listing, ...]:
        entries = list(self.signs) if depth == 0 else []
        if held.unreadable:
            entries.append(UNREADABLE)
        told = circumvention.anywhere(name)
        if told is not None and not circumvention.is_dns_message(name) and self._is_known(name):
            told = None
        if told is None and not listings and (held.bare or not held.known):
            told = circumvention.of_unknown(name)
            told = None if told is None or self._is_known(name) else told
        if told is not None:
            entries.append(told)
        return circumventions(entries)

    def _is_known(self, url: Url) -> bool:
        """Whether the school itself has opened this site to this person."""
        names = names_for(self.policy, self.person)
        near_rules = near(sites_by_host(self.policy), url)
        return any(
            rule.verdict is Verdict.ALLOW and rule.for_ & names and rule.site.covers(url)
            for rule in near_rules
        )


def judge_url(
    url: Url, person: Person, policy: Policy, lookup: Lookup, now: datetime, *, note: Note | None = None
) -> Decision:
    """What the gate would answer to `url`; `note` hears every rule that was looked at."""
    judge = Judge(person, policy, lookup, lambda asked: decide(asked, policy, now, note), note=note)
    return judge.names((url,)).decision


def listings_of(url: Url, lookup: Lookup, policy: Policy | None = None) -> tuple[Listing, ...]:
    """All that the lists say of it, in whichever way it is read, and of what it carries; with `policy`, of
    what the school's own carriers carry as well."""
    found: dict[Listing, None] = {}
    waiting = [(url, 0)]
    while waiting:
        name, depth = waiting.pop(0)
        found.update(dict.fromkeys(each for reading in readings(name) for each in lookup(reading.url)))
        held = carried(name, policy) if depth < DEEPEST else NOTHING
        waiting += [(each.url, depth + 1) for each in held.found]
        if depth < DEEPEST and policy is not None:
            shown = (each for guess in guesses(name) for each in listings_of(guess, lookup))
            found.update(dict.fromkeys(each for each in shown if is_illegal(each, policy)))
    return tuple(found)


def stands_alone(url: Url, policy: Policy) -> bool:
    """Whether more bears on it than what the lists and the school say of its host and path: what is told of
    another such address tells nothing of this one."""
    if url.is_ip or "xn--" in url.host or carried(url, policy).known:
        return True
    if circumvention.anywhere(url) is not None or circumvention.of_unknown(url) is not None:
        return True
    if guesses(url):
        return True
    return bool(policy.terms and searched(url))


def _illegal_first(decision: Decision, rest: Iterable[tuple[Decision, bool]]) -> Decision:
    """Whatever else is true of a carrier, nobody reads in the log what illegal thing it was to show."""
    if decision.reason is Reason.ILLEGAL:
        return decision
    return next((each for each, _ in rest if each.reason is Reason.ILLEGAL), decision)


def _is_named(decision: Decision) -> bool:
    """Whether a list or the school speaks of that very site: what was guessed counts for no less."""
    return decision.listing is not None or decision.reason is Reason.SITE_BLOCKED


def _until(first: Judged, decision: Decision) -> Judged:
    if not sooner(decision.valid_until, first.decision.valid_until):
        return first
    return Judged(first.url, replace(first.decision, valid_until=decision.valid_until))


def sooner(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one < other)
