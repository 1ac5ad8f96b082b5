"""Who stands behind each account, and how open the bundle is that the gates have: for test_two_people.py."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import product

from audit_log.change_log import Entry
from change_control.desk import Desk
from change_control.proposals import approve, propose_policy
from filter_lists.names import parse_url
from filter_policy.bundle import Bundle, current_bundle, read_bundle
from filter_policy.bundle_proof import prove, public_key
from filter_policy.decide import decide
from filter_policy.model import Request, Verdict
from tests.builders import NOON, POLICY
from tests.change_control.school import LISTED, lists, the

APPROVING = frozenset({"technician", "coordinator", "headteacher"})
URLS = tuple(parse_url(f"https://{host}/") for host in (*LISTED, "unlisted.test", "www.gov.uk"))
INSTANTS = (
    NOON + timedelta(minutes=10),  # lunch
    NOON + timedelta(minutes=90),  # a lesson, and most of what is asked for
    NOON + timedelta(hours=8),
    NOON + timedelta(days=60),  # out of term, and long after every end
)
Cell = tuple[str, str, datetime]  # person, site, instant


def what_runs(desk: Desk) -> Bundle:
    """As a gate takes it: with its proof."""
    name, key = current_bundle(desk.state) or "", public_key(desk.state)
    assert key is not None
    bundle = read_bundle(desk.state, name)
    assert prove(desk.state, name, bundle, key).narrows is None
    return bundle


def open_cells(bundle: Bundle) -> frozenset[Cell]:
    """Who may see what, and when. Whether somebody has chosen a password yet is not asked."""
    return frozenset(_open(bundle))


def _open(bundle: Bundle) -> Iterator[Cell]:
    everybody = [replace(each.person, password_ends_at=None) for each in bundle.accounts.values()]
    for person, url, now in product(everybody, URLS, INSTANTS):
        listings = tuple(lists().lookup(url))
        if decide(Request(person, url, listings), bundle.policy, now).verdict is Verdict.ALLOW:
            yield person.id, url.host, now


def powerful(bundle: Bundle) -> frozenset[str]:
    """Who has the power to approve, and may use it at some time."""
    return frozenset(
        each.person.id
        for each in bundle.accounts.values()
        if each.person.role in APPROVING
        and each.person.agreement_signed
        and each.person.ends_at is None
        and each.person.suspended_from is None
    )


@dataclass
class Humans:
    """Each account is somebody's: whom it was made for. The model knows what no program can."""

    behind: dict[str, str] = field(default_factory=dict)  # by the id of the account
    halves: dict[str, set[str]] = field(default_factory=dict)  # of enrolment codes: who was told which
    envelopes: dict[str, list[str]] = field(default_factory=dict)  # the halves of each, by proposal
    proposed: dict[str, Entry] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)  # proposals that the envelope stood in for

    def read(self, lines: Iterable[Entry]) -> list[Entry]:
        """The lines of these that two humans, or the envelope, stand behind. No other approves anything."""
        lines = list(lines)
        self.used |= {
            str(line.detail["proposal"])
            for line in lines
            if line.event == "break-glass:use" and line.detail.get("for") == "approve"
        }
        return [line for line in lines if self._has_two(line)]

    def _has_two(self, line: Entry) -> bool:
        kind, _, verb = line.event.partition(":")
        if verb == "propose":
            self.proposed[line.object_id] = line
        if verb != "approve":
            return False
        asked = self.proposed[line.object_id]
        assert asked.event == f"{kind}:propose"
        assert line.detail["proposed_by"] == asked.actor
        if line.actor == "break-glass":
            assert line.object_id in self.used
            return True
        assert self.behind[line.actor] != self.behind[asked.actor], line.event
        return True


def nothing_opened_by_one(
    before: Bundle, after: Bundle, by_two: list[Entry], accounts: Mapping[str, str]
) -> None:
    """Whatever is open now and was not has a line that two humans stand behind."""
    more = open_cells(after) - open_cells(before)
    assert not more or by_two, sorted(more)[:3]
    risen = powerful(after) - powerful(before)
    kinds = {line.event for line in by_two}
    assert not risen or "people:approve" in kinds, {accounts.get(one, one) for one in risen}


def agree_on_the_policy(desk: Desk) -> None:
    """That of the founding was one person's; with it, nothing is a tightening yet."""
    asked = propose_policy(desk, the(desk, "terry"), POLICY, "as it stands", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "", NOON)
