"""What the canaries ask, and what must be answered: for each group each kind of site, what is on no list, and
what the school's own checks name (S93, D7).

Each is asked twice: as http, and as https through a tunnel. It is held against two things: what `decide` says
of this very question under the same policy, asked apart from the gate's own steps; and, whatever `decide`
says, that nothing illegal and nothing that the policy does not allow to that group got through.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from filter_lists.index import Index
from filter_lists.names import Url, parse_url
from filter_policy.judge import judge_url
from filter_policy.model import Access, Decision, FilterGroup, Policy, Reason, Rule, Verdict
from proxy_addon.judge import InForce
from proxy_addon.watch_proof import CANARIES, CATEGORY, CHECK, TLS_PORT, UNLISTED, Said
from proxy_addon.watched import person_of, with_made_up

CLOSED = Rule(Access.NOT_ALLOWED)
SCHEMES = ("http", "https")
OURS = "nothing that the gate proves"


@dataclass(frozen=True, slots=True)
class Canary:
    group: str
    about: str  # CATEGORY + its name, UNLISTED or CHECK
    host: str
    path: str = "/"
    scheme: str = "http"

    @property
    def url(self) -> Url:
        return parse_url(f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}{self.path}")

    @property
    def category(self) -> str | None:
        return self.about.removeprefix(CATEGORY) if self.about.startswith(CATEGORY) else None


@dataclass(frozen=True, slots=True)
class Failed:
    """What came instead of `expected`; `said` None: not the gate's own answer, or none."""

    canary: Canary
    expected: Decision
    said: Said | None

    @property
    def rule(self) -> str:
        got = f"{self.said.verdict} ({self.said.reason})" if self.said else OURS
        wanted = f"{self.expected.verdict.value} ({self.expected.reason.value})"
        return f"{self.canary.scheme}: expected {wanted}, got {got}"


def canaries_of(policy: Policy) -> Iterator[Canary]:
    for canary in _plain(policy):
        yield from (replace(canary, scheme=scheme) for scheme in SCHEMES)


def _plain(policy: Policy) -> Iterator[Canary]:
    for group in policy.filter_groups:
        for category in policy.access:
            yield Canary(group, f"{CATEGORY}{category}", f"{_label(category)}.{CANARIES}")
        yield Canary(group, UNLISTED, f"unlisted.{CANARIES}")
    for check in policy.checks:
        yield Canary(check.filter_group, CHECK, check.site.host, check.site.path)


def _label(category: str) -> str:
    """As part of a host name."""
    told = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in category.lower())
    return f"c-{told}"[:60].rstrip("-")


def expected(canary: Canary, force: InForce, now: datetime) -> Decision:
    policy = force.bundle.policy
    if canary.scheme == "https" and TLS_PORT not in policy.connect_ports:
        return Decision(Verdict.BLOCK, Reason.PORT, "connect_ports", policy.revision)
    person = person_of(canary.group, policy)
    classify = with_made_up(Index.lookup, canary.about)
    return judge_url(canary.url, person, policy, lambda url: classify(force.index, url), now)


def is_right(canary: Canary, policy: Policy, wanted: Decision, said: Said | None) -> bool:
    if said is None or (said.verdict, said.reason) != (wanted.verdict.value, wanted.reason.value):
        return False
    return said.verdict != Verdict.ALLOW or not must_be_shut(canary, policy)


def must_be_shut(canary: Canary, policy: Policy) -> bool:
    """By the row of the table alone: illegal to anybody, or neither allowed nor ever open to this group."""
    category, group = canary.category, policy.filter_groups.get(canary.group)
    if category is None:
        return False
    row = policy.access.get(category)
    return row is None or row.illegal or _rule(row.rules, group).access is Access.NOT_ALLOWED


def _rule(rules: Mapping[str, Rule], group: FilterGroup | None) -> Rule:
    """The nearest cell; none opens nothing."""
    if group is None:
        return CLOSED
    names = (group.name, group.kind, "everyone")
    return next((rules[name] for name in names if name is not None and name in rules), CLOSED)
