"""The whole protocol against people who collude: nothing is ever opened by one human being alone.

The model knows which human stands behind each account. After every step the bundle that the gates have, taken
with its proof as they take it, is compared with the one before over a grid of people, sites and instants:
whatever became more open has two different humans in its sealed lines, or the envelope that all hear of.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from structlog.testing import capture_logs

from audit_log.db import reading
from audit_log.people import person_by_id, person_by_username
from change_control.break_glass import HALF
from change_control.desk import Actor
from change_control.enrolment import enrol
from change_control.envelope import approve_with, propose_envelope
from change_control.errors import ChangeError
from change_control.in_force import policy_in_force
from change_control.proposals import (
    approve,
    decline,
    propose_people,
    propose_policy,
    propose_unblock,
    revoke,
    withdraw,
)
from change_control.publish import publish_if_needed
from change_control.reviews import open_reviews, sign
from change_control.tightening import end_person, suspend
from filter_policy.bundle import Bundle
from tests.builders import NOON
from tests.change_control.humans import Humans, agree_on_the_policy, nothing_opened_by_one, what_runs
from tests.change_control.machine import InASchool, play
from tests.change_control.school import (
    an_ask,
    is_whole,
    log_of,
    somebody,
    the,
)

EXAMPLES = max(10, int(os.environ.get("SCHOOLGATE_TORTURE_ROUNDS", "0")))
MALLORY = "cora"  # may approve, and does what she can
THERE = ("terry", "hedy", MALLORY, "tess", "gail", "anna", "gus")
NEW = ("norma", "nick")
EVERYBODY = (*THERE, *NEW)
ABLE = ("terry", "hedy", MALLORY)
WHO = st.sampled_from((*ABLE, *ABLE, *ABLE, *THERE, *NEW))
SELDOM = st.sampled_from((True, *[False] * 5))
SITES = st.sampled_from(("racism-history.test", "bet.test", "unlisted.test", "porn.test", "abuse.test"))
WORDS = (  # of the policy: what stands there, and what else could
    ("{source: A363, everyone: not_allowed}", "{source: A363, everyone: allowed}"),
    ("{source: A352, everyone: not_allowed}", "{source: A352, everyone: not_allowed, pupils: allowed}"),
    ("everyone: not_allowed, locked: true}", "everyone: not_allowed}"),
    (
        "upper-ks2:     {role: pupil, unlisted: allowed,",
        "upper-ks2:     {role: pupil, unlisted: not_allowed,",
    ),
    (
        "guests:        {role: guest, unlisted: allowed,",
        "guests:        {role: guest, unlisted: not_allowed,",
    ),
    ("allow: [www.gov.uk, bbc.example/bitesize]", "allow: [www.gov.uk, bet.test]"),
)
CHANGES: tuple[dict[str, Any], ...] = (
    {"role": "headteacher"}, {"role": "technician"}, {"role": "staff"}, {"role": "governor"},
    {"filter_groups": ["staff"]}, {"filter_groups": ["upper-ks2"]}, {"filter_groups": ["guests"]},
    {"filter_groups": []}, {"agreement_signed": True}, {"agreement_signed": False}, {"suspended": False},
    {"ends_at": None}, {"ends_at": (NOON + timedelta(days=1)).isoformat()}, {"new_code": True},
    {"classes": ["6B"]}, {"classes": []}, {"username": "cora2"},
)  # fmt: skip
VERBS: tuple[Callable[..., Any], ...] = (approve, approve, approve, approve, decline, withdraw, revoke)
ANSWERS = st.lists(st.tuples(WHO, st.sampled_from(VERBS)), max_size=3)
Answers = list[tuple[str, Callable[..., Any]]]
A_PASSWORD = "nine-quiet-herons"


class School(InASchool):
    def __init__(self) -> None:
        super().__init__()
        self.proposals: list[str] = []
        publish_if_needed(self.desk)
        agree_on_the_policy(self.desk)
        self.humans = Humans({somebody(self.desk, name).id: name for name in (*THERE, "ben")})
        self.names = {name: somebody(self.desk, name).id for name in THERE}  # their accounts, by human
        self.sessions = {name: the(self.desk, name) for name in THERE}
        self.lines = 0
        self.humans.read(self.new_lines())
        self.runs: Bundle = what_runs(self.desk)

    # -- what people do; each with the session they have, however old it is

    @rule(minutes=st.integers(1, 3), who=st.lists(WHO, max_size=4))
    def time_passes_and_some_sign_in_again(self, minutes: int, who: list[str]) -> None:
        self.now += timedelta(minutes=minutes)
        for name in who:
            if name in self.names:
                self.sessions[name] = self.as_registered(name)

    @rule(
        who=WHO,
        site=SITES,
        whom=st.sampled_from(({"classes": ["6B"]}, {"filter_groups": ["guests"]})),
        answers=ANSWERS,
    )
    def asks_for_a_site(self, who: str, site: str, whom: dict[str, Any], answers: Answers) -> None:
        raw = an_ask(site, **{"for": whom})
        self.proposes(who, lambda actor: propose_unblock(self.desk, actor, raw, self.now), answers)

    @rule(
        who=WHO,
        words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=2),
        back=st.booleans(),
        answers=ANSWERS,
    )
    def changes_the_policy(
        self, who: str, words: list[tuple[str, str]], back: bool, answers: Answers
    ) -> None:
        with reading(self.desk.engine) as conn:
            text = policy_in_force(conn).text
        for one, other in words:
            text = text.replace(other, one) if back else text.replace(one, other)
        self.proposes(who, lambda actor: propose_policy(self.desk, actor, text, "why", self.now), answers)

    @rule(
        who=WHO,
        whom=st.sampled_from(THERE),
        changes=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=2),
        answers=ANSWERS,
    )
    def changes_somebody(self, who: str, whom: str, changes: list[dict[str, Any]], answers: Answers) -> None:
        row = {"id": self.names[whom]}
        for change in changes:
            row |= change
        self.proposes(who, lambda actor: propose_people(self.desk, actor, [row], "why", self.now), answers)

    @rule(
        who=WHO,
        new=st.sampled_from(NEW),
        role=st.sampled_from(("technician", "staff", "guest")),
        answers=ANSWERS,
    )
    def wants_somebody_new(self, who: str, new: str, role: str, answers: Answers) -> None:
        """An account for another human being; nobody agrees to a second one of their own."""
        row = {"username": new, "name": new.title(), "role": role, "filter_groups": ["staff"]}
        self.proposes(who, lambda actor: propose_people(self.desk, actor, [row], "why", self.now), answers)

    @rule(who=WHO, answers=ANSWERS)
    def wants_an_envelope(self, who: str, answers: Answers) -> None:
        self.proposes(
            who, lambda actor: propose_envelope(self.desk, actor, "for the safe", self.now), answers
        )

    @precondition(lambda self: self.proposals)
    @rule(
        who=WHO, verb=st.sampled_from((approve, approve, approve, decline, withdraw, revoke)), data=st.data()
    )
    def settles(self, who: str, verb: Callable[..., Any], data: st.DataObject) -> None:
        proposal_id = data.draw(st.sampled_from(self.proposals[-5:]))
        done = self.tries(who, lambda actor: verb(self.desk, actor, proposal_id, "because", self.now))
        if done is not None:
            self.told(who, done)

    @rule(who=WHO, whom=st.sampled_from(THERE), ends=st.booleans())
    def shuts_somebody_out(self, who: str, whom: str, ends: bool) -> None:
        def shut(actor: Actor) -> Any:
            if ends:
                return end_person(self.desk, actor, self.names[whom], "because", self.now)
            return suspend(self.desk, actor, self.names[whom], None, "because", self.now)

        self.tries(who, shut)

    @rule(who=WHO, agrees=st.booleans())
    def signs_a_review(self, who: str, agrees: bool) -> None:
        with reading(self.desk.engine) as conn:
            found = open_reviews(conn)
        if found:
            self.tries(who, lambda actor: sign(self.desk, actor, found[-1].id, agrees, "seen", self.now))

    @precondition(lambda self: self.proposals)
    @rule(who=WHO, data=st.data())
    def takes_the_envelope(self, who: str, data: st.DataObject) -> None:
        """Whoever comes to the safe reads both halves; Mallory alone knows at most one of any."""
        asked = data.draw(st.sampled_from(self.proposals[-5:]))
        made = [" ".join(halves) for halves in self.humans.envelopes.values()] or ["0" * 26]
        self.tries(who, lambda actor: approve_with(self.desk, actor, asked, made[-1], "alone", self.now))

    @rule()
    def mallory_tries_every_half_that_she_was_told(self) -> None:
        halves = sorted(half for half, told in self.humans.halves.items() if told == {MALLORY})
        tried = [*halves[-3:], *("".join(pair) for pair in permutations(halves[-3:], 2))]
        for code in tried:
            with pytest.raises(ChangeError):
                enrol(self.desk, code, A_PASSWORD, self.now)

    # -- how it is told

    def proposes(self, who: str, verb: Callable[[Actor], Any], answers: Answers) -> None:
        made = self.tries(who, verb)
        if made is not None:
            self.proposals.append(made.id)
            self.told(who, made)
            self.holds()
            self.answers(made.id, answers)

    def answers(self, proposal_id: str, answers: Answers) -> None:
        for who, verb in answers:
            done = self.tries(who, partial(self.answer, verb, proposal_id))
            if done is not None:
                self.told(who, done)
                self.holds()

    def answer(self, verb: Callable[..., Any], proposal_id: str, actor: Actor) -> Any:
        return verb(self.desk, actor, proposal_id, "because", self.now)

    def tries(self, who: str, verb: Callable[[Actor], Any]) -> Any:
        if who not in self.sessions:
            return None
        try:
            with capture_logs() as alarms:
                done = verb(self.sessions[who])
        except ChangeError:
            return None
        assert not [each for each in alarms if each["log_level"] == "error"], alarms
        return done

    def told(self, who: str, made: Any) -> None:
        for name, half in made.handed.items():
            if name == HALF:
                self.humans.envelopes.setdefault(made.id, []).append(half)
            else:
                self.humans.halves.setdefault(half, set()).add(who)
        self.complete_envelopes()
        for new in NEW:
            with reading(self.desk.engine) as conn:
                found = person_by_username(conn, new)
            if found is not None and new not in self.names:
                self.names[new], self.humans.behind[found.id] = found.id, new
                self.sessions[new] = Actor(found.id, found.role)

    def complete_envelopes(self) -> None:
        """One that nobody agreed to lies in no safe."""
        whole = {each: halves for each, halves in self.humans.envelopes.items() if len(halves) == 2}
        waiting = {each: h for each, h in self.humans.envelopes.items() if len(h) == 1}
        self.humans.envelopes = {**waiting, **whole}

    def as_registered(self, name: str) -> Actor:
        with reading(self.desk.engine) as conn:
            found = person_by_id(conn, self.names[name])
        assert found is not None
        return Actor(found.id, found.role)

    def new_lines(self) -> list[Any]:
        lines = log_of(self.desk)[self.lines :]
        self.lines += len(lines)
        return lines

    # -- what must be

    @invariant()
    def nothing_was_opened_by_one_human_being(self) -> None:
        self.holds()

    def holds(self) -> None:
        lines = self.new_lines()
        if not lines:
            return
        by_two = self.humans.read(lines)
        after = what_runs(self.desk)
        nothing_opened_by_one(self.runs, after, by_two, self.humans.behind)
        self.runs = after
        assert is_whole(self.desk)


@pytest.mark.timeout(3600)
def test_no_run_ends_with_something_opened_by_one_human_being(school: Path) -> None:
    School.template = school
    play(School, examples=EXAMPLES, steps=30)
