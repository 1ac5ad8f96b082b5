"""Feeds change, people and the clock do what they like: no list opens past what two people agreed on.

What is in force is worked out again from the sealed lines alone, and what each step opened from the sites
themselves: a second hand, which knows neither `diff` nor the tolerance's own sums.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from structlog.testing import capture_logs

from audit_log.change_log import Entry
from audit_log.db import reading
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.list_generations import past_lists, remove_old_generations
from change_control.list_updates import take_update, update_order
from change_control.lists import propose_held
from change_control.policies import sha256_of
from change_control.proposals import approve, decline, lapse_due, withdraw
from change_control.publish import publish_if_needed
from filter_lists.generations import FOLDER
from filter_lists.orders import Order, Outcome
from filter_policy.bundle import current_bundle, read_bundle
from tests.builders import NOON
from tests.change_control.listed import LISTS, Contents, copy_of_listed, some, uncached
from tests.change_control.machine import play
from tests.change_control.school import is_whole, log_of, the
from tests.change_control.test_machine import that_cannot_seal

EXAMPLES = max(12, int(os.environ.get("SCHOOLGATE_TORTURE_ROUNDS", "0")))
PEOPLE = st.sampled_from(("terry", "hedy", "cora", "terry", "hedy", "cora", "terry", "tess"))
TENTH = Fraction(10, 100)
OFFERED = {
    LISTS: TENTH,
    LISTS.replace("loses: 10%", "loses: 30%"): Fraction(30, 100),
    LISTS.replace("category: pornography", "category: gambling"): TENTH,  # nobody may have this
    LISTS.replace("abuse.txt", "learn.txt"): TENTH,
}
LOSES = {sha256_of(text): loses for text, loses in OFFERED.items()}
LISTED = st.sampled_from(("bets", "bets", "bets", "learn", "abuse", "porn"))
TEXTS = st.sampled_from(tuple(OFFERED))
OPENS: Mapping[str, Callable[[frozenset[str], frozenset[str]], int]] = {
    "bets": lambda was, now: len(was - now),  # shut to everybody: what goes opens
    "learn": lambda was, now: len(now - was),  # open to the youngest too: what comes opens
}
FEWER: Mapping[str, Callable[[frozenset[str], frozenset[str]], int]] = {
    "bets": lambda was, now: len(was) - len(now),
    "learn": lambda was, now: len(now) - len(was),
}
IN_FORCE = ("lists:update", "lists:approve", "lists:confirm", "lists:rollback")
Sites = Mapping[str, frozenset[str]]


class Feeds(RuleBasedStateMachine):
    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="lists-"))
        self.school = copy_of_listed(self.template, self.folder / "school")
        self.now = NOON
        self.feed = {"abuse": (0, 4), "porn": (0, 10), "bets": (0, 100), "learn": (0, 40)}
        self.sites: dict[str, Sites] = {}  # of each generation
        self.feeds: dict[str, Mapping[str, tuple[int, int]]] = {}
        self.built: list[tuple[Order, Outcome]] = []
        self.proposals: list[str] = []
        self.build(LISTS)
        publish_if_needed(self.desk)

    def teardown(self) -> None:
        assert is_whole(self.desk)
        self.desk.engine.dispose()
        shutil.rmtree(self.folder)

    @property
    def desk(self) -> Desk:
        return self.school.desk

    @rule(list_id=LISTED, gone=st.integers(0, 3), come=st.integers(0, 3))
    def a_feed_changes_and_the_clock_updates(self, list_id: str, gone: int, come: int) -> None:
        self.changes(list_id, gone, come)
        self.the_clock_updates(taken=True)

    @rule(
        list_id=LISTED,
        gone=st.integers(0, 60),
        come=st.integers(0, 80),
        who=PEOPLE,
        another=PEOPLE,
        verb=st.sampled_from((approve, decline)),
        taken_up=st.booleans(),
        mended=st.booleans(),
    )
    def a_feed_breaks(  # noqa: PLR0917  # one for each that is drawn
        self,
        list_id: str,
        gone: int,
        come: int,
        who: str,
        another: str,
        verb: Callable[..., Any],
        taken_up: bool,
        mended: bool,
    ) -> None:
        """Somebody looks at what waits, and perhaps another; or it is mended by itself."""
        self.changes(list_id, gone, come)
        self.the_clock_updates(taken=True)
        if taken_up and self.proposals:
            self.what_waits_is_taken_up(who)
        if self.proposals:
            self.somebody_answers(another, -1, verb)
        if mended:
            self.the_feeds_are_mended()

    def changes(self, list_id: str, gone: int, come: int) -> None:
        first, last = self.feed[list_id]
        self.feed[list_id] = (min(first + gone, last + come - 1), last + come)

    @rule()
    def the_feeds_are_mended(self) -> None:
        self.feed = dict(self.feeds[self.school.agreed.generation])

    @rule(taken=st.booleans())
    def the_clock_updates(self, taken: bool) -> None:
        order = update_order(self.desk, (), self.now)
        self.built.append((order, self.build(order.text)))
        if taken:
            self.an_update_is_taken(-1)

    @precondition(lambda self: self.built)
    @rule(which=st.integers(-3, -1))
    def an_update_is_taken(self, which: int) -> None:
        """The last one, or one from before others came into force."""
        order, outcome = self.built[max(which, -len(self.built))]
        taken = self.tries(partial(take_update, self.desk, outcome, self.now, order=order))
        if taken and taken.id:
            self.proposals.append(taken.id)

    @rule(who=PEOPLE, text=TEXTS, another=PEOPLE, verb=st.sampled_from((approve, approve, decline, None)))
    def lists_are_proposed(self, who: str, text: str, another: str, verb: Callable[..., Any] | None) -> None:
        made = self.tries(partial(self.school.proposes, who, self.contents(), text))
        if made:
            self.remember(made.generation)
            self.proposals.append(made.id)
            if verb is not None:
                self.somebody_answers(another, -1, verb)

    @precondition(lambda self: self.proposals)
    @rule(who=PEOPLE, which=st.integers(-4, -1), verb=st.sampled_from((approve, approve, decline, withdraw)))
    def somebody_answers(self, who: str, which: int, verb: Callable[..., Any]) -> None:
        asked = self.proposals[max(which, -len(self.proposals))]
        self.tries(partial(verb, self.desk, the(self.desk, who), asked, "because", self.now))

    @precondition(lambda self: self.proposals)
    @rule(who=PEOPLE)
    def what_waits_is_taken_up(self, who: str) -> None:
        held = self.proposals[-1]
        made = self.tries(partial(propose_held, self.desk, the(self.desk, who), held, "why", self.now))
        if made:
            self.proposals.append(made.id)

    @rule(who=PEOPLE, steps=st.integers(0, 3))
    def somebody_goes_back(self, who: str, steps: int) -> None:
        with reading(self.desk.engine) as conn:
            past = [each.generation for each in past_lists(conn, 4)]
        if steps < len(past) and (self.desk.state / FOLDER / past[steps]).is_dir():
            made = self.tries(partial(self.school.goes_back, who, past[steps]))
            if made:
                self.proposals.append(made.id)

    @rule(hours=st.sampled_from((0, 0, 0, 1, 100)))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(minutes=7, hours=hours)
        with capture_logs():
            lapse_due(self.desk, self.now)

    @rule()
    def old_generations_go(self) -> None:
        for path in (self.desk.state / FOLDER).iterdir():
            os.utime(path, (NOON.timestamp() - 7200, NOON.timestamp() - 7200))
        remove_old_generations(self.desk, self.now)

    @rule()
    def the_program_starts_anew(self) -> None:
        self.school = uncached(self.school)
        publish_if_needed(self.desk)

    @rule()
    def sealing_fails(self) -> None:
        """Whatever was about to come into force has not."""
        order = update_order(self.desk, (), self.now)
        outcome, before = self.build(order.text), (self.school.agreed, len(log_of(self.desk)))
        keyless = that_cannot_seal(self.desk)
        with capture_logs(), suppress(OSError):
            take_update(keyless, outcome, self.now, order=order)
        assert (self.school.agreed, len(log_of(self.desk))) == before

    def contents(self) -> Contents:
        return {list_id: some(list_id.rstrip("s"), *range(*span)) for list_id, span in self.feed.items()}

    def build(self, text: str) -> Outcome:
        outcome = self.school.build(self.contents(), text)
        self.remember(outcome.generation)
        return outcome

    def remember(self, generation: str | None) -> None:
        sites = {list_id: frozenset(entries) for list_id, entries in self.contents().items()}
        self.feeds.setdefault(generation or "", dict(self.feed))
        self.sites.setdefault(generation or "", sites)

    def tries(self, verb: Callable[[], Any]) -> Any:
        """Either it is done, with a line more, or nothing of it is."""
        before, lines = self.school.agreed, len(log_of(self.desk))
        with capture_logs():
            try:
                done = verb()
            except ChangeError:
                done = None
        moved = self.school.agreed != before
        assert len(log_of(self.desk)) - lines in ((1,) if moved else (0, 1))
        return done

    @invariant()
    def what_is_in_force_is_what_the_lines_say_and_can_be_opened(self) -> None:
        agreed = self.school.agreed
        in_force = [line for line in log_of(self.desk) if line.event in IN_FORCE]
        if in_force:
            assert in_force[-1].object_id == agreed.id
            assert in_force[-1].detail["generation"] == agreed.generation
        bundle = read_bundle(self.desk.state, current_bundle(self.desk.state) or "")
        assert bundle.lists == agreed.generation
        assert "child-sexual-abuse" in self.school.index().categories

    @invariant()
    def nothing_was_opened_past_what_two_people_agreed_on(self) -> None:
        lines = log_of(self.desk)
        asked_by = {line.object_id: line.actor for line in lines if line.event == "lists:propose"}
        told = Told(self.sites, lines[0].detail["found_lists"])
        for line in lines:
            if line.event not in IN_FORCE:
                continue
            sites = self.sites[line.detail["generation"]]
            if line.event == "lists:approve":
                assert line.actor != asked_by[line.object_id] == line.detail["proposed_by"] != "system"
                told = Told(self.sites, line.detail)
            else:
                told.takes_in(sites, line)
            assert sites["abuse"]


class Told:
    """Since two people agreed: what was there, and what is."""

    def __init__(self, known: Mapping[str, Sites], sealed: Mapping[str, Any]) -> None:
        self.at_agreement = self.sites = known[sealed["generation"]]
        self.loses = LOSES[sealed["config_sha256"]]

    def takes_in(self, sites: Sites, line: Entry) -> None:
        for list_id, opens in OPENS.items():
            was = self.sites[list_id]
            opened = opens(was, sites[list_id])
            assert opened <= self.loses * len(was), line.event
            first, now = self.at_agreement[list_id], sites[list_id]
            fewer, before = FEWER[list_id](first, now), FEWER[list_id](first, was)
            assert fewer <= before or fewer <= max(TENTH, self.loses) * len(first), line.event
        self.sites = sites


@pytest.mark.timeout(3600)
def test_whatever_feeds_and_people_do_nothing_opens_past_what_two_agreed_on(listed_school: Path) -> None:
    Feeds.template = listed_school
    play(Feeds, examples=EXAMPLES, steps=40)
